"""A replay of a wiki on a port of this machine."""

from pathlib import Path

from local.replay.control import common
from local.replay.limits import Spacing
from local.replay.serving import Serving
from local.replay.wiki.shelf import PAGES, Shelf
from local.replay.wiki.site import ROBOTS, Site


class WikiServer(Serving):
    """Saved pages, served for the length of a `with` block; everything may be changed meanwhile.

    `folder` has the shipped pages unless given; its robots.txt is served where it has one.
    `seconds` have to lie between two requests; 0 switches that off. Raises RecordingError when
    there is no such folder, and OSError when `port` is taken (0 takes a free one).
    """

    def __init__(self, folder: Path = PAGES, *, seconds: float = 0, port: int = 0) -> None:
        own = folder / "robots.txt"
        robots = own.read_text(encoding="utf-8") if own.is_file() else ROBOTS
        self.site = Site(Shelf(folder), spacing=Spacing(seconds), robots=robots)
        super().__init__(self.site, common(self.site), port)

    @property
    def shelf(self) -> Shelf:
        """The pages that are served."""
        return self.site.shelf
