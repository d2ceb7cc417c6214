"""What is asked over HTTP: bounded, and refused with what and why."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import azure.functions as func
import pytest

from functions import asked
from ingestion_core.errors import BadRequest, NotFound, TooLarge

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def request(
    body: bytes = b"",
    route: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> func.HttpRequest:
    """A request as the host gives it to a function."""
    return func.HttpRequest(
        method="POST",
        url="/api/backfill",
        body=body,
        route_params=route or {},
        params=params or {},
        headers=headers or {},
    )


def backfill(body: Any) -> asked.Backfill:
    """A backfill asked for with this JSON."""
    return asked.backfill(request(json.dumps(body).encode()))


def seasons(body: Any, now: datetime = NOW) -> list[int]:
    """The years that it means."""
    return asked.seasons(backfill(body), now)


@pytest.mark.parametrize(
    ("body", "years"),
    [
        ({"years": {"from": 2023, "to": 2026}}, [2023, 2024, 2025, 2026]),
        ({"years": {"from": 2024, "to": 2024}}, [2024]),
        ({"years": {"from": 2027, "to": 2027}}, [2027]),
        ({"years": "all"}, [2023, 2024, 2025, 2026]),
        ({"years": "current"}, [2026]),
        ({"years": "current", "recent_days": 366}, [2026]),
        ({"years": {"from": 2023, "to": 2023}, "recent_days": 7}, [2023]),
        ({"recent_days": 7}, [2026]),
        ({"recent_days": 0}, [2026]),
        ({"recent_days": 366}, [2025, 2026]),
        ({"years": None, "recent_days": 1}, [2026]),
    ],
)
def test_a_backfill_means_these_seasons(body: Any, years: list[int]) -> None:
    """Both ends included; the next season is known beforehand."""
    assert seasons(body) == years


@pytest.mark.parametrize(
    ("day", "days", "years"),
    [
        (datetime(2026, 1, 2, tzinfo=UTC), 7, [2025, 2026]),
        (datetime(2026, 1, 10, 23, tzinfo=UTC), 7, [2025, 2026]),
        (datetime(2026, 1, 12, tzinfo=UTC), 7, [2026]),
        (datetime(2025, 12, 31, 23, tzinfo=UTC), 7, [2025]),
        (datetime(2026, 3, 1, tzinfo=UTC), 90, [2025, 2026]),
        (datetime(2023, 1, 2, tzinfo=UTC), 30, [2023]),
    ],
)
def test_recent_reaches_across_new_year(day: datetime, days: int, years: list[int]) -> None:
    """By the days asked for and a weekend more; never before the first season."""
    assert seasons({"recent_days": days}, day) == years


@pytest.mark.parametrize("spacing", [0, 5, 0.5, 3600])
def test_spacing_is_taken(spacing: float) -> None:
    """In seconds, whole or not."""
    assert backfill({"years": "all", "spacing_seconds": spacing}).spacing_seconds == spacing


REFUSED: list[tuple[bytes, str]] = [
    (b"", "the body is empty"),
    (b"  \n", "the body is empty"),
    (b"hello", "the body is not JSON"),
    (b'{"years":', "the body is not JSON"),
    (b'{"years":"all","spacing_seconds":NaN}', "the body is not JSON"),
    (b'{"recent_days":' + b"9" * 5000 + b"}", "the body is not JSON"),
    (b"\xff\xfe\xfd", "the body is not JSON"),
    (b"[" * 50_000, "the body is not JSON"),
    (b"[]", "the body must be a JSON object"),
    (b"null", "the body must be a JSON object"),
    (b'"all"', "the body must be a JSON object"),
    (b"2024", "the body must be a JSON object"),
    (b"{}", "give 'years', 'recent_days' or both"),
    (b'{"years":null}', "give 'years', 'recent_days' or both"),
    (b'{"spacing_seconds":5}', "give 'years', 'recent_days' or both"),
    (b'{"years":"everything"}', 'years: must be "all", "current" or {"from"'),
    (b'{"years":2024}', 'years: must be "all", "current" or {"from"'),
    (b'{"years":[2023,2024]}', 'years: must be "all", "current" or {"from"'),
    (b'{"years":true}', 'years: must be "all", "current" or {"from"'),
    (b'{"years":{}}', "years.from: Field required; years.to: Field required"),
    (b'{"years":{"from":2023}}', "years.to: Field required"),
    (b'{"years":{"from":"2023","to":2024}}', "years.from: Input should be a valid integer"),
    (b'{"years":{"from":2023,"to":2024.5}}', "years.to: Input should be a valid integer"),
    (b'{"years":{"from":true,"to":2024}}', "years.from: Input should be a valid integer"),
    (b'{"years":{"from":2025,"to":2023}}', "'from' is after 'to'"),
    (b'{"years":{"from":2023,"to":2024,"step":1}}', "years.step: Extra inputs"),
    (b'{"recent_days":-1}', "recent_days: Input should be greater than or equal to 0"),
    (b'{"recent_days":367}', "recent_days: Input should be less than or equal to 366"),
    (b'{"recent_days":"7"}', "recent_days: Input should be a valid integer"),
    (b'{"recent_days":true}', "recent_days: Input should be a valid integer"),
    (b'{"years":"all","spacing_seconds":-1}', "spacing_seconds: Input should be greater"),
    (b'{"years":"all","spacing_seconds":3601}', "spacing_seconds: Input should be less"),
    (b'{"years":"all","spacing_seconds":1e999}', "spacing_seconds: Input should be less"),
    (b'{"years":"all","spacing_seconds":"5"}', "spacing_seconds: Input should be a valid number"),
    (b'{"years":"all","request_key":""}', "request_key: String should have at least 1"),
    (b'{"years":"all","request_key":7}', "request_key: Input should be a valid string"),
    (b'{"year":2024}', "year: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("body", "why"), REFUSED)
def test_a_bad_body_is_refused_with_what_and_why(body: bytes, why: str) -> None:
    """400, in words that whoever asked can act on."""
    with pytest.raises(BadRequest) as refused:
        asked.backfill(request(body))
    assert why in str(refused.value)
    assert refused.value.status == 400
    assert "function-" not in str(refused.value), "no word of the library's insides"


def test_no_value_is_repeated() -> None:
    """Neither a value nor an endless name."""
    for body in ({"years": "hunter2"}, {"recent_days": "hunter2"}, {"hunter2" * 1000: 1}):
        with pytest.raises(BadRequest) as refused:
            backfill(body)
        assert str(refused.value).count("hunter2") <= 15
        assert len(str(refused.value)) < 300


def test_a_body_that_is_too_large_is_413() -> None:
    """Before anybody reads it."""
    limit = asked.MAX_BODY
    with pytest.raises(TooLarge) as refused:
        asked.backfill(request(b" " * (limit + 1)))
    assert refused.value.status == 413
    assert str(limit) in str(refused.value)
    fits = json.dumps({"years": "all"}).encode().ljust(limit)
    assert asked.backfill(request(fits)).years == "all"


@pytest.mark.parametrize("year", [1949, 2022, 2028, 9999, -1, 10**12])
def test_a_season_that_openf1_can_not_know_is_refused(year: int) -> None:
    """With the seasons that it has, alone or at either end of a range."""
    with pytest.raises(BadRequest, match="from 2023 to 2027"):
        asked.check_year(year, NOW)
    ranges = ({"from": min(year, 2024), "to": max(year, 2024)}, {"from": year, "to": year})
    for years in ranges:
        with pytest.raises(BadRequest, match=f"year {year} is out of range"):
            seasons({"years": years})


@pytest.mark.parametrize("year", [2023, 2026, 2027])
def test_a_season_that_openf1_may_know_is_taken(year: int) -> None:
    """From its first one to the next."""
    assert asked.check_year(year, NOW) == year


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.0", " 1", "1e3", "abc", "٣", "²", "2147483648", "9" * 400, "+7"]
)
def test_a_key_is_a_whole_number(text: str) -> None:
    """Of an integer column's size, in plain digits."""
    with pytest.raises(BadRequest, match="'key' must be a whole number from 1 to 2147483647"):
        asked.number(request(route={"key": text}), "key")


def test_a_key_is_read() -> None:
    """Up to the largest; a missing one is a bad one."""
    assert asked.number(request(route={"key": "1229"}), "key") == 1229
    assert asked.number(request(route={"key": "2147483647"}), "key") == 2**31 - 1
    with pytest.raises(BadRequest):
        asked.number(request(), "key")


@pytest.mark.parametrize("text", ["", "7", "not-a-uuid", "x" * 36])
def test_a_run_that_is_no_uuid_is_not_found(text: str) -> None:
    """404, as any other run that is not there."""
    with pytest.raises(NotFound):
        asked.run_id(request(route={"run": text}))


def test_a_run_is_read() -> None:
    """As the backfill's answer gave it."""
    run = UUID(int=7)
    assert asked.run_id(request(route={"run": str(run)})) == run


@pytest.mark.parametrize("text", ["0", "201", "-1", "all", "", "9" * 400])
def test_a_limit_out_of_range_is_refused(text: str) -> None:
    """With the range."""
    with pytest.raises(BadRequest, match="'limit' must be a whole number from 1 to 200"):
        asked.limit(request(params={"limit": text}), usual=20, largest=200)


def test_a_limit_is_read() -> None:
    """Or the usual one."""
    assert asked.limit(request(params={"limit": "200"}), usual=20, largest=200) == 200
    assert asked.limit(request(), usual=20, largest=200) == 20


def test_a_request_key_is_the_bodys_or_the_headers() -> None:
    """The body's first; none is none."""
    with_header = request(headers={"Idempotency-Key": "h"})
    assert asked.request_key(with_header, "b") == "b"
    assert asked.request_key(with_header) == "h"
    assert asked.request_key(request()) is None


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x00b", "a\nb"])
def test_a_bad_request_key_is_named_where_it_stood(key: str) -> None:
    """In the header or in the body."""
    with pytest.raises(BadRequest, match=r"^'Idempotency-Key' must be"):
        asked.request_key(request(headers={"Idempotency-Key": key}))
    with pytest.raises(BadRequest, match=r"^'request_key' must be"):
        asked.request_key(request(), key)
