"""The command line: ``python -m ingestion_core``. A module per command, named in ``main``."""

import argparse
from typing import TypeAlias

#: Where a command's module adds its parser; ``carry_out`` among its defaults is what it does, and
#: returns the exit code.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - the library has no public name for it
