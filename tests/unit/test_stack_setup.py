"""Setting up and cleaning: stamps, pinned files, and what make clean finds to end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack import setup
from tests.support.processes import wait_until_gone
from tests.support.stack import ROOT, sandbox


def test_a_fingerprint_is_of_what_files_say_not_of_their_dates(tmp_path: Path) -> None:
    """A fresh checkout installs nothing anew; a changed line does."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("rich==15.0.0\n")
    other.write_text("rich==15.0.0\n")
    assert setup.fingerprint([one]) == setup.fingerprint([other])
    other.write_text("rich==15.0.1\n")
    assert setup.fingerprint([one]) != setup.fingerprint([other])


def test_azurite_is_pinned_without_a_registry_s_address() -> None:
    """One exact version, every package with its checksum, and no `resolved` anywhere."""
    folder = ROOT / "local" / "stack" / "azurite"
    version = json.loads((folder / "package.json").read_text())["dependencies"]["azurite"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert locked["node_modules/azurite"]["version"] == version
    installed = {name: package for name, package in locked.items() if name}
    assert all("integrity" in package for package in installed.values())
    assert not any("resolved" in package for package in installed.values())


def test_a_setup_without_anything_to_do_says_nothing() -> None:
    """It runs before every make run: half a second of silence."""
    for stamp, files in (
        (setup.AZURITE / ".installed", setup.AZURITE_FILES),
        (setup.VENV / ".requirements", setup.REQUIREMENTS),
    ):
        assert setup.read(stamp) == setup.fingerprint(files), "run `make setup` first"
    done = subprocess.run(
        [sys.executable, "-m", "local.stack.setup"], cwd=ROOT, check=True, capture_output=True
    )
    assert done.stdout + done.stderr == b""


def test_a_step_that_fails_is_named_with_the_command_that_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it said comes first; the linters are installed by another command than the stack."""
    monkeypatch.setattr(setup, "LOCAL", tmp_path)
    fails = [sys.executable, "-c", "print('no room'); raise SystemExit(3)"]
    assert setup.locked("tools", lambda: setup.step(fails)) == 1
    said, last = capsys.readouterr().err.strip().splitlines()[::2]
    assert said == "no room"
    assert last.startswith(f"tools: failed: {sys.executable} -c print('no room')")
    assert last.endswith("...; `make tools` tries again")


def test_what_runs_before_the_requirements_needs_the_standard_library_only() -> None:
    """Setting up and cleaning start on a machine that has Python and nothing else."""
    program = "import local.stack.setup, local.stack.clean, local.__main__"
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {program}"],
        cwd=ROOT,
        check=True,
    )


def test_clean_ends_a_stack_and_removes_its_database() -> None:
    """The part of make clean that reaches beyond the checkout."""
    with sandbox() as machine:
        machine.with_core_tools("stuck")
        stack = machine.local("run")
        stack.wait_for("✓ Grand Prix 2")
        program = """
from pathlib import Path
from local.stack import clean
clean.LOCAL = clean.ROOT = Path('/nonexistent')
raise SystemExit(clean.main())
"""
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=machine.environment, check=True
        )
        wait_until_gone(stack.process.pid)
        assert stack.end() == 143
        assert not machine.home.exists()
