"""What is over for three months goes; what is open, or younger, stays."""

from ingestion_core.tasks.app import App
from ingestion_core.tasks.housekeeping import keep_house
from ingestion_core.work import items
from ingestion_core.work.purge import purge
from tests.support.work import claimed, enqueue, execute, meeting, new_run, rows

_AGE = """
UPDATE ingest.items SET closed_at = now() - %s::interval WHERE key = %s
"""


def closed(app: App, key: int, age: str, state: str = "done") -> None:
    """An item of a run, both that old."""
    run = new_run(app)
    with app.db() as db:
        items.close(db, claimed(app, meeting(key), runs=[run]), state)
    execute(app, _AGE, age, str(key))
    execute(
        app, "UPDATE ingest.runs SET created_at = now() - %s::interval WHERE run = %s", age, run
    )


def left(app: App) -> list[str]:
    return [one["key"] for one in rows(app, "SELECT key FROM ingest.items ORDER BY key")]


def purged(app: App) -> int:
    with app.db() as db:
        return purge(db)


def test_items_go_ninety_days_after_they_closed(app: App) -> None:
    """However they ended; an hour before that they are still there."""
    closed(app, 1, "90 days 1 hour")
    closed(app, 2, "90 days 1 hour", state="failed")
    closed(app, 3, "89 days 23 hours")
    assert purged(app) == 2
    assert left(app) == ["3"]


def test_an_open_item_never_goes(app: App) -> None:
    """It may wait for years, with its run."""
    run = new_run(app)
    enqueue(app, meeting(1), runs=[run])
    execute(app, "UPDATE ingest.items SET not_before = now() - interval '5 years'")
    execute(app, "UPDATE ingest.runs SET created_at = now() - interval '5 years'")
    assert purged(app) == 0
    assert left(app) == ["1"]
    assert len(rows(app, "SELECT FROM ingest.runs")) == 1


def test_a_run_goes_when_its_last_item_has_gone(app: App) -> None:
    """Not the run that still has a younger one."""
    closed(app, 1, "91 days")
    closed(app, 2, "91 days")
    execute(app, _AGE, "1 day", "2")
    purged(app)
    purged(app)
    assert [one["n"] for one in rows(app, "SELECT count(*) AS n FROM ingest.runs")] == [1]
    assert left(app) == ["2"]


def test_the_timer_purges(app: App) -> None:
    """With the rest of what it does beside looking for meetings."""
    closed(app, 1, "91 days")
    keep_house(app)
    assert left(app) == []
