"""Answers: JSON, and problems as RFC 9457 has them. No answer ever holds a text of an exception
that was not written for whoever asked."""

import functools
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from uuid import UUID

import azure.functions as func
from azure.core.exceptions import AzureError

from ingestion_core.database.troubles import PASSING, refusal
from ingestion_core.errors import BadRequest, Unprepared

log = logging.getLogger(__name__)

Door = Callable[[func.HttpRequest], func.HttpResponse]


def answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """An answer in JSON; instants are ISO 8601 in UTC."""
    return func.HttpResponse(
        json.dumps(body, default=_plain, ensure_ascii=False),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        mimetype="application/json",
    )


def accepted(run: UUID) -> func.HttpResponse:
    """A run was begun: 202, and where it can be watched."""
    where = f"/api/runs/{run}"
    return answer({"run": run, "status": where}, status=202, headers={"Location": where})


def problem(status: int, title: str, detail: str) -> func.HttpResponse:
    """What went wrong and why, as application/problem+json."""
    return func.HttpResponse(
        json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}),
        status_code=status,
        headers={"Cache-Control": "no-store"},
        mimetype="application/problem+json",
    )


def door(function: Door) -> Door:
    """Turn what a door raises on purpose into the problem that whoever asked can act on."""

    @functools.wraps(function)
    def opened(req: func.HttpRequest) -> func.HttpResponse:
        try:
            return function(req)
        except BadRequest as error:
            return problem(error.status, error.title, str(error))
        except Unprepared as error:
            log.error("%s", error, extra={"action": "unprepared"})
            return problem(503, "Not prepared", str(error))
        except PASSING as error:
            why = refusal(error) or "the database does not answer"
            log.exception("%s", why, extra={"action": "unavailable"})
            return problem(503, "Database unavailable", f"{why[0].upper()}{why[1:]}.")
        except AzureError:
            # The items are committed; the timer sends what could not be sent.
            log.exception("the storage does not answer", extra={"action": "unavailable"})
            return problem(
                503, "Storage unavailable", "The queues do not answer; what was asked is kept."
            )

    return opened


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
