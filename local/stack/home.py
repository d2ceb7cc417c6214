"""Where the stack keeps its things. Standard library only: setting up and cleaning need it."""

import hashlib
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Azurite's installation: big, rebuilt at will, never committed.
LOCAL = ROOT / ".local"
AZURITE = LOCAL / "azurite"


class StackError(Exception):
    """The stack can't go on; the text is the one line that is shown."""


def home_name(root: Path = ROOT) -> str:
    """One name per user and checkout, so that neither meets another's database."""
    return f"parcferme-{os.geteuid()}-{hashlib.sha256(bytes(root)).hexdigest()[:10]}"


def home() -> Path:
    """The folder of the lock and of the database's cluster, made where it is missing.

    It lies among the temporary files, outside home and checkout: PostgreSQL refuses to run as root,
    and the account that it gets instead may not pass through the folders of root's home.

    Raises:
        StackError: somebody else owns the name.
    """
    path = Path(tempfile.gettempdir()).resolve() / home_name()
    path.mkdir(mode=0o755, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.geteuid():
        raise StackError(f"{path} belongs to another user: remove it, or set TMPDIR")
    return path


def logs() -> Path:
    """The folder of the children's logs."""
    return home() / "log"
