"""The app: everything a task needs, made when first needed and kept for the process's life."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from psycopg_pool import PoolTimeout

from ingestion_core.credentials import database_password
from ingestion_core.database.connection import WAIT, Password, Pool, connect, open_pool
from ingestion_core.database.dsn import to_conninfo
from ingestion_core.database.prepare import check_product, ensure_current, pending
from ingestion_core.database.roles import ActingConnection, Role, choose
from ingestion_core.errors import Unprepared
from ingestion_core.quality.states import Policy
from ingestion_core.settings import Settings, settings
from ingestion_core.sources import ergast, openf1, thethirdturn
from ingestion_core.sources.http import HttpClient
from ingestion_core.sources.openf1.client import OpenF1
from ingestion_core.sources.thethirdturn import robots
from ingestion_core.sources.thethirdturn.client import Wiki
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.kept_answers import KeptAnswers
from ingestion_core.work import release as timetable
from ingestion_core.work import robots as kept_robots
from ingestion_core.work import sources
from ingestion_core.work.account import Account
from ingestion_core.work.gate import PATIENCE, Gate
from ingestion_core.work.queues import Queues

#: How we name ourselves to sources.
USER_AGENT = "parcferme-ingestion/1"
#: An archive behind an address is downloaded once for a whole import: this only bounds a mistake.
_ARCHIVE_PER_MINUTE = 60
#: A page takes the wiki 1.4 s to render; the largest, at a bad hour, many times that.
_WIKI_TIMEOUT_SECONDS = 30.0


class App:
    """Settings, database, queues and sources of one process.

    Args:
        chosen: the settings.
        keeps: whether anything of what it does is kept. Where not, our schema must be up to date,
            what is written is rolled back, and nothing is sent; only the gates of sources are as
            ever, since requests are real.
        role: what it acts as in the database, with every statement, where there are roles.
    """

    def __init__(self, chosen: Settings, *, keeps: bool = True, role: Role = Role.INGEST) -> None:
        self.settings = chosen
        self.keeps = keeps
        self.role = role
        self._others: dict[Role, App] = {}
        self._allowed: frozenset[Role] = frozenset()
        self.account = Account(
            connection_string=chosen.azurewebjobsstorage,
            queues=chosen.storage_queues,
            blobs=chosen.storage_blobs,
            identity=chosen.storage_credential,
            client_id=chosen.storage_client_id,
        )
        self.queues = Queues(self.account)
        self.kept_answers = KeptAnswers()
        self._lock = threading.Lock()
        self._pool: Pool | None = None

    @property
    def pool(self) -> Pool:
        """The database, prepared: our schemas current, the product's tables as we need them.

        Raises:
            Unprepared: they are not, or DATABASE_URL is no connection string.
            PoolTimeout: the server is away.
        """
        # Whoever comes while it is opened must not wait for its failure, and then for its own.
        if not self._lock.acquire(timeout=WAIT):
            raise PoolTimeout("the database is still being opened")
        try:
            if self._pool is None:
                self._pool = self._open()
            return self._pool
        finally:
            self._lock.release()

    @property
    def database_password(self) -> Password | None:
        """What gives the password of the next connection; None where DATABASE_URL has it."""
        identity = self.settings.database_credential
        if identity is None:
            return None
        return database_password(identity, self.settings.database_client_id)

    @contextmanager
    def db(self) -> Iterator[ActingConnection]:
        """A connection on which every statement commits by itself."""
        if self.keeps:
            with self.pool.connection() as connection:
                yield connection
        else:
            with self.transaction() as connection:
                yield connection

    @contextmanager
    def transaction(self) -> Iterator[ActingConnection]:
        """A connection in a transaction: all of it, or, on any error, nothing."""
        with (
            self.pool.connection() as connection,
            connection.transaction(force_rollback=not self.keeps),
        ):
            yield connection

    @contextmanager
    def bare(self, role: Role | None = None) -> Iterator[ActingConnection]:
        """A connection to the database as it is: nothing is checked or brought up to date.

        Args:
            role: what to act as instead of what the app does.

        Raises:
            Unprepared: DATABASE_URL is no connection string.
        """
        seconds = self.settings.database_timeout_seconds
        chosen = role or self.role
        with connect(self._conninfo(), seconds, self.database_password, chosen) as connection:
            yield connection

    def acting(self, role: Role) -> "App":
        """The app in another role, on connections of its own, which are closed with this one's.

        Where the database has no roles, or not this one for our login, it is this one: what the
        role would allow is denied by the database then.
        """
        _ = self.pool  # opened, it is known what the login may become
        if choose(role, self._allowed) == choose(self.role, self._allowed):
            return self
        with self._lock:
            return self._others.setdefault(role, App(self.settings, keeps=self.keeps, role=role))

    @functools.cached_property
    def openf1(self) -> OpenF1:
        """OpenF1 behind its gate."""
        return self.openf1_with(PATIENCE)

    def openf1_with(self, patience: float) -> OpenF1:
        """OpenF1 for whoever waits at its gate for so many seconds; to be closed by them."""
        chosen = self.settings
        gate = self._openf1_gate(self.pool, patience)
        http = HttpClient(gate, chosen.openf1_timeout_seconds, USER_AGENT)
        return OpenF1(http, chosen.openf1_base_url, chosen.openf1_username, chosen.openf1_password)

    @functools.cached_property
    def wiki(self) -> Wiki:
        """The Third Turn behind its gate; every request names whom the wiki can turn to."""
        chosen = self.settings
        agent = f"{USER_AGENT} (+{chosen.wiki_contact})"
        http = HttpClient(self.wiki_gate, _WIKI_TIMEOUT_SECONDS, agent)
        return Wiki(http, chosen.thirdturn_base_url)

    @functools.cached_property
    def wiki_gate(self) -> Gate:
        """What every request to The Third Turn passes."""
        return self._wiki_gate(self.pool)

    @property
    def archive_gate(self) -> Gate:
        """What every request for the archive passes, where it is behind an address."""
        return Gate(self.pool, ergast.SOURCE, _ARCHIVE_PER_MINUTE)

    def release(self, source: str) -> int:
        """Send the source's items that are due; to be called by whoever committed items."""
        return timetable.release(self.pool, self.queues, source) if self.keeps else 0

    def release_all(self) -> int:
        """The same for every source."""
        with self.db() as db:
            names = sources.names(db)
        return sum(self.release(name) for name in names)

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        return datetime.now(UTC)

    def policy(self) -> Policy:
        """What is wished for here, at this moment: what coverage is held against."""
        embargo = timedelta(hours=self.settings.results_embargo_hours)
        return Policy(self.settings.results_enabled, embargo, self.now())

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        for other in self._others.values():
            other.close()
        self.queues.close()
        for name in ("openf1", "wiki"):
            asking = self.__dict__.pop(name, None)
            if asking is not None:
                asking.close()
        self.__dict__.pop("wiki_gate", None)
        with self._lock:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    def _open(self) -> Pool:
        seconds = self.settings.database_timeout_seconds
        pool = open_pool(self._conninfo(), seconds, password=self.database_password, role=self.role)
        try:
            with pool.connection() as connection:
                self._allowed = connection.allowed
                if not self.keeps and (missing := pending(connection)):
                    raise Unprepared(
                        f"schema ingest lacks {', '.join(missing)}: run"
                        " `python -m ingestion_core migrate`"
                    )
                ensure_current(connection)
                check_product(connection)
            if self.keeps:
                self._register(pool)
        except BaseException:
            pool.close()
            raise
        return pool

    def _register(self, pool: Pool) -> None:
        """Make the sources known, with their paces; put off what is not opted into."""
        with pool.connection() as connection, connection.transaction():
            opt_in.withhold(connection, self.settings)
        self._openf1_gate(pool).register()
        if self.settings.archive_url is not None:
            Gate(pool, ergast.SOURCE, _ARCHIVE_PER_MINUTE).register()
        if self.settings.thirdturn_enabled:
            with pool.connection() as connection:
                known = kept_robots.kept(connection, thethirdturn.SOURCE)
            delay = robots.rules(known.status, known.text).delay if known else 0
            self._wiki_gate(pool).register(delay)

    def _conninfo(self) -> str:
        try:
            return to_conninfo(self.settings.database_url.get_secret_value())
        except ValueError as error:
            raise Unprepared(f"settings: DATABASE_URL: {error}") from None

    def _wiki_gate(self, pool: Pool) -> Gate:
        # Its etiquette is a distance between two requests, no number of them in a minute.
        per_minute = self.settings.thirdturn_requests_per_minute
        return Gate(pool, thethirdturn.SOURCE, per_minute, spaced=True)

    def _openf1_gate(self, pool: Pool, patience: float = PATIENCE) -> Gate:
        return Gate(
            pool,
            openf1.SOURCE,
            self.settings.openf1_requests_per_minute,
            subscribed=self.settings.openf1_username is not None,
            patience=patience,
        )


@functools.cache
def app() -> App:
    """The process's app."""
    return App(settings())


@functools.cache
def rehearsing() -> App:
    """The same for whoever wants to see what something would come to: nothing is kept."""
    return App(settings(), keeps=False)
