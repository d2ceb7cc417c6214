"""What is remembered of an item that was given back, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime

from ingestion_core.sources.openf1.client import Reply
from ingestion_core.tasks.kept_answers import MAX_AGE, MAX_ITEMS, MAX_ROWS, KeptAnswers
from ingestion_core.work.items import Item

QUESTION = ("sessions", "meeting_key", 1229)
ITEM = Item(7, 3, "openf1", "sync_meeting", "1229", 0, 0, {})
AT = datetime(2026, 3, 1, tzinfo=UTC)


def reply(rows: int = 1) -> Reply:
    """An answer of so many rows."""
    return Reply("sessions", "1229", 200, AT, "d", ({},) * rows)


def test_an_answer_is_there_when_the_item_returns_as_when_it_was_asked_for() -> None:
    """Given back and released: its next release, and the one after that."""
    kept = KeptAnswers()
    kept.keep(ITEM, QUESTION, reply())
    for release in (3, 4, 5):
        found = kept.recall(replace(ITEM, release=release), QUESTION)
        assert found is not None
        assert found.observed_at == AT


def test_another_question_and_another_item_have_no_answer() -> None:
    """Drivers are no sessions, and another meeting's item is not this one."""
    kept = KeptAnswers()
    kept.keep(ITEM, QUESTION, reply())
    assert kept.recall(ITEM, ("drivers", "meeting_key", 1229)) is None
    assert kept.recall(ITEM, ("sessions", "meeting_key", 1230)) is None
    assert kept.recall(replace(ITEM, item=8), QUESTION) is None


def test_what_another_instance_may_have_answered_meanwhile_is_asked_for_again() -> None:
    """Two releases later somebody else had the item; nothing of it comes back."""
    kept = KeptAnswers()
    kept.keep(ITEM, QUESTION, reply())
    assert kept.recall(replace(ITEM, release=5), QUESTION) is None
    assert kept.recall(ITEM, QUESTION) is None


def test_an_item_that_ended_leaves_nothing() -> None:
    """Its answer is stored, or of no use."""
    kept = KeptAnswers()
    kept.keep(ITEM, QUESTION, reply())
    kept.forget(ITEM)
    kept.forget(ITEM)
    assert kept.recall(ITEM, QUESTION) is None


def test_an_old_answer_is_asked_for_again() -> None:
    """Half an hour, by the process's own clock."""
    now = [1000.0]
    kept = KeptAnswers(lambda: now[0])
    kept.keep(ITEM, QUESTION, reply())
    now[0] += MAX_AGE
    assert kept.recall(ITEM, QUESTION) is not None
    now[0] += 1
    assert kept.recall(ITEM, QUESTION) is None


def test_only_so_much_is_remembered() -> None:
    """The oldest goes first, and what is large is not kept at all."""
    kept = KeptAnswers()
    for number in range(MAX_ITEMS + 1):
        kept.keep(replace(ITEM, item=number), QUESTION, reply())
    assert kept.recall(replace(ITEM, item=0), QUESTION) is None
    assert kept.recall(replace(ITEM, item=1), QUESTION) is not None
    kept.keep(ITEM, ("drivers", "meeting_key", 1229), reply(MAX_ROWS + 1))
    assert kept.recall(ITEM, ("drivers", "meeting_key", 1229)) is None
