"""Answers that are none, of every kind: the season is read in the end, in little memory."""

import multiprocessing
import re
import socket
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from local.replay.faults import Fault
from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.scale import times
from tests.faults.seasons import MEETINGS, app_on, check
from tests.support.drain import deliver, letters
from tests.support.product import Dump
from tests.support.work import pass_time, rows

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["tests.faults.seasons", "tests.support.drain", "httpx"])

#: How long a request may take here, in seconds, and a drip that outlasts it.
TIMEOUT, DRIP = times(1, 20), times(3, 30)
MEGABYTES = 256
#: Longer than any pause after a failure.
_PAUSE = 16 * 60

#: What is answered, and the code that the item is given back with; None: it is taken as it is.
BAD: list[tuple[dict[str, object], str | None]] = [
    ({"kind": "status", "status": 500}, "http-500"),
    ({"kind": "status", "status": 502}, "http-502"),
    ({"kind": "upstream_timeout"}, "http-504"),
    ({"kind": "html"}, "not-json"),
    ({"kind": "truncated"}, "connection"),
    ({"kind": "drop"}, "connection"),
    ({"kind": "redirect", "url": "elsewhere"}, "http-302"),
    ({"kind": "redirect", "url": "file:///etc/passwd"}, "http-302"),
    ({"kind": "gzip_bomb", "size": 50_000_000}, "body-too-large"),
    ({"kind": "drip", "seconds": DRIP}, "timeout"),
    ({"kind": "wrong_type", "content_type": "image/png"}, None),
]


def persist(database: str, azurite: str, replay: str, said: Connection) -> None:
    """Read the season however often it takes; tell with which codes items came back, and the
    most memory that this took, in kB."""
    app = app_on(database, azurite, replay, timeout=TIMEOUT, login=True)
    codes = []
    while waiting := letters(app):
        task, message = waiting[0]
        deliver(app, task, message)
        [one] = rows(app, "SELECT * FROM ingest.items WHERE item = %s", message.item)
        if one["state"] != "done":
            codes.append((message.key, one["error_code"], one["attempts"]))
        pass_time(app, _PAUSE)
    app.close()
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    said.send((codes, int(peak[1]) if peak else None))


def spoil(replay: ReplayServer, endpoint: str, meetings: tuple[int, ...], elsewhere: str) -> None:
    """Let each bad answer meet one request, those of the meetings in turn."""
    for place, (kind, _) in enumerate(BAD):
        meeting = meetings[place % len(meetings)]
        kind = {**kind, "match": f"/v1/{endpoint}?={meeting}"}
        if kind.get("url") == "elsewhere":
            kind["url"] = elsewhere
        replay.faults.add(Fault.model_validate(kind))


@pytest.mark.parametrize("endpoint", ["sessions", "drivers", "session_result"])
def test_whatever_comes_for_an_answer_the_season_is_read_in_the_end(
    endpoint: str, fresh: Fresh, azurite: str, replay: ReplayServer, truth: Dump
) -> None:
    """Each costs an attempt of its item and says why; nobody is led elsewhere; no memory grows."""
    with fresh() as database, socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        spoil(replay, endpoint, MEETINGS, f"http://127.0.0.1:{elsewhere.getsockname()[1]}/v1/")
        heard, said = _WARM.Pipe(duplex=False)
        worker = _WARM.Process(target=persist, args=(database, azurite, replay.url, said))
        worker.start()
        said.close()
        codes, peak = heard.recv()
        worker.join(30)
        assert worker.exitcode == 0
        assert replay.faults.active() == []
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
        expected = sorted(code for _, code in BAD if code)
        assert sorted(code for _, code, _ in codes) == expected
        assert max(attempts for _, _, attempts in codes) <= len(BAD) // len(MEETINGS) + 1
        assert peak is not None
        assert peak < MEGABYTES * 1024
        app = app_on(database, azurite, replay)
        check(app, database, truth)
        app.close()
