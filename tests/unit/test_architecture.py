"""The house: what import-linter cannot say, checked on the source itself."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imports(folder: str) -> dict[str, set[str]]:
    """Module path to the full names that it imports."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
        found[str(path.relative_to(ROOT))] = names
    assert found, f"{folder} holds no module"
    return found


def test_the_core_works_without_azure_functions() -> None:
    """Only the doors know the host's library."""
    for path, names in imports("ingestion_core").items():
        assert not [name for name in names if name.startswith("azure.functions")], path


def test_httpx_is_imported_in_exactly_one_module() -> None:
    """Replacing it must stay an hour's work."""
    users = [path for path, names in imports("ingestion_core").items() if "httpx" in names]
    assert users == ["ingestion_core/sources/http.py"]


def test_azure_identity_is_imported_in_exactly_one_module() -> None:
    """One place builds credentials."""
    everything = {**imports("ingestion_core"), **imports("functions")}
    users = [
        path
        for path, names in everything.items()
        if any(name.startswith("azure.identity") for name in names)
    ]
    assert users == ["ingestion_core/credentials.py"]


def test_nothing_is_printed_and_nothing_swallowed_in_the_product() -> None:
    """No print, no bare or broad except outside the command line."""
    for folder in ("ingestion_core", "functions"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ExceptHandler):
                    assert node.type is not None, f"{path}: a bare except"
                    named = getattr(node.type, "id", "")
                    assert named != "Exception", f"{path}:{node.lineno}: a broad except"


def test_every_module_has_a_docstring() -> None:
    """A newcomer learns from the first line of a file what it is for."""
    for folder in ("ingestion_core", "functions", "local"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text()
            assert not text.strip() or ast.get_docstring(ast.parse(text)), path
