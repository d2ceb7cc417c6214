"""Carrying out what was released without a host: what the database says is in the queues."""

import random
from collections.abc import Mapping

from ingestion_core.tasks import (
    discover,
    import_season,
    load_page_results,
    load_results,
    load_season_results,
    opt_in,
    read_page,
    sync_meeting,
    wanted_pages,
)
from ingestion_core.tasks.app import App
from ingestion_core.tasks.run import Task, run
from ingestion_core.work.messages import Message

TASKS: Mapping[str, tuple[str, Task]] = {
    discover.TASK: ("years", discover.discover_year),
    sync_meeting.TASK: ("meetings", sync_meeting.sync_meeting),
    import_season.TASK: ("archive-seasons", import_season.import_season),
    opt_in.TASK: ("results", load_results.load_results),
    opt_in.SEASON_TASK: ("results", load_season_results.load_season_results),
    wanted_pages.TASK: ("wiki-pages", read_page.read_page),
    opt_in.PAGE_TASK: ("results", load_page_results.load_page_results),
}


def letters(app: App) -> list[tuple[str, Message]]:
    """The messages that were sent and not yet carried out, in order of their items."""
    with app.db() as db:
        return [
            (task, Message(item=item, release=release, key=key))
            for task, item, release, key in db.execute(
                "SELECT task, item, release, key FROM ingest.items"
                " WHERE state = 'sent' ORDER BY item"
            )
        ]


def deliver(app: App, task: str, message: Message) -> None:
    """Hand one message to its task, as a queue function does."""
    queue, function = TASKS[task]
    run(app, queue, {task: function}, message.body().encode())


def drain(app: App, shuffle: random.Random | None = None) -> int:
    """Carry out everything that is sent until nothing is; how many messages."""
    done = 0
    while batch := letters(app):
        if shuffle:
            shuffle.shuffle(batch)
        for task, message in batch:
            deliver(app, task, message)
            done += 1
    return done
