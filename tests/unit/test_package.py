"""What is deployed: these files, these packages, and nothing else."""

import subprocess
import sys
import zipfile
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local import package
from local.stack.home import ROOT


@pytest.fixture(scope="module")
def site() -> Path:
    """The packages of requirements.txt alone, as `make tools` has installed them."""
    assert package.is_installed(), "run `make tools` first: requirements.txt has changed"
    return package.INSTALLED


def deployed() -> set[str]:
    """The app's files, by their paths in the checkout."""
    return {file.relative_to(ROOT).as_posix() for file in package.app_files(ROOT)}


def committed() -> set[str]:
    """Every file that git knows or would."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines())


def test_the_app_and_nothing_else_is_deployed() -> None:
    """Tests, tools, samples, documents and settings of a machine stay at home."""
    tops = {path.split("/")[0] for path in deployed()}
    expected = {"function_app.py", "host.json", "requirements.txt", "functions", "ingestion_core"}
    assert tops == expected


def test_all_of_the_app_is_deployed() -> None:
    """Its data files and migrations too, and no file that git does not know."""
    ours = {
        path
        for path in committed()
        if path.split("/")[0] in {"functions", "ingestion_core"} and (ROOT / path).exists()
    }
    assert {path for path in ours if path.endswith((".sql", ".json"))}
    assert deployed() == ours | {"function_app.py", "host.json", "requirements.txt"}


def test_what_a_machine_leaves_behind_is_not_deployed(tmp_path: Path) -> None:
    """Secrets above all; wherever they lie."""
    (tmp_path / ".funcignore").write_text((ROOT / ".funcignore").read_text())
    kept = tmp_path / "functions" / "door.py"
    for name in (
        "local.settings.json",
        ".env",
        ".venv/bin/python",
        ".azure/prod/.env",
        "functions/.env",
        "functions/__pycache__/door.cpython-313.pyc",
        "__azurite_db_queue__.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a secret")
    kept.write_text("")
    assert package.app_files(tmp_path) == [kept]


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    """Whenever and wherever it is made; it holds what they say."""
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    files = package.app_files(ROOT)
    package.write_zip(files, ROOT, one)
    package.copy(files, ROOT, tmp_path / "copy")
    package.write_zip(package_files(tmp_path / "copy"), tmp_path / "copy", other)
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as packed:
        assert set(packed.namelist()) == deployed()
        assert packed.read("host.json") == (ROOT / "host.json").read_bytes()


def package_files(folder: Path) -> list[Path]:
    """Every file of a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_nothing_is_installed_but_what_the_requirements_need(site: Path) -> None:
    """No tool of the tests, and no worker, which is the host's own."""
    found = {canonicalize_name(one.name) for one in distributions(path=[str(site)])}
    assert found == needed()


def needed() -> set[str]:
    """Everything that requirements.txt names, and what that needs."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    waiting = [Requirement(line) for line in lines if line and not line.startswith("#")]
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        for extra in {"", *one.extras}:
            if one.marker and not one.marker.evaluate({"extra": ""}):
                continue
            if (one.name, extra) not in seen:
                seen.add((one.name, extra))
                found.add(canonicalize_name(one.name))
                waiting += required_by(one.name, extra)
    return found


def required_by(name: str, extra: str) -> list[Requirement]:
    """What a package that is installed here needs for one of its extras."""
    requires = [Requirement(text) for text in distribution(name).requires or ()]
    kept = [one for one in requires if not one.marker or one.marker.evaluate({"extra": extra})]
    for one in kept:
        one.marker = None
    return kept


def test_the_package_weighs_less_than_its_limit(site: Path) -> None:
    """100 MB without the interpreter; each package's part of it is told."""
    app = sum(file.stat().st_size for file in package.app_files(ROOT))
    assert app > 100_000
    assert package.weight(site) > 10_000_000
    assert package.too_heavy(package.weight(site) + app) == 0
    by_name = package.sizes(site)
    assert by_name["psycopg-binary"] > 5_000_000
    assert 0.9 * package.weight(site) < sum(by_name.values()) <= package.weight(site)


def test_packages_that_are_there_are_not_installed_again(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It runs before every make check: silence."""
    assert package.main(["--packages"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_package_that_is_too_heavy_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With its weight and the limit."""
    assert package.too_heavy(100_000_001) == 1
    assert capsys.readouterr().err == "package: 100.0 MB are more than 100\n"
    assert package.too_heavy(100_000_000) == 0


def test_the_packages_are_for_this_python(site: Path) -> None:
    """Compiled ones are of one version: another's would fail when they are imported."""
    built = {path.name for path in site.glob("pydantic_core/*.so")}
    assert any(sys.implementation.cache_tag in name for name in built), built
