"""What the pages for readers name exists: every link's file and heading, every path of ours."""

import re
from pathlib import Path

import pytest

from local.stack.home import ROOT

_PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "ingestion_core").rglob("*.md")]
)
#: A path below one of our folders, as texts name it: with or without the .py of a module.
_PATH = re.compile(
    r"`((?:tests|ingestion_core|functions|local|benchmarks|infra|docs)/[\w./-]*\w)/?[`:]"
)
_LINK = re.compile(r"\]\(([^)\s:]*)\)")


def _anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_and_link_of_a_page_leads_somewhere(page: Path) -> None:
    """A renamed file would leave a sentence without anything behind it."""
    text = page.read_text()
    lost = {
        path
        for path in _PATH.findall(text)
        if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()
    }
    for link in _LINK.findall(text):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.add(link)
    assert lost == set()


def test_the_pages_name_many() -> None:
    """They have been read: paths in the text and links to other pages."""
    texts = [page.read_text() for page in _PAGES]
    assert sum(len(_PATH.findall(text)) for text in texts) >= 50
    assert sum(len(_LINK.findall(text)) for text in texts) >= 40
