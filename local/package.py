"""`python -m local.package`: what is deployed, with what it weighs.

The folder is what runs: the app's files, as .funcignore leaves them, and in .python_packages what
requirements.txt installs. The zip is what is sent, the files alone: the packages are installed
where they run, by the Python that they run on.
"""

import argparse
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path

from pathspec import GitIgnoreSpec

from local.stack.home import LOCAL, ROOT, StackError
from local.stack.setup import fingerprint, read, step

PACKAGE = LOCAL / "package"
APP = PACKAGE / "app"
ZIP = PACKAGE / "app.zip"
#: The packages as pip left them, kept for the next time.
INSTALLED = PACKAGE / "site"
#: Where the Functions worker looks for them.
SITE = Path(".python_packages/lib/site-packages")
LIMIT_MB = 100
_MB = 1_000_000
_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
#: Of every file in the zip, so that the same files make the same zip.
_DATE = (1980, 1, 1, 0, 0, 0)
_IMPORT = """
import time
began = time.perf_counter()
import function_app
print(time.perf_counter() - began)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build it, and say what it weighs; 1 when it is too heavy or can't be imported."""
    parser = argparse.ArgumentParser(
        "python -m local.package", description="Build what is deployed."
    )
    parser.add_argument(
        "--packages", action="store_true", help="only install what it needs, if that has changed"
    )
    try:
        if parser.parse_args(arguments).packages:
            install()
            return 0
        files = build()
        seconds = import_seconds(APP)
    except StackError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return _told(files, seconds)


def _told(files: Sequence[Path], seconds: float) -> int:
    """Say what it weighs; the exit code."""
    packages, app = weight(APP / SITE), sum(file.stat().st_size for file in files)
    by_name = sizes(APP / SITE)
    for name in sorted(by_name, key=by_name.__getitem__, reverse=True):
        print(f"{by_name[name] / _MB:8.1f} MB  {name}")
    print(f"{packages / _MB:8.1f} MB  packages, for Python {_PYTHON}")
    print(
        f"{app / _MB:8.1f} MB  the app, {len(files)} files; zipped {ZIP.stat().st_size / _MB:.1f}"
    )
    print(f"{seconds:8.2f} s   to import function_app, in a fresh process")
    return too_heavy(packages + app)


def too_heavy(total: int, limit: int = LIMIT_MB * _MB) -> int:
    """The exit code of that many bytes: 1, and a line, when they are more than the limit."""
    if total <= limit:
        return 0
    print(f"package: {total / _MB:.1f} MB are more than {limit / _MB:.0f}", file=sys.stderr)
    return 1


def build() -> Sequence[Path]:
    """Make folder and zip anew, the packages only where their requirements have changed.

    Returns:
        The app's own files, as they lie in the checkout.

    Raises:
        StackError: pip can't install them.
    """
    install()
    files = app_files(ROOT)
    copy(files, ROOT, APP)
    shutil.copytree(INSTALLED, APP / SITE, copy_function=os.link)
    write_zip(files, ROOT, ZIP)
    return files


def app_files(root: Path) -> list[Path]:
    """What .funcignore leaves of a checkout, in order. It is read as .gitignore is."""
    ignored = GitIgnoreSpec.from_lines((root / ".funcignore").read_text().splitlines())
    return sorted(_left(root, root, ignored))


def _left(folder: Path, root: Path, ignored: GitIgnoreSpec) -> Iterator[Path]:
    for path in folder.iterdir():
        name = path.relative_to(root).as_posix()
        if path.is_dir() and not ignored.match_file(f"{name}/"):
            yield from _left(path, root, ignored)
        elif path.is_file() and not ignored.match_file(name):
            yield path


def copy(files: Sequence[Path], root: Path, target: Path) -> None:
    """Put them, and nothing else, into a folder of their own."""
    shutil.rmtree(target, ignore_errors=True)
    for file in files:
        place = target / file.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)


def write_zip(files: Sequence[Path], root: Path, target: Path) -> None:
    """The same files make the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            info = zipfile.ZipInfo(file.relative_to(root).as_posix(), _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            packed.writestr(info, file.read_bytes())


def is_installed() -> bool:
    """Whether the packages are those of today's requirements.txt and of this Python."""
    return read(PACKAGE / ".installed") == _wanted()


def _wanted() -> str:
    return f"{_PYTHON} {fingerprint([ROOT / 'requirements.txt'])}"


def install() -> None:
    """Install what requirements.txt names, by itself, unless it is there.

    Raises:
        StackError: pip can't.
    """
    if is_installed():
        return
    print("Installing what is deployed, by itself ...", flush=True)
    PACKAGE.mkdir(parents=True, exist_ok=True)
    stamp = PACKAGE / ".installed"
    stamp.unlink(missing_ok=True)
    shutil.rmtree(INSTALLED, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    step([*pip, "--target", str(INSTALLED), "--requirement", str(ROOT / "requirements.txt")])
    stamp.write_text(_wanted())


def sizes(site: Path) -> Mapping[str, int]:
    """Bytes by package, of the files that each has installed."""
    found = {}
    for one in distributions(path=[str(site)]):
        files = [Path(str(file.locate())) for file in one.files or ()]
        found[one.name] = sum(file.stat().st_size for file in files if file.exists())
    return found


def weight(folder: Path) -> int:
    """Bytes of every file below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def import_seconds(app: Path, times: int = 3) -> float:
    """The fastest of some fresh processes that import the app as the worker does."""
    return min(_import_once(app) for _ in range(times))


def _import_once(app: Path) -> float:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{app}{os.pathsep}{app / SITE}"}
    # Without site: no package of any environment but these.
    command = [sys.executable, "-S", "-c", _IMPORT]
    done = subprocess.run(
        command, cwd=app, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StackError(f"the package can't be imported: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
