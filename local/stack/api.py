"""The app's HTTP API, as far as a run uses it."""

import http.client
import json
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from local.stack.home import StackError

ItemState = Literal["waiting", "sent", "running", "done", "failed", "cancelled", "withheld"]


class Item(BaseModel):
    """A unit of a run's work."""

    item: int
    task: str
    key: str
    name: str | None = None
    state: ItemState
    outcome: str | None = None
    error: str | None = None
    counts: dict[str, int] | None = None


class Totals(BaseModel):
    """Sums over a run's items."""

    requests: int = 0


class Run(BaseModel):
    """GET /api/runs/{id}."""

    run: str
    state: Literal["running", "done", "failed", "cancelled"]
    expected: int
    done: int
    failed: int
    last_error: str | None = None
    eta_seconds: float | None = None
    totals: Totals = Totals()
    items: list[Item] = []


class Api:
    """The app at ``base``, such as http://127.0.0.1:7071, opened by its function key."""

    def __init__(self, base: str, key: str) -> None:
        self.base = base
        self._address = urlsplit(base).netloc
        self._key = key

    def is_live(self) -> bool:
        """Whether the app answers yet."""
        try:
            return self._ask("GET", "/api/health/live")[0] == 200
        except OSError:
            return False

    def backfill(self, years: tuple[int, int], include_results: bool = False) -> str:
        """Ask for the years, first and last included; the path of the run that was made.

        Raises:
            StackError: the app said no, or nothing.
        """
        return self._start("/api/backfill", "years", years, include_results)

    def import_archive(self, seasons: tuple[int, int], include_results: bool = False) -> str:
        """The same for seasons of the archive."""
        return self._start("/api/archive", "seasons", seasons, include_results)

    def crawl(self, series: str, seasons: tuple[int, int], include_results: bool = False) -> str:
        """The same for seasons of a series of The Third Turn, by the title of its page."""
        return self._start("/api/wiki", "seasons", seasons, include_results, series=series)

    def _start(
        self,
        path: str,
        what: str,
        years: tuple[int, int],
        include_results: bool,
        **more: object,
    ) -> str:
        first, last = years
        asked: dict[str, object] = {**more, what: {"from": first, "to": last}}
        if include_results:
            asked["include_results"] = True
        status, headers, body = self._ask("POST", path, asked)
        if status != 202:
            raise StackError(f"{path} was answered {status}: {_gist(body)}")
        return urlsplit(headers["Location"]).path

    def run(self, path: str) -> Run:
        """How the run stands.

        Raises:
            StackError: the app does not tell.
        """
        status, _, body = self._ask("GET", path)
        if status != 200:
            raise StackError(f"{path} was answered {status}: {_gist(body)}")
        try:
            return Run.model_validate_json(body)
        except ValidationError as error:
            raise StackError(f"{path} is not a run: {error.errors()[0]['msg']}") from None

    def _ask(
        self, method: str, path: str, body: object = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        headers = {"x-functions-key": self._key, "Content-Type": "application/json"}
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()


def _gist(body: str) -> str:
    """A problem's detail, or the start of whatever it is."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return str(problem.get("detail") or problem.get("title") or problem)[:300]
    return " ".join(body.split())[:300] or "without a word"
