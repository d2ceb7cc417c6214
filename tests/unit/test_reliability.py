"""docs/reliability.md: what it says is shown is shown, by a test that there is."""

import ast
import re

from local.stack.home import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text()
NAMED = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE))


def names_in(path: str) -> set[str]:
    """The names of a file's tests."""
    parsed = ast.parse((ROOT / path).read_text())
    return {one.name for one in parsed.body if isinstance(one, ast.FunctionDef)}


def test_every_test_that_the_page_names_exists() -> None:
    """A renamed one would leave a promise without anything behind it."""
    assert len(NAMED) >= 25
    assert {f"{path}::{name}" for path, name in NAMED if name not in names_in(path)} == set()


def test_every_fault_that_is_let_loose_stands_on_the_page() -> None:
    """Whoever adds one says what it shows."""
    files = {f"tests/faults/{one.name}" for one in (ROOT / "tests" / "faults").glob("test_*.py")}
    assert len(files) >= 8
    everything = {(path, name) for path in files for name in names_in(path) if name[:5] == "test_"}
    assert everything - NAMED == set()


def test_every_invariant_has_a_line() -> None:
    """I1 to I10."""
    assert re.findall(r"(?m)^\| (I\d+) \|", PAGE) == [f"I{n}" for n in range(1, 11)]
