"""Who takes which of the database's roles: nobody who knows results, or takes out rows, forgets."""

import ast
from pathlib import Path

TASKS = Path(__file__).parents[2] / "ingestion_core" / "tasks"
#: They keep pages in the schema of results, by the one right that the app's own role has there.
KEEP_PAGES = {"read_page", "prepared", "migrate"}
#: What loads results ends in it, on the transaction that it began.
WITHIN = {"store_results"}
MAINTAIN = {"matches", "remove_source", "clean_racing", "verify"}


def taken(module: ast.Module) -> set[str]:
    """The roles that a module asks for by ``acting``."""
    return {
        node.args[0].attr
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "acting"
        and isinstance(node.args[0], ast.Attribute)
    }


def test_whoever_knows_results_acts_as_them_and_whoever_takes_rows_out_maintains() -> None:
    """Every task that imports the package of results; no other task takes any role."""
    modules = {path.stem: ast.parse(path.read_text()) for path in TASKS.glob("*.py")}
    knowing = {
        name
        for name, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("ingestion_core.results")
    }
    found = {name: roles for name, module in modules.items() if (roles := taken(module))}
    wanted = {name: {"RESULTS"} for name in knowing - KEEP_PAGES - MAINTAIN - WITHIN}
    assert "load_results" in wanted
    assert knowing > WITHIN
    assert found == wanted | {name: {"MAINTAIN"} for name in MAINTAIN}
