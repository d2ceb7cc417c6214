"""``crawl``: ask for a series of The Third Turn, or for its index; or build anew what is kept."""

import argparse

from ingestion_core.cli import Commands, follow, options
from ingestion_core.sources.thethirdturn.page import key_of
from ingestion_core.tasks import crawl
from ingestion_core.tasks.app import App, app


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "crawl",
        help="read a series of The Third Turn, or its index",
        description="Asks for one message per page, each of which leads to the next; the functions"
        " app does the work. --reparse does its own, without a request.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--series", metavar="TITLE", help="the title of the series' page")
    what.add_argument("--index", action="store_true", help="the index of all series")
    what.add_argument(
        "--reparse", action="store_true", help="read all kept pages again, without a request"
    )
    parser.add_argument("--from", dest="first", type=int, metavar="YEAR", help="first season")
    parser.add_argument("--to", dest="last", type=int, metavar="YEAR", help="last season")
    options.add_results(parser, "load the races' results as well")
    follow.add_options(parser)
    parser.set_defaults(carry_out=lambda chosen: _crawl(parser, chosen))


def _crawl(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    used = app()
    if chosen.series is None and (chosen.first, chosen.last) != (None, None):
        parser.error("--from and --to go with --series")
    if chosen.index and chosen.results:
        parser.error("the index has no results")
    options.announce_results(used, chosen.results, options.saying(chosen))
    if chosen.reparse:
        return _reparse(used, chosen.results)
    if chosen.index:
        return follow.follow(used, crawl.crawl_index(used, {"index": True}), chosen)
    key = key_of(chosen.series)
    if key is None:
        parser.error("--series is no title of a page")
    years = _years(parser, chosen, used.now().year + 1)
    asked = {
        "series": key,
        **({"seasons": {"from": years[0], "to": years[1]}} if years else {}),
        "include_results": chosen.results,
    }
    run = crawl.crawl_series(used, key, years, asked, chosen.results)
    return follow.follow(used, run, chosen)


def _years(
    parser: argparse.ArgumentParser, chosen: argparse.Namespace, latest: int
) -> tuple[int, int] | None:
    if (chosen.first, chosen.last) == (None, None):
        return None
    first = crawl.FIRST_YEAR if chosen.first is None else chosen.first
    last = latest if chosen.last is None else chosen.last
    if not crawl.FIRST_YEAR <= first <= last <= latest:
        parser.error(f"seasons go from {crawl.FIRST_YEAR} to {latest}, --from before --to")
    return first, last


def _reparse(used: App, include_results: bool) -> int:
    from ingestion_core.tasks.reparse import reparse  # it knows results

    done = reparse(used, include_results, say=print)
    read = ", ".join(f"{count} {kind}" for kind, count in done.pages.items()) or "no"
    print(f"{read} pages read again: {done.rows} rows changed, {done.results} of results")
    return 1 if done.unusable else 0
