"""The calendar moves: who is who stays, and no number is taken twice, at every commit."""

import itertools
from collections.abc import Callable
from contextlib import closing, suppress

import psycopg
import pytest

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.rows import Row
from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.faults.breaking import Once, statement
from tests.faults.seasons import BROKEN, UNLIMITED, YEAR, app_on, finish
from tests.support.drain import deliver, letters
from tests.support.product import Dump, dump, rows
from tests.support.results import only

TESTING, BAHRAIN, JEDDAH, MELBOURNE, SUZUKA = 1228, 1229, 1230, 1231, 1232
AGAIN, MORE_TESTING = 1299, 1300
#: Every so many statements one fails, at each delivery a later one.
EVERY = 4

# The database watches: what is rolled back is not in its journal, what is committed is. Whether a
# number is taken twice is looked at when a transaction commits.
_WATCH = """
CREATE SCHEMA watch;
CREATE TABLE watch.journal (name text, was jsonb, became jsonb);
CREATE TABLE watch.doubles (slug text, number int);
CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO watch.journal VALUES (TG_TABLE_NAME, to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
END $$;
CREATE FUNCTION watch.count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO watch.doubles SELECT one."Slug", one."RoundNumber"
    FROM "Rounds" one JOIN "Rounds" other USING ("SeasonId", "RoundNumber")
    WHERE one."RoundNumber" > 0 AND one."Id" <> other."Id";
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER count AFTER INSERT OR UPDATE ON "Rounds"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch.count();
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON "Rounds"
    FOR EACH ROW EXECUTE FUNCTION watch.note();
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON "Sessions"
    FOR EACH ROW EXECUTE FUNCTION watch.note();
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON "Drivers"
    FOR EACH ROW EXECUTE FUNCTION watch.note()
"""
#: What makes a row who it is: it never changes, once it is there.
_ELSE = """
SELECT name, key FROM watch.journal,
    unnest(ARRAY['Id', 'Slug', 'SeasonId', 'RoundId', 'Type', 'OpenF1MeetingKey',
                 'OpenF1SessionKey']) AS key
WHERE became IS NULL OR was ->> key <> became ->> key
"""
_TWICE = """
SELECT name, became ->> 'Id' FROM watch.journal WHERE was IS NULL GROUP BY 1, 2 HAVING count(*) > 1
"""
_NUMBERS = 'SELECT "OpenF1MeetingKey", "RoundNumber" FROM "Rounds"'


def moved(row: Row, was: str, becomes: str, **others: object) -> Row:
    """A row with other days, and whatever else is to be different in it."""
    return {
        name: value.replace(was, becomes) if name.startswith("date_") else value
        for name, value in (row | others).items()
    }


def rescheduled(replay: ReplayServer) -> None:
    """Jeddah's days become those of a week after Suzuka."""
    for name in ("meetings", "sessions"):
        found = replay.rows.of(name)
        replay.rows.replace(
            name,
            [
                moved(one, "2024-03-0", "2024-04-1") if one["meeting_key"] == JEDDAH else one
                for one in found
            ],
        )


def cancelled(replay: ReplayServer, so: bool = True) -> None:
    """Melbourne is off."""
    for name in ("meetings", "sessions"):
        replay.rows.change(name, {"meeting_key": MELBOURNE}, {"is_cancelled": so})


def on_after_all(replay: ReplayServer) -> None:
    """Or not: whatever comes after it gets another number."""
    cancelled(replay, False)


def its(one: Row) -> Row:
    """What a copied row has of its own."""
    return {"session_key": one.get("session_key", 0) + 1000, "is_cancelled": False}


def copied(replay: ReplayServer, meeting: int, key: int, was: str, becomes: str) -> None:
    """A meeting like another one, on other days, under keys of its own."""
    for name in ("meetings", "sessions", "drivers"):
        replay.rows.change(
            name,
            {"meeting_key": -1},
            add=[
                moved(one, was, becomes, meeting_key=key)
                | {name: other for name, other in its(one).items() if name in one}
                for one in replay.rows.of(name)
                if one["meeting_key"] == meeting
            ],
        )


def held_again(replay: ReplayServer) -> None:
    """Melbourne's name and place a second time, in May."""
    copied(replay, MELBOURNE, AGAIN, "2024-03-", "2024-05-")


def added_test(replay: ReplayServer) -> None:
    """A second test, before the first, of the same name."""
    copied(replay, TESTING, MORE_TESTING, "2024-02-2", "2024-02-1")


#: What happens, and which meeting has which number from then on.
CHANGES: list[tuple[Callable[[ReplayServer], None], dict[int, int]]] = [
    (lambda _: None, {TESTING: 0, BAHRAIN: 1, JEDDAH: 2, MELBOURNE: 3, SUZUKA: 4}),
    (rescheduled, {MELBOURNE: 2, SUZUKA: 3, JEDDAH: 4}),
    (cancelled, {MELBOURNE: 0, SUZUKA: 2, JEDDAH: 3}),
    (held_again, {AGAIN: 4}),
    (on_after_all, {MELBOURNE: 2, SUZUKA: 3, JEDDAH: 4, AGAIN: 5}),
    (added_test, {MORE_TESTING: 0}),
]


def steadily(app: App) -> None:
    """Read all that is sent."""
    for task, message in letters(app):
        deliver(app, task, message)


class Breaking:
    """Reads all that is sent, each message again and again: it breaks off later each time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.once = Once()
        self.broke = self.step = 0
        statement(monkeypatch, self.once)

    def __call__(self, app: App) -> None:
        self.step += 1
        for task, message in letters(app):
            for nth in itertools.count(1 + self.step % EVERY, EVERY):
                self.once.arm(nth)
                with suppress(*BROKEN):
                    deliver(app, task, message)
                struck = self.once.struck
                self.once.arm(0)
                if not struck:
                    break
                self.broke += 1


def through_all(database: str, azurite: str, read: Callable[[App], None]) -> Dump:
    """One change after the other, the season read after each; what is there in the end."""
    numbers: dict[int, int] = {}
    with ReplayServer(limits=UNLIMITED) as replay:
        only(replay, TESTING, BAHRAIN, JEDDAH, MELBOURNE, SUZUKA)
        with closing(app_on(database, azurite, replay, results=False)) as app:
            for change, becomes in CHANGES:
                change(replay)
                backfill.backfill(app, [YEAR], {"years": YEAR})
                read(app)
                read(app)
                finish(app)
                numbers |= becomes
                assert dict(rows(database, _NUMBERS)) == numbers
    return dump(database)


def test_whatever_becomes_of_the_calendar_who_is_who_stays_at_every_commit(
    postgres: Postgres, template: str, azurite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rescheduled, cancelled, held again under a new key, renumbered, a test added: with a
    statement failing at every turn the rows are those of an undisturbed run."""
    with cloned(postgres, template) as database:
        undisturbed = through_all(database, azurite, steadily)
    with cloned(postgres, template) as database:
        with psycopg.connect(database) as db:
            db.execute(_WATCH)
        reading = Breaking(monkeypatch)
        found = through_all(database, azurite, reading)
        assert reading.broke > 60
        assert rows(database, _ELSE) == []
        assert rows(database, _TWICE) == []
        assert rows(database, "SELECT * FROM watch.doubles") == []
    assert [name for name in undisturbed if found[name] != undisturbed[name]] == []
    assert len(found["Rounds"]) == 7
    assert len(found["Sessions"]) == 4 * 5 + 5 + 2 * 3
