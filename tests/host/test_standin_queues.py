"""The life of a message under the stand-in, on real storage queues."""

import base64
import json
import re
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from tests.host.processes import HostProcess, Wire, eventually

QUICK = {"maxPollingInterval": "00:00:00.200", "visibilityTimeout": "00:00:00"}
SERIAL = {**QUICK, "batchSize": 1, "newBatchThreshold": 0}
NO_BURIAL = {"AzureWebJobs.bury.Disabled": "true"}

StartHost = Callable[..., HostProcess]


class Queue:
    """A queue of the test's own and the poison queue beside it."""

    def __init__(self, storage: str) -> None:
        self.name = f"standin-{uuid4().hex[:12]}"
        self.settings = {"TEST_QUEUE": self.name}
        self._storage = storage
        self._client = self.beside("")
        self._raw = QueueClient.from_connection_string(storage, self.name)
        self._poison = QueueClient.from_connection_string(storage, f"{self.name}-poison")
        self._client.create_queue()

    def send(self, name: str, **told: Any) -> None:
        """Tell the sample function what to do with this message."""
        self._client.send_message(json.dumps({"name": name, **told}))

    def send_raw(self, text: str) -> None:
        """Send a text as it is."""
        self._raw.send_message(text)

    @property
    def length(self) -> int:
        """Messages in the queue, those under lease included."""
        return self._raw.get_queue_properties().approximate_message_count or 0

    def poison(self, wanted: Callable[[str], bool] = bool) -> list[str]:
        """The wanted texts in the poison queue, as they are stored, as soon as there is one."""

        def texts() -> list[str]:
            try:
                found = self._poison.peek_messages(max_messages=32)
                return [message.content for message in found if wanted(message.content)]
            except ResourceNotFoundError:
                return []

        return eventually(texts)

    def beside(self, suffix: str) -> QueueClient:
        """The queue of the same name with a suffix, in the host's encoding."""
        encoding = TextBase64EncodePolicy()
        return QueueClient.from_connection_string(
            self._storage, f"{self.name}{suffix}", message_encode_policy=encoding
        )

    def delete(self) -> None:
        """Delete the queue itself."""
        self._raw.delete_queue()

    def exists(self) -> bool:
        """Whether the queue is there."""
        try:
            self._raw.get_queue_properties()
        except ResourceNotFoundError:
            return False
        return True

    def close(self) -> None:
        """Close the connections."""
        for client in (self._client, self._raw, self._poison):
            client.close()


@pytest.fixture
def queue(azurite: str) -> Iterator[Queue]:
    """A queue of the test's own."""
    queue = Queue(azurite)
    yield queue
    queue.close()


@pytest.fixture(scope="module")
def shared_queue(azurite: str) -> Iterator[Queue]:
    """The queue of the shared host."""
    queue = Queue(azurite)
    yield queue
    queue.close()


@pytest.fixture(scope="module")
def shared_host(start_shared_host: StartHost, shared_queue: Queue) -> HostProcess:
    """A host that gives each message two deliveries and leaves the poison queue to the test."""
    timing = {**QUICK, "maxDequeueCount": 2}
    settings = {**shared_queue.settings, **NO_BURIAL}
    return start_shared_host("queues", queues=timing, settings=settings).listening()


def facts(match: re.Match[str]) -> dict[str, Any]:
    """What the sample function logged about its message."""
    found: dict[str, Any] = json.loads(match[1])
    return found


def when(match: re.Match[str]) -> datetime:
    """The moment a line was logged."""
    return datetime.strptime(match.string[:23], "%Y-%m-%d %H:%M:%S,%f")  # noqa: DTZ007 - two moments of one clock are compared


def named(name: str) -> Callable[[str], bool]:
    """Whether a stored text is the message of this name."""
    start = base64.b64encode(f'{{"name": "{name}"'.encode()).decode()[:-4]
    return lambda text: text.startswith(start)


def test_a_message_is_processed_once_and_deleted(
    shared_host: HostProcess, shared_queue: Queue
) -> None:
    """Success deletes; the function sees what Storage knows of its message."""
    shared_queue.send("one")
    seen = facts(shared_host.line('sample: end (.*"one".*)$'))
    assert seen["count"] == 1
    assert all(seen[field] for field in ("id", "receipt"))
    assert seen["inserted"] < seen["visible"] < seen["expires"]
    eventually(lambda: shared_queue.length == 0)
    assert sum('begin {"name": "one"' in line for line in shared_host.lines) == 1


def test_coroutine_functions_have_listeners_too(
    shared_host: HostProcess, shared_queue: Queue
) -> None:
    """An async def is awaited, on a queue that the host created."""
    with shared_queue.beside("-async") as other:
        other.send_message(json.dumps({"name": "async"}))
    shared_host.line('sample: end .*"async"')


def test_the_last_failure_moves_the_body_to_the_poison_queue(
    shared_host: HostProcess, shared_queue: Queue
) -> None:
    """After maxDequeueCount deliveries, with the text exactly as it was stored."""
    shared_queue.send("hopeless", do="fail")
    (text,) = shared_queue.poison(named("hopeless"))
    assert json.loads(base64.b64decode(text)) == {"name": "hopeless", "do": "fail"}
    eventually(lambda: shared_queue.length == 0)
    assert sum('begin {"name": "hopeless"' in line for line in shared_host.lines) == 2
    failed = shared_host.line("ERROR .*work failed")
    assert "RuntimeError" in failed.string, "a traceback is folded into its line"


def test_a_queue_function_that_returns_something_has_failed(
    shared_host: HostProcess, shared_queue: Queue
) -> None:
    """The work was done, and still the message is retried, as in Azure."""
    shared_queue.send("returning", do="return")
    assert shared_queue.poison(named("returning"))
    shared_host.line("returned str, has no return binding")


@pytest.mark.parametrize("way", ["exit", "stop"])
def test_a_function_can_not_take_the_host_with_it(
    shared_host: HostProcess, shared_queue: Queue, way: str
) -> None:
    """SystemExit and StopIteration are failures like any other."""
    shared_queue.send(f"by {way}", do=way)
    assert shared_queue.poison(named(f"by {way}"))
    shared_queue.send(f"after {way}")
    shared_host.line(f'sample: end .*"after {way}"')


@pytest.mark.parametrize("text", ["not base64 {}", base64.b64encode(b"\xff\xfe").decode()])
def test_an_unreadable_body_goes_to_poison_at_once(
    shared_host: HostProcess, shared_queue: Queue, text: str
) -> None:
    """What is neither base64 nor UTF-8 never reaches the function, and is kept as it came."""
    shared_queue.send_raw(text)
    assert shared_queue.poison(text.__eq__) == [text]
    eventually(lambda: shared_queue.length == 0)
    shared_host.line("not base64 of UTF-8.*$")


def test_a_function_may_move_its_own_message(start_host: StartHost, queue: Queue) -> None:
    """The receipt the host holds is stale then: neither its renewal nor its delete counts."""
    queue.send("moved", do="move", seconds=2)
    host = start_host("queues", queues=QUICK, settings=queue.settings, lease_seconds=1)
    first = host.line("sample: begin (.*)$")
    second = host.line("sample: begin (.*)$", nth=2)
    assert facts(second)["count"] == 2
    assert (when(second) - when(first)).total_seconds() > 1.9
    assert not any(" ERROR " in line or "not renewed" in line for line in host.lines)


def test_a_batch_runs_side_by_side(shared_host: HostProcess, shared_queue: Queue) -> None:
    """Two messages are in work at once."""
    for number in range(2):
        shared_queue.send(f"beside {number}", do="last", seconds=1)
    shared_host.line('sample: end .*"beside', nth=2)
    lines = [line for line in shared_host.lines if '"beside' in line]
    order = [word for line in lines for word in re.findall(r"sample: (begin|end)", line)]
    assert order == ["begin", "begin", "end", "end"]


def test_a_failure_is_tried_again_after_the_visibility_timeout(
    start_host: StartHost, queue: Queue
) -> None:
    """The wait is host.json's, and the delivery counts."""
    queue.send("again", do="fail")
    settings = {**queue.settings, **NO_BURIAL}
    timing = {**QUICK, "visibilityTimeout": "00:00:01", "maxDequeueCount": 3}
    host = start_host("queues", queues=timing, settings=settings)
    first, second = host.line("sample: begin (.*)$"), host.line("sample: begin (.*)$", nth=2)
    assert [facts(first)["count"], facts(second)["count"]] == [1, 2]
    assert 0.9 < (when(second) - when(first)).total_seconds() < 4


def test_a_failing_poison_function_waits_for_its_lease(start_host: StartHost, queue: Queue) -> None:
    """A poison queue has no poison queue: the message stays, and comes back later."""
    queue.send("twice", do="fail", poison="fail")
    timing = {**QUICK, "maxDequeueCount": 1}
    host = start_host("queues", queues=timing, settings=queue.settings, lease_seconds=1)
    first, second = host.line("sample: buried (.*)$"), host.line("sample: buried (.*)$", nth=2)
    assert facts(second)["count"] == 2
    assert (when(second) - when(first)).total_seconds() > 0.9
    assert not any("-poison-poison" in line for line in host.lines)


def test_batch_size_one_is_serial(start_host: StartHost, queue: Queue) -> None:
    """With a threshold of 0 no message begins before the one before it ended."""
    for number in range(4):
        queue.send(str(number), do="last", seconds=0.15)
    host = start_host("queues", queues=SERIAL, settings=queue.settings)
    host.line("sample: end ", nth=4)
    order = [word for line in host.lines for word in re.findall(r"sample: (begin|end)", line)]
    assert order == ["begin", "end"] * 4


def test_a_lease_is_renewed_while_the_function_runs(start_host: StartHost, queue: Queue) -> None:
    """A function may take longer than the lease and is not started twice."""
    queue.send("long", do="last", seconds=2.6)
    host = start_host("queues", queues=QUICK, settings=queue.settings, lease_seconds=1)
    host.line("sample: end ")
    eventually(lambda: queue.length == 0)
    assert host.stop() == 0
    assert sum("sample: begin" in line for line in host.lines) == 1


def test_a_crash_leaves_the_message_to_its_lease(start_host: StartHost, queue: Queue) -> None:
    """After kill -9 it comes back when the lease ends, one delivery older."""
    queue.send("survivor", do="block once")
    start = {"queues": QUICK, "settings": queue.settings, "lease_seconds": 2}
    first = start_host("queues", **start)
    first.line("sample: begin ")
    first.kill()
    assert queue.length == 1
    assert facts(start_host("queues", **start).line("sample: end (.*)$"))["count"] == 2


def test_a_message_that_keeps_crashing_the_host_ends_in_poison(
    start_host: StartHost, queue: Queue
) -> None:
    """A delivery beyond maxDequeueCount is not given to the function any more."""
    queue.send("killer", do="block once")
    start = {
        "queues": {**QUICK, "maxDequeueCount": 1},
        "settings": {**queue.settings, **NO_BURIAL},
        "lease_seconds": 1,
    }
    first = start_host("queues", **start)
    first.line("sample: begin ")
    first.kill()
    second = start_host("queues", **start)
    assert len(queue.poison()) == 1
    assert not any("sample: begin" in line for line in second.lines)


def test_a_disabled_function_has_no_listener(start_host: StartHost, queue: Queue) -> None:
    """AzureWebJobs.<name>.Disabled leaves its messages alone, and only its."""
    queue.send("ignored")
    settings = {**queue.settings, "AzureWebJobs.work.Disabled": "1"}
    host = start_host("queues", queues=QUICK, settings=settings)
    host.line(r"work: .*\(disabled\)")
    with queue.beside("-async") as other:
        other.send_message(json.dumps({"name": "seen"}))
        assert facts(host.line("sample: end (.*)$"))["name"] == "seen"
    assert host.stop() == 0
    assert queue.length == 1
    assert not any("ignored" in line for line in host.lines)


def test_a_stop_lets_work_end_and_exits_cleanly(start_host: StartHost, queue: Queue) -> None:
    """SIGTERM: what is in work has a few seconds, its message is deleted, the code is 0."""
    queue.send("ending", do="last", seconds=1)
    host = start_host("queues", queues=QUICK, settings=queue.settings)
    host.line("sample: begin ")
    assert host.stop(signal.SIGTERM) == 0
    host.line("sample: end ")
    assert queue.length == 0


def test_a_stop_does_not_wait_for_ever(start_host: StartHost, queue: Queue) -> None:
    """SIGINT with a function that never ends: code 0 all the same, its message is kept."""
    queue.send("endless", do="block once")
    host = start_host("queues", queues=QUICK, settings=queue.settings)
    host.line("sample: begin ")
    assert host.stop(signal.SIGINT) == 0
    host.line("left to their leases")
    assert queue.length == 1


def test_an_overrun_of_function_timeout_ends_the_host(start_host: StartHost, queue: Queue) -> None:
    """As the worker's restart: everything in work is lost, its messages are not."""
    queue.send("overrun", do="block once")
    limit = {"functionTimeout": "00:00:01"}
    host = start_host("queues", queues=QUICK, host_json=limit, settings=queue.settings)
    assert host.ended() == 1
    host.line("ERROR .*work ran longer than functionTimeout")
    assert queue.length == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"])
def test_the_listener_survives_an_outage_of_storage(
    start_host: StartHost, queue: Queue, azurite: str, answer: bytes
) -> None:
    """It says once that Storage is away, once that it is back, and goes on by itself."""
    match = re.search(r"QueueEndpoint=([^;]+)", azurite)
    assert match is not None
    port = urlsplit(match[1]).port
    assert port is not None
    wire = Wire(port)
    through_wire = azurite.replace(f":{port}/", f":{wire.port}/")
    only_work = {
        "AzureWebJobs.work_async.Disabled": "true",
        **NO_BURIAL,
        **queue.settings,
        "AzureWebJobsStorage": through_wire,
    }
    host = start_host("queues", queues=QUICK, settings=only_work).listening()
    wire.cut(answer)
    host.line("can't be read, trying on")
    queue.send("after the storm")
    wire.mend()
    host.line("can be read again")
    assert facts(host.line("sample: end (.*)$"))["name"] == "after the storm"
    assert sum("can't be read" in line for line in host.lines) == 1
    assert host.stop() == 0
    wire.cut()


def test_a_deleted_queue_is_created_again(start_host: StartHost, queue: Queue) -> None:
    """A storage that lost its queues is not the end of the listener."""
    host = start_host("queues", queues=QUICK, settings=queue.settings).listening()
    queue.delete()
    eventually(queue.exists)
    queue.send("new")
    assert facts(host.line("sample: end (.*)$"))["name"] == "new"
