"""The stand-in's pure parts: time spans, ranges, polling, settings, routes, bodies."""

import base64
import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from local.host.errors import StartError
from local.host.hostjson import HostJson, Queues, load_host_json, parse_time_span
from local.host.logs import chosen_level
from local.host.polling import PollingDelay
from local.host.queues import decode_body
from local.host.routes import starlette_paths
from local.host.settings import connection_string, expand, is_disabled, load_local_settings


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:02", 2), ("00:00:00.250", 0.25), ("01:01:01", 3661), ("7.00:00:00", 604800)],
)
def test_a_time_span_is_dotnets(text: str, seconds: float) -> None:
    """hh:mm:ss, with a fraction, with days."""
    assert parse_time_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "00:60:00", "24:00:00", "-00:00:01", "1:2", 2, None])
def test_what_is_no_time_span_is_refused(text: object) -> None:
    """.NET would read 24:00:00 as 24 days; nobody means that."""
    with pytest.raises(ValueError, match="must"):
        parse_time_span(text)


def _host_json(folder: Path, queues: dict[str, object]) -> HostJson:
    document = {"version": "2.0", "extensions": {"queues": queues}}
    (folder / "host.json").write_text(json.dumps(document))
    return load_host_json(folder)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("batchSize", 0, "1 to 32"),
        ("batchSize", 33, "1 to 32"),
        ("newBatchThreshold", -1, "0 or more"),
        ("maxDequeueCount", 0, "1 or more"),
        ("maxPollingInterval", "00:00:00.099", "00:00:00.100 or more"),
        ("visibilityTimeout", "7.00:00:01", "00:00:00 to 7.00:00:00"),
    ],
)
def test_a_value_out_of_range_names_key_and_range(
    tmp_path: Path, key: str, value: object, allowed: str
) -> None:
    """One line tells what to write instead."""
    with pytest.raises(StartError) as refused:
        _host_json(tmp_path, {key: value})
    expected = f"host.json: extensions.queues.{key} must be {allowed}, is {value}"
    assert str(refused.value) == expected


def test_the_defaults_are_the_hosts(tmp_path: Path) -> None:
    """What host.json leaves out."""
    queues = _host_json(tmp_path, {}).extensions.queues
    assert (queues.batch_size, queues.max_dequeue_count) == (16, 5)
    assert queues.visibility_timeout == timedelta(0)
    assert queues.max_polling_interval == timedelta(minutes=1)
    assert queues.threshold(cpus=2) == 16
    assert Queues(batchSize=1).threshold(cpus=8) == 0
    assert Queues(newBatchThreshold=0).threshold(cpus=8) == 0


def test_the_projects_own_host_json_is_understood() -> None:
    """The file that is deployed."""
    host_json = load_host_json(Path(__file__).parents[2])
    assert host_json.extensions.queues.threshold(cpus=4) == 0


def test_an_empty_queue_is_asked_less_and_less_often() -> None:
    """From 100 ms, doubling, to the longest; messages start it anew."""
    delay = PollingDelay(2.0, draw=lambda least, most: (least + most) / 2)
    waits = [round(delay.next_seconds(found=False), 3) for _ in range(7)]
    assert waits == [0.1, 0.2, 0.3, 0.5, 0.9, 1.7, 2.0]
    assert delay.next_seconds(found=True) == 0.1
    assert round(delay.next_seconds(found=False), 3) == 0.2


def test_the_wait_is_random_within_a_fifth() -> None:
    """So that listeners which started together don't stay together."""
    waits = {PollingDelay(60.0).next_seconds(found=False) for _ in range(3)}
    assert waits == {0.1}
    second = []
    for _ in range(50):
        delay = PollingDelay(60.0)
        delay.next_seconds(found=False)
        second.append(delay.next_seconds(found=False))
    assert len(set(second)) > 1
    assert all(0.18 <= wait <= 0.22 for wait in second)


def test_settings_are_put_in_the_place_of_their_names() -> None:
    """Anywhere in the text, and never silently empty."""
    assert expand("%A%-%B%", {"A": "x", "B": "y"}, "f") == "x-y"
    with pytest.raises(StartError, match="f: the setting B of %B% is not set"):
        expand("%A%-%B%", {"A": "x", "B": ""}, "f")


def test_a_connection_is_found_as_the_host_finds_it() -> None:
    """With the prefix AzureWebJobs or without; AzureWebJobsStorage when none is named."""
    assert connection_string("Storage", {"AzureWebJobsStorage": "c"}, "f") == "c"
    assert connection_string("", {"AzureWebJobsStorage": "c"}, "f") == "c"
    identity = {"AzureWebJobsStorage__queueServiceUri": "https://a"}
    with pytest.raises(StartError, match="identity"):
        connection_string("AzureWebJobsStorage", identity, "f")


@pytest.mark.parametrize(
    ("value", "disabled"),
    [("true", True), ("1", True), ("True", True), ("false", False), ("", False)],
)
def test_true_and_one_disable(value: str, disabled: bool) -> None:
    """Anything else does not."""
    assert is_disabled("f", {"AzureWebJobs.f.Disabled": value}) is disabled


@pytest.mark.parametrize("text", ["{", "[]", '{"Values": []}', '{"Values": {"A": {}}}'])
def test_a_broken_settings_file_is_refused(tmp_path: Path, text: str) -> None:
    """By its name."""
    (tmp_path / "local.settings.json").write_text(text)
    with pytest.raises(StartError, match=r"local\.settings\.json"):
        load_local_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("health/live", ("/api/health/live",)),
        ("meetings/{key:int}", ("/api/meetings/{key:int}",)),
        ("runs/{id?}", ("/api/runs/{id:str}", "/api/runs")),
        ("runs/{id:guid}/retry", ("/api/runs/{id:uuid}/retry",)),
        ("files/{*rest}", ("/api/files/{rest:path}",)),
    ],
)
def test_route_templates_become_paths(template: str, paths: tuple[str, ...]) -> None:
    """Parameters, constraints, an optional end, a rest."""
    assert starlette_paths(template, "api", "f") == paths


def test_bodies_are_base64_unless_host_json_says_none() -> None:
    """messageEncoding decides; what does not decode is a ValueError."""
    assert decode_body(base64.b64encode("ä".encode()).decode(), "base64") == "ä"
    assert decode_body("{}", "none") == "{}"
    for text in ("{}", base64.b64encode(b"\xff").decode()):
        with pytest.raises(ValueError, match="not base64 of UTF-8"):
            decode_body(text, "base64")


def test_the_log_level_is_host_jsons_or_the_environments() -> None:
    """Azure's names and Python's are understood; LOG_LEVEL wins."""
    assert chosen_level("Information", {}) == logging.INFO
    assert chosen_level("None", {}) > logging.CRITICAL
    assert chosen_level("Error", {"LOG_LEVEL": "debug"}) == logging.DEBUG


@pytest.mark.parametrize("version", [None, "1.0"])
def test_a_host_json_of_another_version_is_refused(tmp_path: Path, version: str | None) -> None:
    """Missing or old."""
    document = {"version": version} if version else {}
    (tmp_path / "host.json").write_text(json.dumps(document))
    with pytest.raises(StartError, match=r"host\.json: version"):
        load_host_json(tmp_path)
