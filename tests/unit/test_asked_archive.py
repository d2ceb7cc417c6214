"""What is asked of the archive over HTTP: bounded, and refused with what and why."""

import json
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest

from functions import asked
from ingestion_core.errors import BadRequest, TooLarge

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def wish(body: bytes) -> asked.Import:
    """What a body asks for."""
    return asked.archive(func.HttpRequest("POST", "/api/archive", body=body))


def seasons(body: Any) -> list[int]:
    """The years that it means."""
    return asked.archive_seasons(wish(json.dumps(body).encode()), NOW)


@pytest.mark.parametrize(
    ("body", "years"),
    [
        ({}, range(1950, 2027)),
        ({"seasons": None}, range(1950, 2027)),
        ({"seasons": {"from": 1950, "to": 2024}}, range(1950, 2025)),
        ({"seasons": {"from": 1957, "to": 1957}}, range(1957, 1958)),
        ({"seasons": {"from": 2027, "to": 2027}}, range(2027, 2028)),
    ],
)
def test_an_import_means_these_seasons(body: Any, years: range) -> None:
    """Both ends included; without any, all up to the present one's."""
    assert seasons(body) == list(years)


def test_results_and_a_request_key_are_taken() -> None:
    """And no results without a word."""
    assert not wish(b"{}").include_results
    found = wish(b'{"include_results": true, "request_key": "k"}')
    assert (found.include_results, found.request_key) == (True, "k")
    assert wish(b'{"seasons": {"from": 1950, "to": 2024}}').model_dump(
        by_alias=True, exclude_none=True
    ) == {"seasons": {"from": 1950, "to": 2024}, "include_results": False}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", 'the body is empty: send JSON, for example {"seasons": {"from": 1950, "to": 2024}}'),
        (b"archive", "the body is not JSON"),
        (b"[]", "the body must be a JSON object"),
        (b'{"seasons":"all"}', 'seasons: must be {"from": 1950, "to": 2024}'),
        (b'{"seasons":1957}', 'seasons: must be {"from": 1950, "to": 2024}'),
        (b'{"seasons":[1957]}', 'seasons: must be {"from": 1950, "to": 2024}'),
        (b'{"seasons":{}}', "seasons.from: Field required; seasons.to: Field required"),
        (b'{"seasons":{"from":"1950","to":2024}}', "seasons.from: Input should be a valid integer"),
        (b'{"seasons":{"from":1950,"to":1957.5}}', "seasons.to: Input should be a valid integer"),
        (b'{"seasons":{"from":2024,"to":1950}}', "'from' is after 'to'"),
        (b'{"seasons":{"from":1950,"to":2024,"step":1}}', "seasons.step: Extra inputs"),
        (b'{"include_results":"yes"}', "include_results: Input should be a valid boolean"),
        (b'{"request_key":""}', "request_key: String should have at least 1 character"),
        (b'{"years":"all"}', "years: Extra inputs"),
    ],
)
def test_a_bad_body_is_refused_by_name(body: bytes, why: str) -> None:
    """What and why, never the value."""
    with pytest.raises(BadRequest) as refused:
        wish(body)
    assert why in str(refused.value)


@pytest.mark.parametrize("year", [-1, 0, 1949, 2028, 10**9])
def test_a_season_that_no_archive_has_is_refused(year: int) -> None:
    """At either end of the range."""
    for first, last in ((min(year, 1957), max(year, 1957)), (year, year)):
        with pytest.raises(BadRequest, match=f"season {year} is out of range.* 1950, and 2027"):
            seasons({"seasons": {"from": first, "to": last}})


def test_a_body_larger_than_any_request_is_refused() -> None:
    """As for every other door."""
    with pytest.raises(TooLarge):
        wish(b"{" + b" " * asked.MAX_BODY + b"}")
