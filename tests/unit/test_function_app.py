"""The traps of the Functions host, as tests over the app's own metadata.

Any of them leaves the whole app with no function at all, or retries for ever.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from functions import opted_in
from ingestion_core.settings import Settings
from ingestion_core.work.queues import QUEUES
from local.stack.home import home_name
from local.stack.setup import fingerprint, read

ROOT = Path(__file__).parents[2]
BINDING_NAMES = {"msg", "timer", "req", "$return"}
DOORS = {
    "backfill_year",
    "backfill_years",
    "read_meeting",
    "import_archive",
    "crawl_wiki",
    "list_runs",
    "show_run",
    "change_run",
    "list_sources",
    "change_source",
    "health_live",
    "health_ready",
    "show_status",
    "show_coverage",
}
WORKERS = {
    "discover_meetings",
    "discover_year",
    "sync_meeting",
    "import_season",
    "read_page",
    "dead_letter_year",
    "dead_letter_meeting",
    "dead_letter_season",
    "dead_letter_page",
}


def environment(**settings: str) -> dict[str, str]:
    """A bare environment: no setting of ours, as when the host indexes the app."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}


@cache
def functions() -> list[dict[str, Any]]:
    """Every function with its bindings, indexed in a process of its own without any setting."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.metadata"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def bindings(type_: str) -> list[dict[str, Any]]:
    """All bindings of a type."""
    return [
        binding
        for function in functions()
        for binding in function["bindings"]
        if binding["type"] == type_
    ]


def test_the_app_is_indexed_without_any_setting_and_has_these_functions() -> None:
    """Nothing is read when a module is imported; results have no function here."""
    assert {one["name"] for one in functions()} == DOORS | WORKERS


def test_what_lies_behind_the_doors_is_not_loaded_with_them() -> None:
    """A cold start pays for the host's own libraries; settings, sources and SQL come later."""
    script = "import json, sys, function_app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(RESULTS_ENABLED="true"),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = json.loads(done.stdout)
    assert "functions.results" in loaded
    ours = [name for name in loaded if name.startswith("ingestion_core.")]
    # What errors are told by: no statement, and no connection, lies behind it.
    telling = ["ingestion_core.database", "ingestion_core.database.troubles"]
    assert ours == [*telling, "ingestion_core.errors"]
    assert not {"pydantic", "httpx", "selectolax", "rapidfuzz", "rich", "jinja2"} & set(loaded)


@pytest.mark.parametrize(
    "said", ["true", "1", "on", "YES", "t", "Y", "True", "false", "0", "off", "no", "", "perhaps"]
)
def test_the_opt_in_is_read_as_the_settings_read_it(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read alone and early; what the settings would refuse is no yes."""
    monkeypatch.setenv("RESULTS_ENABLED", said)
    monkeypatch.setenv("DATABASE_URL", "postgresql://")
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    try:
        expected = Settings().results_enabled  # type: ignore[call-arg] # from the environment
    except ValidationError:
        expected = False
    assert opted_in.to_results() is expected


def test_function_names_are_unique_and_in_snake_case() -> None:
    """Two of one name are none; a hyphen is trouble in app settings."""
    names = [one["name"] for one in functions()]
    assert len(names) == len(set(names))
    assert not [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]


def test_binding_names_hold_no_underscore_and_match_the_parameters() -> None:
    """Hosts before 4.1038 refuse one; an unbound parameter costs the whole app."""
    for one in functions():
        named = {binding["name"] for binding in one["bindings"]}
        assert named <= BINDING_NAMES, one["name"]
        assert set(one["parameters"]) == named - {"$return"}, one["name"]


def test_timers_and_queue_functions_return_nothing() -> None:
    """One that returns something fails, and its message is retried."""
    for one in functions():
        triggers = {binding["type"] for binding in one["bindings"]}
        if triggers & {"queueTrigger", "timerTrigger"}:
            assert one["returns"] == "None", one["name"]


def test_queues_are_the_ones_that_work_is_sent_to_each_with_its_dead_letters() -> None:
    """Names that Storage allows, on the account of the app; none of results without opt-in."""
    found = {binding["queueName"] for binding in bindings("queueTrigger")}
    sent = set(QUEUES.values()) - {"results"}
    assert found == sent | {f"{name}-poison" for name in sent}
    for name in found:
        assert re.fullmatch(r"[a-z0-9](?:-?[a-z0-9])*", name)
        assert 3 <= len(name) <= 63
    assert {one["connection"] for one in bindings("queueTrigger")} == {"AzureWebJobsStorage"}


def test_every_setting_that_a_binding_names_stands_in_the_example() -> None:
    """`%SETTING%` that is missing: the function is not started."""
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    named = set(re.findall(r"%(\w+)%", json.dumps(functions())))
    assert named == {"DISCOVERY_SCHEDULE"}
    assert named <= set(example)


def test_routes_need_a_key_but_for_the_question_whether_the_process_lives() -> None:
    """One auth level a route; no two doors at one address."""
    routes = [(tuple(one["methods"]), one["route"]) for one in bindings("httpTrigger")]
    assert len(set(routes)) == len(routes) == len(DOORS)
    levels = {one["route"]: one["authLevel"] for one in bindings("httpTrigger")}
    assert levels.pop("health/live") == "ANONYMOUS"
    assert set(levels.values()) == {"FUNCTION"}


def test_the_hosts_settings_are_within_their_ranges_and_those_of_the_design() -> None:
    """Serial, two seconds between polls at most, a minute after a failure, ten attempts."""
    host = json.loads((ROOT / "host.json").read_text())
    queues = host["extensions"]["queues"]
    assert (queues["batchSize"], queues["newBatchThreshold"]) == (1, 0)
    assert (queues["maxPollingInterval"], queues["visibilityTimeout"]) == ("00:00:02", "00:01:00")
    assert (queues["maxDequeueCount"], queues["messageEncoding"]) == (10, "base64")
    assert host["functionTimeout"] == "00:10:00"
    assert host["concurrency"]["dynamicConcurrencyEnabled"] is False
    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"


def test_requirements_name_no_worker_and_pin_everything() -> None:
    """The worker is the host's; what is deployed is this file and nothing else."""
    lines = [
        line.split(";")[0].strip()
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert "azure-functions==1.26.0" in lines
    assert all("==" in line for line in lines)
    assert not [line for line in lines if line.startswith("azure-functions-worker")]


def python_3_13() -> str | None:
    """An interpreter of the version that the worker is published for."""
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [sys.executable, shutil.which("python3.13"), *sorted(homes.glob("3.13*/bin/python"))]
    for one in filter(None, found):
        asked = subprocess.run(
            [one, "-c", "import sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0 and asked.stdout.strip() == "(3, 13)":
            return str(one)
    return None


def test_microsofts_own_worker_indexes_the_same_functions(tmp_path: Path) -> None:
    """azure-functions-runtime needs Python 3.13; where that is missing, this says so."""
    python = python_3_13()
    if python is None:
        pytest.skip("no Python 3.13 on this machine, which Microsoft's worker needs")
    place = ROOT / ".local" / "worker"
    stamp = place / f"{home_name()}.ready"
    wanted_now = fingerprint([ROOT / "requirements.txt"])
    if read(stamp) != wanted_now:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([python, "-m", "venv", place], check=True)
        wanted = [
            "--disable-pip-version-check",
            "-r",
            ROOT / "requirements.txt",
            "azure-functions-runtime==1.3.0",
        ]
        subprocess.run([place / "bin/python", "-m", "pip", "install", "-q", *wanted], check=True)
        stamp.write_text(wanted_now)
    done = subprocess.run(
        [place / "bin/python", ROOT / "tests/support/worker_index.py", ROOT],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    indexed: dict[str, Any] = dict(json.loads(done.stdout))
    assert set(indexed) == DOORS | WORKERS
    assert indexed["sync_meeting"][0]["queueName"] == "meetings"
    assert indexed["import_season"][0]["queueName"] == "archive-seasons"
