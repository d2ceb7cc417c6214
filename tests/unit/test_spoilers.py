"""Results are apart: who may know them, what may name them, and what is there without opting in."""

import ast
import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.types import Origin, Unreadable
from ingestion_core.results import columns, projection

ROOT = Path(__file__).parents[2]
PRODUCT = ("ingestion_core", "functions", "function_app.py")
RESULTS = "ingestion_core/results/"
#: Who may import the package of results, directly, each with the results of one source.
TASK = "ingestion_core/tasks/load_results.py"
SEASON_TASK = "ingestion_core/tasks/load_season_results.py"
PAGE_TASK = "ingestion_core/tasks/load_page_results.py"
#: In which those end.
STORE_TASK = "ingestion_core/tasks/store_results.py"
#: And who may keep pages, which are results as well, in the schema; who reads them all anew.
PAGES = {
    "ingestion_core/tasks/read_page.py": {"ingestion_core.results.pages"},
    "ingestion_core/tasks/prepared.py": {"ingestion_core.results.schema"},
    "ingestion_core/tasks/migrate.py": {"ingestion_core.results.schema"},
    "ingestion_core/tasks/reparse.py": {"ingestion_core.results.pages"},
}
#: What of the package is loaded with the task that keeps pages.
LOADED = {
    "ingestion_core.results",
    *(f"ingestion_core.results.{name}" for name in ("pages", "schema", "errors")),
}
#: And who may to tell of them, on the command line.
SHOW_TASK = "ingestion_core/tasks/show_results.py"
#: And who takes a source's out.
REMOVE_TASK = "ingestion_core/tasks/remove_source.py"
#: And who takes out those that nobody's content hangs on.
CLEAN_TASK = "ingestion_core/tasks/clean_racing.py"
#: And who looks whether they are sound; it is told no value.
CHECK_TASK = "ingestion_core/tasks/check_results.py"
TASKS = {
    *(TASK, SEASON_TASK, PAGE_TASK, STORE_TASK),
    *(SHOW_TASK, REMOVE_TASK, CLEAN_TASK, CHECK_TASK),
}
#: Who may import the tasks that do.
MAY_ASK = {
    "ingestion_core.tasks.load_results": {"functions/results.py", "ingestion_core/cli/results.py"},
    "ingestion_core.tasks.load_season_results": {"functions/results.py"},
    "ingestion_core.tasks.load_page_results": {
        *("functions/results.py", "ingestion_core/tasks/reparse.py")
    },
    "ingestion_core.tasks.store_results": {TASK, SEASON_TASK, PAGE_TASK},
    "ingestion_core.tasks.read_page": {"functions/pages.py"},
    "ingestion_core.tasks.reparse": {"ingestion_core/cli/crawl.py"},
    "ingestion_core.tasks.remove_source": {"ingestion_core/cli/remove.py"},
    "ingestion_core.tasks.check_results": {
        "ingestion_core/cli/verify.py",
        "ingestion_core/cli/audit.py",
    },
    "ingestion_core.tasks.clean_racing": {"ingestion_core/cli/clean.py"},
    "ingestion_core.tasks.show_results": {
        "ingestion_core/cli/why.py",
        "ingestion_core/cli/disagreements.py",
    },
}
#: Whose results only one of them reads.
READ_BY = {
    "ingestion_core.sources.openf1.results": {TASK},
    "ingestion_core.sources.ergast.results": {SEASON_TASK},
    "ingestion_core.sources.thethirdturn.race_results": {PAGE_TASK},
}
#: The product's table, quoted or not, and anything of our own schema, as SQL has them.
SQL = re.compile(r'"Results"|\bResults\b|\bspoilers\.|^spoilers$')
OPTED = {"load_results", "dead_letter_results", "list_revisions"}


def modules() -> dict[str, ast.Module]:
    """Every module of the product by its path."""
    found: list[Path] = []
    for name in PRODUCT:
        place = ROOT / name
        found += [place] if place.is_file() else sorted(place.rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in found}


def texts(module: ast.Module) -> list[str]:
    """Every text of a module but its docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


def imported(module: ast.Module) -> set[str]:
    """The full names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_only_the_package_of_results_names_the_table_or_the_schema() -> None:
    """In any text that could be a statement, or be put into one; files of SQL as well."""
    naming = {path for path, module in modules().items() if any(map(SQL.search, texts(module)))}
    assert naming, "the search finds nothing at all"
    assert {path for path in naming if not path.startswith(RESULTS)} == set()
    files = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "ingestion_core").rglob("*.sql")
        if re.search(r'"Results"|\bspoilers\b', path.read_text())
    }
    assert f"{RESULTS}migrations/0001_spoilers.sql" in files
    assert {path for path in files if not path.startswith(RESULTS)} == set()


def test_only_its_tasks_import_it_and_only_their_doors_the_tasks() -> None:
    """Import-linter says the same of whole packages; this, of every single module."""
    for path, module in modules().items():
        names = imported(module)
        known = {name for name in names if name.startswith("ingestion_core.results.")}
        if path in PAGES:
            assert known == PAGES[path], path
        elif known:
            assert path in TASKS or path.startswith(RESULTS), path
        if "functions.results" in names:
            assert path == "function_app.py"
        for named, allowed in (MAY_ASK | READ_BY).items():
            if any(name == named or name.startswith(f"{named}.") for name in names):
                own = named.replace(".", "/")  # its readers are a package
                assert path in allowed or path.startswith(f"{own}/"), path


def test_whoever_reads_pages_of_the_wiki_only_adds_them() -> None:
    """Of the module that keeps them it uses what adds, and not what reads them back."""
    page = modules()["ingestion_core/tasks/read_page.py"]
    used = {
        node.attr
        for node in ast.walk(page)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "bodies"
    }
    assert used == {"add", "packed"}
    assert {name for name in imported(page) if ".results" in name} == {
        "ingestion_core.results",
        "ingestion_core.results.pages",
    }


def test_nothing_that_holds_a_result_shows_one() -> None:
    """Not in a repr, hence not in a log, a traceback, or a test's diff."""
    line = Line(car="99", position=88, points=77, gap="98765.4321", laps=777)
    origin = Origin("openf1", "session_result", "1", None)  # type: ignore[arg-type]  # not looked at
    held = [
        line,
        Classification(origin, "9472", Facet.CLASSIFICATION, (line,), ("x",), (line,)),
        columns.pack([line]),
        projection.Placed(None, line),  # type: ignore[arg-type]  # not looked at
        Unreadable("session_result", "session_key=1 driver_number=99", "r", {"points": 77}),
    ]
    for one in held:
        for told in (repr(one), str(one), f"{one}", repr([one]), repr(ValueError(one))):
            assert not re.search("77|88|98765", re.sub("0x[0-9a-f]+", "", told)), type(one)
    for kind in (Line, Classification, columns.Stored, projection.Placed):
        assert not kind.__dataclass_params__.repr, kind  # type: ignore[attr-defined]  # dataclasses'
        assert dataclasses.is_dataclass(kind)


def metadata(code: str, **settings: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, *code.split(" ", 1)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def functions(**settings: str) -> set[str]:
    """The names of the app's functions with these settings."""
    return {one["name"] for one in json.loads(metadata("-m tests.support.metadata", **settings))}


def loaded_modules(**settings: str) -> set[str]:
    """The modules that are loaded once the app is."""
    code = "-c import sys, function_app; print(*sys.modules)"
    return set(metadata(code, **settings).split())


@pytest.mark.parametrize("value", [None, "false", "nonsense"])
def test_without_a_clear_yes_nothing_of_results_is_there_or_even_loaded(value: str | None) -> None:
    """Unset, false, or nonsense: no function, no module."""
    loaded = loaded_modules(**({} if value is None else {"RESULTS_ENABLED": value}))
    assert "functions.queues" in loaded
    assert not [
        name
        for name in loaded - LOADED
        if name == "functions.results"
        or name.startswith(("ingestion_core.results", "ingestion_core.tasks.load_"))
        or name in READ_BY
    ]


def test_opting_in_adds_exactly_three_functions() -> None:
    """The queue's, its dead letters', and the list of revisions."""
    without, with_results = functions(RESULTS_ENABLED="false"), functions(RESULTS_ENABLED="true")
    assert with_results - without == OPTED
    assert without < with_results


def test_the_command_that_tells_must_be_told_to() -> None:
    """Without --spoilers it is refused as misuse, before anything is connected to."""
    done = subprocess.run(
        [sys.executable, "-m", "ingestion_core", "results", "show", "9472"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "--spoilers" in done.stderr
