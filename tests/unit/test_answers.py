"""What whoever asks over HTTP is told: JSON, or what went wrong and why."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import azure.functions as func
import pytest
from azure.core.exceptions import ServiceRequestError
from psycopg import errors
from psycopg_pool import PoolTimeout

from functions.answers import answer, door
from ingestion_core.errors import BadRequest, Conflict, NotFound, TooLarge, Unprepared

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
REQUEST = func.HttpRequest("GET", "/api/runs", body=b"")
TOLD = "what and why"
#: What an error of a library may say of the inside.
SECRET = "statement on host=secret"
DATABASE, AWAY = "Database unavailable", "The database does not answer."


@pytest.mark.parametrize(
    ("error", "status", "title", "detail"),
    [
        (BadRequest(TOLD), 400, "Bad request", TOLD),
        (TooLarge(TOLD), 413, "Body too large", TOLD),
        (NotFound(TOLD), 404, "Not found", TOLD),
        (Conflict(TOLD), 409, "Conflict", TOLD),
        (Unprepared(TOLD), 503, "Not prepared", TOLD),
        (PoolTimeout(SECRET), 503, DATABASE, AWAY),
        (errors.AdminShutdown(SECRET), 503, DATABASE, AWAY),
        (
            errors.LockNotAvailable(SECRET),
            503,
            DATABASE,
            "Somebody else is writing what this needs: try again in a moment.",
        ),
        (
            errors.QueryCanceled(SECRET),
            503,
            DATABASE,
            "A statement took longer than DATABASE_TIMEOUT_SECONDS allows.",
        ),
        (
            errors.ReadOnlySqlTransaction(SECRET),
            503,
            DATABASE,
            "The database takes no changes for now.",
        ),
        (
            ServiceRequestError(SECRET),
            503,
            "Storage unavailable",
            "The queues do not answer; what was asked is kept.",
        ),
    ],
)
def test_what_went_wrong_is_a_problem_that_tells_what_to_do_and_nothing_of_the_inside(
    error: Exception, status: int, title: str, detail: str
) -> None:
    """RFC 9457, for whoever asked."""

    @door
    def refuse(req: func.HttpRequest) -> func.HttpResponse:
        raise error

    told = refuse(REQUEST)
    assert (told.status_code, told.mimetype) == (status, "application/problem+json")
    assert json.loads(told.get_body()) == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }


def test_a_bug_is_no_problem_of_whoever_asked() -> None:
    """It raises to the host, which answers 500 and logs it."""

    @door
    def broken(req: func.HttpRequest) -> func.HttpResponse:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        broken(REQUEST)


def test_an_answer_is_json_with_instants_in_utc() -> None:
    """Whatever the offset of the instant; never kept by a cache."""
    elsewhere = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+02:00").tzinfo)
    told = answer({"at": elsewhere, "run": UUID(int=1), "name": "São"}, 202, {"Location": "/x"})
    assert told.status_code == 202
    assert told.headers["Location"] == "/x"
    assert told.headers["Cache-Control"] == "no-store"
    assert json.loads(told.get_body()) == {
        "at": "2026-08-01T12:00:00+00:00",
        "run": str(UUID(int=1)),
        "name": "São",
    }


def test_what_has_no_form_in_json_is_a_bug() -> None:
    """It is not shown as whatever its repr says."""
    with pytest.raises(TypeError, match="timedelta"):
        answer({"x": timedelta(1)})
