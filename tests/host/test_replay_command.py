"""`python -m local.replay` and `python -m local.replay.wiki` as programs."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "local.replay"]
WIKI = [sys.executable, "-m", "local.replay.wiki"]


@contextmanager
def running(
    *arguments: str, command: list[str] = COMMAND
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, once it has said where it listens."""
    with subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Listening on http://127.0.0.1:"), line
            yield process, line.removeprefix("Listening on ").strip()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_and_stops_cleanly_when_told(number: signal.Signals) -> None:
    """Exit code 0, nothing else printed, even with a client still connected."""
    with running() as (process, url), httpx.Client(base_url=url) as client:
        assert client.get("/v1/meetings?year=2024").status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_its_limits_and_clock_are_options() -> None:
    """One request a minute, at a tenth of the time, within a session."""
    options = ["--per-minute", "1", "--per-second", "0", "--time-scale", "10"]
    with running(*options, "--now", "2024-03-02T16:00:00Z") as (_, url):
        first, second = httpx.get(f"{url}/v1/meetings"), httpx.get(f"{url}/v1/meetings")
    assert first.status_code == 401
    assert (second.status_code, second.headers["retry-after"]) == (429, "6")


def test_recordings_of_several_years_are_served_as_one(tmp_path: Path) -> None:
    """Each --recording adds its rows."""
    options = []
    for year in (2023, 2024):
        folder = tmp_path / str(year)
        folder.mkdir()
        (folder / "meetings.json").write_text(f'[{{"meeting_key": {year}, "year": {year}}}]')
        (folder / "sessions.json").write_text("[]")
        (folder / "drivers.json").write_text("[]")
        options += ["--recording", str(folder)]
    with running(*options) as (_, url):
        assert [row["year"] for row in httpx.get(f"{url}/v1/meetings").json()] == [2023, 2024]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--recording", "nowhere"], "nowhere: no such folder"),
        (["--recording", "docs"], "meetings.json: the file is missing"),
        (["--time-scale", "0"], "the time scale has to be above 0"),
    ],
)
def test_it_refuses_to_start_with_one_clear_line(arguments: list[str], reason: str) -> None:
    """Non-zero, the reason on stderr, nothing on stdout."""
    process = subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, text=True, capture_output=True, check=False, timeout=30
    )
    assert process.returncode == 1
    assert process.stdout == ""
    assert process.stderr.startswith("replay: ")
    assert reason in process.stderr
    assert process.stderr.count("\n") == 1


def test_a_wiki_s_pages_pace_and_api_are_options() -> None:
    """The shipped pages unless others are named; no API where it is switched off."""
    with running("--seconds", "60", command=WIKI) as (_, url):
        first, second = (httpx.get(f"{url}/wiki/Edda_Quill") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    with running("--without-api", command=WIKI) as (_, url):
        assert httpx.get(f"{url}/w/api.php?action=query&titles=Edda_Quill").status_code == 403
    refused = subprocess.run(
        [*WIKI, "--pages", "nowhere"], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "replay: nowhere: no such folder\n"
