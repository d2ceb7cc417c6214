"""What is asked of the wiki: over HTTP, by settings, and in an item's payload."""

import json
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest

from functions import asked
from ingestion_core.errors import BadRequest, Unprepared
from ingestion_core.settings import Settings, settings
from ingestion_core.tasks.wanted_pages import RACE, SEASON, SERIES, Asked, aliases, places
from ingestion_core.work.items import Item, Wanted
from ingestion_core.work.pages import Follow

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def wish(body: Any) -> asked.Crawl:
    """What a body asks for."""
    return asked.wiki(func.HttpRequest("POST", "/api/wiki", body=json.dumps(body).encode()))


def test_a_series_is_asked_for_by_its_title_with_the_seasons_that_are_wanted() -> None:
    """A title as shown is one as well; without seasons, all."""
    found = wish({"series": "Lantern Cup Central", "seasons": {"from": 1949, "to": 1951}})
    assert found.series == "Lantern_Cup_Central"
    assert asked.wiki_years(found, NOW) == (1949, 1951)
    assert asked.wiki_years(wish({"series": "Lantern_Cup_Central"}), NOW) is None
    assert not found.include_results
    assert found.model_dump(by_alias=True, exclude_none=True) == {
        "series": "Lantern_Cup_Central",
        "seasons": {"from": 1949, "to": 1951},
        "index": False,
        "include_results": False,
    }


def test_the_index_is_asked_for_alone() -> None:
    """It has neither seasons nor results."""
    assert wish({"index": True}).series is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "body: give 'series'"),
        ({"index": False}, "body: give 'series'"),
        ({"series": "A", "index": True}, "body: give 'series'"),
        ({"index": True, "include_results": True}, "body: 'index' has neither"),
        ({"index": True, "seasons": {"from": 1949, "to": 1951}}, "body: 'index' has neither"),
        ({"series": 7}, "series: must be the title of a page"),
        ({"series": ""}, "series: must be the title of a page"),
        ({"series": "a[b]"}, "series: must be the title of a page"),
        ({"series": "é" * 128}, "series: must be the title of a page"),
        ({"series": "A", "seasons": 1949}, 'seasons: must be {"from": 1949, "to": 1951}'),
        ({"series": "A", "seasons": {"from": 1951, "to": 1949}}, "seasons: 'from' is after 'to'"),
        ({"series": "A", "season": 1949}, "season: "),
        ({"series": "A", "include_results": "yes"}, "include_results: "),
    ],
)
def test_what_can_not_be_meant_is_named(body: Any, named: str) -> None:
    """The field and why, never its value."""
    with pytest.raises(BadRequest) as refused:
        wish(body)
    assert str(refused.value).startswith(named)


@pytest.mark.parametrize("years", [(1889, 1950), (1949, 2028)])
def test_years_without_any_season_are_refused(years: tuple[int, int]) -> None:
    """Before anybody raced, or after next year."""
    first, last = years
    with pytest.raises(BadRequest, match=r"season \d{4} is out of range"):
        asked.wiki_years(wish({"series": "A", "seasons": {"from": first, "to": last}}), NOW)


def test_the_wiki_is_off_unless_it_is_opted_into() -> None:
    """Its licence is non-commercial."""
    needed = {"database_url": "x", "AzureWebJobsStorage": "y"}
    chosen = Settings.model_validate(needed)
    assert not chosen.thirdturn_enabled
    assert chosen.thirdturn_requests_per_minute == 20, "one per 3 s"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WIKI_CONTACT", "", "THIRDTURN_ENABLED needs WIKI_CONTACT: every request names it"),
        ("WIKI_CONTACT", "two\nlines", "WIKI_CONTACT: "),
        ("WIKI_CONTACT", "(in brackets)", "WIKI_CONTACT: "),
        ("WIKI_CONTACT", "ärger@example.org", "WIKI_CONTACT: "),
        ("THIRDTURN_BASE_URL", "thethirdturn.com", "THIRDTURN_BASE_URL: "),
        ("THIRDTURN_REQUESTS_PER_MINUTE", "0", "THIRDTURN_REQUESTS_PER_MINUTE: "),
        ("THIRDTURN_REQUESTS_PER_MINUTE", "6001", "THIRDTURN_REQUESTS_PER_MINUTE: "),
    ],
)
def test_the_wikis_settings_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """A contact stands in a header, in brackets."""
    chosen = {
        "DATABASE_URL": "postgresql://h/d",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "THIRDTURN_ENABLED": "true",
        "WIKI_CONTACT": "https://example.org/contact",
    }
    for one, its in (chosen | {name: value}).items():
        monkeypatch.setenv(one, its)
    settings.cache_clear()
    with pytest.raises(Unprepared) as refused:
        settings()
    settings.cache_clear()
    assert told in str(refused.value)
    assert "example.org" not in str(refused.value)


def item(wanted: Any) -> Item:
    """The item of what is wanted, claimed."""
    payload = json.loads(json.dumps(dict(wanted.payload)))
    return Item(1, 1, wanted.source, wanted.task, wanted.key, wanted.lane, 0, payload)


def test_what_is_asked_of_a_page_comes_back_from_its_payload() -> None:
    """Kind, moment, seasons, contexts and the wish for results."""
    question = Asked(
        "Lantern_Cup_Central",
        SERIES,
        NOW,
        years=((1949, 1951), (1960, 1960)),
        contexts={"A|1": {"year": 1949}, "A|2": {"year": 1950}},
        results=True,
    )
    assert Asked.of(item(question.item())) == question
    assert question.item().requests == 1
    assert question.item().payload["name"] == "Lantern Cup Central"


def test_the_contexts_of_twins_stand_beside_each_other() -> None:
    """A race that counts for two series is stored in both, whoever named it first."""
    once = Asked("Race", RACE, NOW, contexts={"A|1": {"series": "A"}}).item()
    twice = Asked("Race", RACE, NOW, contexts={"B|5": {"series": "B"}}).item()
    joined = dict(once.payload) | dict(twice.payload)
    both = Item(1, 1, once.source, once.task, once.key, 1, 0, joined)
    assert Asked.of(both).contexts == {"A|1": {"series": "A"}, "B|5": {"series": "B"}}


def test_of_a_series_the_seasons_asked_for_are_wanted() -> None:
    """Both ends included; one without a year only where no years were named; all else always."""
    question = Asked("S", SERIES, NOW, years=((1949, 1951),))
    wanted = {
        year: question.wants(Follow("x", SEASON, year)) for year in (1948, 1949, 1951, 1952, None)
    }
    assert wanted == {1948: False, 1949: True, 1951: True, 1952: False, None: False}
    assert question.wants(Follow("x", RACE))
    assert Asked("S", SERIES, NOW).wants(Follow("x", SEASON))


def test_twins_get_the_seasons_that_each_of_them_wants() -> None:
    """Two ranges, or all as soon as one wants all."""
    some = Asked("S", SERIES, NOW, years=((1949, 1951),)).item()
    more = Asked("S", SERIES, NOW, years=((1960, 1962),)).item()
    every = Asked("S", SERIES, NOW).item()

    def joined(*twins: Wanted) -> Asked:
        payload = {name: value for one in twins for name, value in one.payload.items()}
        return Asked.of(Item(1, 1, some.source, some.task, some.key, 1, 0, payload))

    assert joined(some, more).years == ((1949, 1951), (1960, 1962))
    assert joined(some, more).span == (1949, 1962)
    assert joined(some, every).years == joined(every, some).years == ()
    assert joined(every).span is None


def test_a_page_that_came_under_another_title_is_known_by_both() -> None:
    """The title stands among its contexts, and is no place where it is stored."""
    question = Asked("Curtis_Turner", RACE, NOW, contexts={"A|1": {"year": 1949}})
    assert question.under("Curtis_Turner") == question.contexts
    under = question.under("Curtis_Turner_(VA)")
    assert aliases(under) == ["Curtis_Turner"]
    assert places(under) == [{"year": 1949}]
