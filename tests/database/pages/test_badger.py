"""A whole recorded series, crawled: asked for, asked about again, its results, and built anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from psycopg import sql

from ingestion_core.tasks.app import App
from ingestion_core.tasks.remove_source import remove_source
from ingestion_core.tasks.reparse import Rebuilt, reparse
from local.replay.wiki.server import WikiServer
from local.stack.postgres import Postgres
from tests.conftest import cloned, recorded_folder
from tests.support.product import Dump, dump, rows, written
from tests.support.wiki_crawl import Run, asked, crawled, opened, questions

SERIES = "Custom_Windows_Plus_Badger_Mod_Tour_presented_by_Gandrud_Chevrolet"
RESULTS = 'SELECT to_jsonb(r) FROM "Results" r ORDER BY "Id"'


@dataclass(repr=False)
class Step:
    """One thing that was done: what was asked for, what stood in the product afterwards."""

    asked: list[str]
    dump: Dump
    results: list[Any]
    counters: dict[str, tuple[int, int, int, int]]
    run: Run = field(default_factory=dict)
    rebuilt: Rebuilt = field(default_factory=Rebuilt)


@dataclass(repr=False)
class Story:
    """The series, crawled twice; twice more with results; read again; taken out."""

    database: str
    steps: dict[str, Step] = field(default_factory=dict)
    records: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def counts(self, name: str, count: str) -> int:
        """A count of all items of a step's run together."""
        return sum(one["counts"].get(count, 0) for one in self.steps[name].run["items"])


def step(database: str, wiki: WikiServer, begun: int, **done: Any) -> Step:
    """What there is to see after a step; nobody else is connected."""
    return Step(
        asked(wiki, begun), dump(database), rows(database, RESULTS), written(database), **done
    )


@pytest.fixture(scope="module")
def story(postgres: Postgres, template: str, azurite: str) -> Iterator[Story]:
    """Told once for all tests of this file."""
    folder = recorded_folder() / "thethirdturn" / "badger_modified_tour"
    with cloned(postgres, template) as database, WikiServer(folder) as wiki:
        told = Story(database)

        @contextmanager
        def instance(**settings: object) -> Iterator[App]:
            app = opened(database, azurite, wiki, **settings)
            yield app
            app.close()

        for name, results in (
            ("first", False),
            ("again", False),
            ("results", True),
            ("results again", True),
        ):
            begun = len(wiki.requests)
            with instance(results_enabled=results) as app:
                run = crawled(app, SERIES, results=results)
            told.steps[name] = step(database, wiki, begun, run=run)
        for name, statement in _RECORDS.items():
            told.records[name] = rows(database, statement)
        begun = len(wiki.requests)
        with instance(results_enabled=True) as app:
            rebuilt = reparse(app, include_results=True)
        told.steps["anew"] = step(database, wiki, begun, rebuilt=rebuilt)
        with instance() as app:
            remove_source(app, "thethirdturn")
        told.steps["removed"] = step(database, wiki, len(wiki.requests))
        yield told


_RECORDS = {
    "fetches": "SELECT outcome, http_status, count(*) FROM ingest.fetches"
    " WHERE resource = 'page' GROUP BY 1, 2 ORDER BY 1 DESC",
    "pages": "SELECT kind, count(*) FILTER (WHERE revision IS NOT NULL), count(*)"
    " FROM ingest.pages GROUP BY 1 ORDER BY 1",
    "bodies": "SELECT count(*), count(DISTINCT key) FROM spoilers.pages",
    "absent": 'SELECT "StatusDetail", count(*) FROM "Results" WHERE "Status" = 2 GROUP BY 1',
    "quarantine": "SELECT reason, sum(jsonb_array_length(row -> 'rows')) FROM spoilers.quarantine"
    " GROUP BY 1",
}


def test_every_page_is_asked_for_once_after_robots_txt(story: Story) -> None:
    """17 that there are, 146 of circuits and drivers that there are not: 164 requests."""
    first = story.steps["first"]
    assert first.asked[0] == "/robots.txt"
    assert len(first.asked) == len(set(first.asked)) == 164
    assert (first.run["state"], first.run["totals"]["requests"]) == ("done", 164)
    assert story.records["fetches"] == [("ok", 200, 17), ("empty", 404, 146)]
    assert story.records["pages"] == [
        ("circuit", 0, 9),
        ("driver", 0, 137),
        ("race", 14, 14),
        ("season", 2, 2),
        ("series", 1, 1),
    ]
    assert story.records["bodies"] == [(17, 17)]


def test_a_second_crawl_asks_only_for_revisions_and_writes_nothing(story: Story) -> None:
    """About each page once, at most fifty at a time; by the server's own count, no row."""
    first, again = story.steps["first"], story.steps["again"]
    asked_about = questions(again.asked)
    titles = [title for one in asked_about for title in one]
    assert (len(asked_about), max(map(len, asked_about))) == (4, 50)
    assert len(titles) == len(set(titles)) == 163
    assert {one["outcome"] for one in again.run["items"]} == {"unchanged"}
    assert len(again.run["items"]) == 17
    assert (again.dump, again.counters) == (first.dump, first.counters)


def test_both_seasons_are_stored_with_everybody_who_entered(story: Story) -> None:
    """14 races, each of one session; addresses of year, series and number."""
    first = story.steps["first"].dump
    assert {name: len(first[name]) for name in ("Series", "Seasons", "Rounds", "Sessions")} == {
        "Series": 1,
        "Seasons": 2,
        "Rounds": 14,
        "Sessions": 14,
    }
    slug = "custom-windows-plus-badger-mod-tour-presented-by-gandrud-chevrolet"
    assert {row["Slug"] for row in first["Rounds"]} == {
        f"{year}-{slug}-{number:02}" for year in (2012, 2013) for number in range(1, 8)
    }
    assert len(first["Entrants"]) == 481
    assert len(first["Circuits"]) == 9


def test_results_come_only_with_the_opt_in(story: Story) -> None:
    """Of pages that are at hand: asked about, never asked for."""
    assert story.steps["again"].results == []
    assert questions(story.steps["results"].asked)
    tasks = {one["task"] for one in story.steps["results"].run["items"]}
    assert tasks == {"read_page", "load_page_results"}
    assert {one["task"] for one in story.steps["again"].run["items"]} == {"read_page"}


def test_every_row_of_the_tables_is_a_result_or_is_named_with_its_reason(story: Story) -> None:
    """332 of starters, 152 of those who did not qualify, three of whom raced after all."""
    assert len(story.steps["results"].results) == story.counts("results", "results") == 481
    assert dict(story.records["absent"]) == {"DNQ": 149}
    assert story.records["quarantine"] == [("not-qualified-yet-raced", 3)]


def test_results_again_change_nothing(story: Story) -> None:
    """Of the same revisions they are not even looked at."""
    before, after = story.steps["results"], story.steps["results again"]
    assert (after.dump, after.results) == (before.dump, before.results)
    assert after.counters == before.counters
    assert {one["task"] for one in after.run["items"]} == {"read_page"}


def test_everything_is_built_anew_without_a_request_and_is_as_it_was(story: Story) -> None:
    """Results included."""
    before, anew = story.steps["results again"], story.steps["anew"]
    assert anew.asked == []
    assert dict(anew.rebuilt.pages) == {"series": 1, "season": 2, "race": 14}
    assert (anew.rebuilt.rows, anew.rebuilt.results, anew.rebuilt.unusable) == (0, 0, {})
    assert (anew.dump, anew.results, anew.counters) == (
        before.dump,
        before.results,
        before.counters,
    )


def test_the_source_can_be_taken_out_as_a_whole(story: Story) -> None:
    """Its pages, as served and as known, as well."""
    removed = story.steps["removed"]
    assert not any(removed.dump.values())
    assert removed.results == []
    for name in (
        ("ingest", "pages"),
        ("ingest", "robots"),
        ("ingest", "fetches"),
        ("spoilers", "pages"),
    ):
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*name))
        assert rows(story.database, count) == [(0,)], name
