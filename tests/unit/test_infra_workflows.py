"""Workflows, containers and alerts: what no linter knows of this project."""

import json
import re
from collections import defaultdict

import pytest

from local.stack.home import ROOT
from tests.support.bicep import INFRA, defaults, source, template, variables
from tests.support.logs import check_query

WORKFLOWS = sorted(path.name for path in (ROOT / ".github" / "workflows").glob("*.yml"))
PYTHONS = ["3.11", "3.12", "3.13"]


def workflow(name: str) -> str:
    """The text of one."""
    return source(f".github/workflows/{name}")


def test_every_action_is_pinned_to_one_commit_with_its_version() -> None:
    """The same action everywhere at the same commit; our own by its path."""
    pins = defaultdict(set)
    for name in WORKFLOWS:
        for line in re.findall(r"uses: (.*)", workflow(name)):
            if line.startswith("./"):
                continue
            found = re.fullmatch(
                r"([\w-]+/[\w-]+)(?:/[\w-]+)?@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line
            )
            assert found, f"{name}: {line}"
            pins[found[1]].add((found[2], found[3]))
    assert len(pins) >= 6
    assert not {action: at for action, at in pins.items() if len(at) > 1}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_nothing_that_a_job_does_not_ask_for(name: str) -> None:
    """Nothing by default, a time limit for each job, no two runs in each other's way."""
    text = workflow(name)
    assert "\npermissions: {}\n" in text
    assert "\nconcurrency:\n" in text
    jobs = re.findall(r"(?m)^  (\w+):\n((?:    .*\n|\n)+)", text.split("\njobs:\n")[1])
    assert jobs
    for job, body in jobs:
        assert "    permissions:\n" in body, job
        assert "timeout-minutes:" in body or "uses: ./" in body, job
        assert "secrets." not in body, job


def test_make_targets_that_workflows_call_exist() -> None:
    """A renamed one would only fail there, a week later."""
    called = {one for name in WORKFLOWS for one in re.findall(r"run: make (\w+)", workflow(name))}
    targets = set(re.findall(r"(?m)^([a-z ]+):", source("Makefile")))
    assert called <= {one for line in targets for one in line.split()}
    assert called >= {"check", "chaos", "package", "tools"}


def test_every_python_that_the_app_runs_on_is_checked() -> None:
    """The oldest that is supported, and both that Azure is given."""
    matrix = re.search(r"python: (\[.*\])", workflow("check.yml"))
    assert matrix
    assert json.loads(matrix[1]) == PYTHONS
    deployed = defaults("main.bicep")["pythonVersion"]
    assert deployed in PYTHONS
    for name in ("deploy.yml", "weekly.yml"):
        used = set(re.findall(r'python-version: "(.*)"', workflow(name)))
        assert used == {deployed}, name
    container = json.loads(source(".devcontainer/devcontainer.json"))["image"]
    assert f"python:{deployed}-" in container


def test_only_the_gated_jobs_can_reach_azure() -> None:
    """A token is asked for where a person has said yes before, and nowhere else."""
    for name in WORKFLOWS:
        jobs = re.split(r"(?m)^  (?=\w+:\n)", workflow(name).split("\njobs:\n")[1])
        for job in jobs:
            assert ("id-token: write" in job) == ("environment: production" in job), name
            assert ("azure/login@" in job) == ("environment: production" in job), name
    assert workflow("deploy.yml").count("environment: production") == 1


def test_the_schema_is_migrated_before_the_app_is_sent() -> None:
    """The app refuses a schema that is older than it needs; both wait for checks and package."""
    job = workflow("deploy.yml").split("\n  deploy:\n")[1]
    assert "    needs: [check, package]\n" in job
    assert 0 < job.index("ingestion_core migrate") < job.index("config-zip")


def test_compose_opens_what_the_example_settings_expect() -> None:
    """On this machine alone: both know no real password."""
    values = json.loads(source("local.settings.json.example"))["Values"]
    compose = source("compose.yaml")
    assert values["DATABASE_URL"] == "postgresql://postgres:postgres@localhost:5432/parcferme"
    assert "POSTGRES_PASSWORD: postgres\n" in compose
    assert "POSTGRES_DB: parcferme\n" in compose
    ports = re.findall(r'- "(.*):(\d+):(\d+)"', compose)
    assert [port for _, port, _ in ports] == ["5432", "10000", "10001", "10002"]
    assert {address for address, _, _ in ports} == {"127.0.0.1"}


def queries() -> list[str]:
    """Every query of the alerts and of the workbook."""
    rules = variables("alerts.bicep", {})["rules"]
    items = json.loads((INFRA / "workbook.json").read_text())["items"]
    shown = [one["content"]["query"] for one in items if "query" in one["content"]]
    assert rules
    assert shown
    return [*(rule["query"] for rule in rules), *shown]


def test_alerts_and_workbook_ask_for_lines_and_fields_that_the_app_logs() -> None:
    """And for each kind of line that tells of trouble there is an alert or a picture."""
    seen = set().union(*(check_query(query) for query in queries()))
    assert seen == {"item", "dead-letter", "source", "tick", "freshness", "overdue", "drift"}


def test_an_alert_for_each_thing_that_goes_wrong_in_silence() -> None:
    """With the thresholds that were promised."""
    rules = {rule["name"]: rule for rule in variables("alerts.bicep", {})["rules"]}
    assert set(rules) == {"dead-letters", "no-tick", "overdue", "quarantine", "drift"}
    assert (rules["no-tick"]["operator"], rules["no-tick"]["threshold"]) == ("LessThan", 1)
    assert rules["no-tick"]["window"] == "PT45M"
    assert "0.02 * (kept + quarantined)" in rules["quarantine"]["query"]
    others = [rule for name, rule in rules.items() if name != "no-tick"]
    assert {(rule["operator"], rule["threshold"]) for rule in others} == {("GreaterThan", 0)}


def test_no_word_of_a_result_is_in_a_query() -> None:
    """Lines hold none, and nobody asks for any."""
    text = " ".join(queries()).lower()
    for word in ("position", "points", "winner", "podium", "laps", "gap"):
        assert word not in text, word


def test_the_documentation_tells_of_every_choice() -> None:
    """Each parameter, what azd calls it, and each variable that a workflow reads."""
    told = set(re.findall(r"`(\w+)`", source("docs/deploy.md")))
    parameters = set(template("main.bicep")["parameters"])
    assert parameters <= told, parameters - told
    azd = set(re.findall(r"\$\{(\w+)=", source("infra/main.parameters.json")))
    assert {"PLAN", "OPENF1_PASSWORD"} <= azd
    documented = told | set(re.findall(r"\b([A-Z0-9_]+)=", source("docs/deploy.md")))
    assert azd <= documented, azd - documented
    read = {one for name in WORKFLOWS for one in re.findall(r"vars\.(\w+)", workflow(name))}
    assert read
    assert read <= told, read - told


def test_links_between_documents_lead_somewhere() -> None:
    """Of those about Azure."""
    pages = ["SECURITY.md", "docs/deploy.md", "docs/security.md"]
    pages += [str(path.relative_to(ROOT)) for path in (ROOT / "docs/decisions").glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", source(page)):
            assert ((ROOT / page).parent / link).exists(), f"{page}: {link}"
