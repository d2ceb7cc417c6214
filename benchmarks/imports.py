"""The time a cold start spends in our own imports, against the libraries' alone."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BARE = "import azure.functions, azure.storage.queue, psycopg, httpx, pydantic"
OURS = "import function_app; function_app.app.get_functions()"


def seconds(statement: str) -> float:
    """One fresh process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)
    return time.perf_counter() - began


def main() -> None:
    """The least of seven each, taken in turn."""
    pairs = [(seconds(BARE), seconds(OURS)) for _ in range(7)]
    bare, ours = (min(column) for column in zip(*pairs, strict=True))
    print(f"import of function_app       {ours / bare:5.2f} x the bare imports")


if __name__ == "__main__":
    main()
