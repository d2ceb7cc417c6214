"""`python3 -m local.stack.tools`: the linters of templates and workflows, installed once.

In an environment of their own beside the stack's: checkov pins some fifty packages. Only what
checks needs them; `make run` does not wait for them. Standard library only, as setup.
"""

import shutil
import sys

from local.stack.home import LOCAL, ROOT
from local.stack.setup import fingerprint, install_node_modules, locked, read, runs, step

TOOLS = LOCAL / "tools"
_NAMES = ("requirements.txt", "package.json", "package-lock.json", "lint.cjs")
TOOL_FILES = tuple(ROOT / "local" / "stack" / "tools" / name for name in _NAMES)


def main() -> int:
    """Whatever is missing, none when nothing is."""
    return locked("tools", _install)


def _install() -> None:
    stamp = TOOLS / ".installed"
    wanted = fingerprint(TOOL_FILES)
    if read(stamp) == wanted:
        return
    print("Installing the linters of templates and workflows (330 MB, a minute) ...", flush=True)
    TOOLS.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    python = TOOLS / "bin" / "python"
    if not runs(python):
        step([sys.executable, "-m", "venv", "--clear", str(TOOLS)])
    for file in TOOL_FILES:
        shutil.copy(file, TOOLS)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    step([*pip, "--requirement", str(TOOLS / "requirements.txt")])
    install_node_modules(TOOLS)
    stamp.write_text(wanted)


if __name__ == "__main__":
    sys.exit(main())
