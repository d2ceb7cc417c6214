"""docs/cli.md as tests see it: its sections, and the commands in their examples."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
PROGRAM = "python -m ingestion_core "


def sections() -> dict[str, str]:
    """The text below each heading of the second level."""
    _, *parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    return {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1] for part in parts}


def examples(text: str) -> list[list[str]]:
    """The commands of a text, each without what it begins with."""
    found: list[list[str]] = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            assert line.startswith(PROGRAM), line
            found.append(shlex.split(line.removeprefix(PROGRAM), comments=True))
    return found


def commands(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command that can be carried out, such as ``runs list``, with its options."""
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    for one in inner:
        for name, child in one.choices.items():
            yield from commands(child, f"{path} {name}".strip())
    if not inner:
        named = {text for one in parser._actions for text in one.option_strings}
        yield path, {text for text in named if text.startswith("--")} - {"--help"}
