"""docs/cli.md names every command and option, and none that there is not; old spellings work."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion_core.cli.main import parser
from tests.support.documented import commands, examples, sections
from tests.support.programs import Said, said

ROOT = Path(__file__).parents[2]
COMMANDS = dict(commands(parser()))
#: Described on the page's top for all that follow a run.
SHARED = {"--no-wait", "--json"}
#: Written down together, with the first of them.
TOGETHER = {"verify", "audit", "clean-racing"}
UNWRITTEN = TOGETHER if "verify" not in COMMANDS else set()
WRITTEN = {path: options for path, options in COMMANDS.items() if path not in UNWRITTEN}


def test_the_page_has_a_section_for_every_command_and_for_nothing_else() -> None:
    """Whoever adds a command writes it down."""
    assert set(sections()) == {path.split()[0] for path in WRITTEN}


@pytest.mark.parametrize("path", WRITTEN)
def test_every_command_stands_in_an_example(path: str) -> None:
    """With its sub-command."""
    words = path.split()
    found = [one for one in examples(sections()[words[0]]) if one[: len(words)] == words]
    assert found, f"no example of {path}"


@pytest.mark.parametrize("path", WRITTEN)
def test_every_option_is_in_its_commands_section(path: str) -> None:
    """In an example or in the words below it."""
    text = sections()[path.split()[0]]
    named = set(re.findall(r"--[a-z][a-z-]*", text))
    assert WRITTEN[path] - SHARED <= named, path


@pytest.mark.parametrize("section", sections())
def test_the_page_names_no_option_that_there_is_not(section: str) -> None:
    """A renamed option is renamed there as well."""
    known = {
        option
        for path, options in COMMANDS.items()
        if path.split()[0] == section
        for option in options
    }
    named = set(re.findall(r"--[a-z][a-z-]*", sections()[section]))
    assert named <= known, named - known


@pytest.mark.parametrize("section", sections())
def test_every_example_is_understood(section: str) -> None:
    """By the very parser; ids stand for themselves."""
    of = {"RUN": "7af21826-acbc-4594-8d0d-06261d80e870", "ITEM": "1", "DECISION": "1"}
    of |= {"MATCH": of["RUN"], "ROW": of["RUN"], "RESULT": of["RUN"]}
    found = examples(sections()[section])
    assert found
    for one in found:
        chosen = parser().parse_args([of.get(word, word) for word in one])
        assert callable(chosen.carry_out)


def spoken(*words: str) -> Said:
    """What a process says without any setting."""
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return said(*words, environment=kept)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            ["ingestion_core.bulk_sync", "--all", "--pause", "-1"],
            ["bulk-sync", "--all", "--pause", "-1"],
        ),
        (["ingestion_core.healthcheck", "--json"], ["healthcheck", "--json"]),
        (["ingestion_core.db", "audit", "--nonsense"], ["audit", "--nonsense"]),
        (["ingestion_core.db", "clean-racing", "--help"], ["clean-racing", "--help"]),
        (["ingestion_core.verify", "--help"], ["verify", "--help"]),
    ],
)
def test_an_old_spelling_says_what_the_new_one_says(old: list[str], new: list[str]) -> None:
    """Word for word, with the same exit code."""
    expected = spoken("ingestion_core", *new)
    assert expected.out or expected.err
    assert spoken(*old) == expected


def test_whoever_reads_a_log_or_asks_for_help_loads_no_progress_bar() -> None:
    """It is needed on a terminal alone."""
    code = "import sys; from ingestion_core.cli.main import parser; parser(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "ingestion_core.cli.follow" in loaded
    assert "ingestion_core.cli.progress" not in loaded
