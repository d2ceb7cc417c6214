"""What whoever asks over HTTP is told when it could not be done."""

import json

import azure.functions as func
import pytest
from azure.core.exceptions import ServiceRequestError
from psycopg import errors
from psycopg_pool import PoolTimeout

from functions.answers import door
from ingestion_core.errors import NotFound, Unprepared

AWAY = "The database does not answer."


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (NotFound("there is no such run"), 404, "there is no such run"),
        (Unprepared("schema ingest lacks 0001"), 503, "schema ingest lacks 0001"),
        (PoolTimeout("couldn't get a connection to host=secret"), 503, AWAY),
        (errors.AdminShutdown("terminating connection of secret"), 503, AWAY),
        (
            errors.LockNotAvailable("canceling statement on secret"),
            503,
            "Somebody else is writing what this needs: try again in a moment.",
        ),
        (
            errors.QueryCanceled("canceling statement on secret"),
            503,
            "A statement took longer than DATABASE_TIMEOUT_SECONDS allows.",
        ),
        (
            errors.ReadOnlySqlTransaction("cannot execute INSERT of secret"),
            503,
            "The database takes no changes for now.",
        ),
        (
            ServiceRequestError("no route to secret"),
            503,
            "The queues do not answer; what was asked is kept.",
        ),
    ],
)
def test_whoever_asked_is_told_what_to_do_and_nothing_of_the_inside(
    error: Exception, status: int, detail: str
) -> None:
    """As a problem, with what can be acted on."""

    @door
    def refuses(req: func.HttpRequest) -> func.HttpResponse:
        raise error

    answer = refuses(func.HttpRequest("GET", "/api/runs", body=b""))
    told = json.loads(answer.get_body())
    assert (answer.status_code, told["status"], told["detail"]) == (status, status, detail)
    assert answer.mimetype == "application/problem+json"
    assert "secret" not in answer.get_body().decode()
