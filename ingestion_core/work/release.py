"""The timetable: which items are sent, and when each becomes visible.

Items are taken in order of lane, not_before and item. Each gets the source's next free slot, which
lies as far ahead as the work already sent is long; a slot is one request wide. Those due within the
horizon are sent, the rest stay rows. The live lane is visible at once and pushes bulk back. The
gate makes the pace exact; this only keeps messages from crowding before it.
"""

import logging

from ingestion_core.database.connection import Pool
from ingestion_core.telemetry import tell
from ingestion_core.work.messages import Message
from ingestion_core.work.queues import QUEUES, Letter, Queues

log = logging.getLogger(__name__)

# A message is visible a second or two before its slot, so that the time until a poll finds it is
# spent waiting for the slot anyway. Visibility is in whole seconds. Each step by itself: of the
# thousands that wait the planner expects one, and would count what is ahead anew for each of them.
_RELEASE = """
WITH source AS MATERIALIZED (
    SELECT source, pace, greatest(clock_timestamp(), last_start + pace, closed_until) AS opens
    FROM ingest.sources WHERE source = %(source)s AND NOT paused FOR UPDATE
), ahead AS MATERIALIZED (
    SELECT coalesce(sum(i.requests), 0) AS requests
    FROM ingest.items i JOIN source USING (source)
    WHERE i.state = 'sent' AND i.due_at >= now() - interval '15 minutes'
), open AS (
    SELECT i.item, i.release, i.state, i.lane, i.not_before, i.requests,
           sum(i.requests) OVER (ORDER BY i.lane, i.not_before, i.item) - i.requests AS before
    FROM ingest.items i JOIN source USING (source)
    WHERE i.not_before < now() + interval '20 minutes'
      AND (i.state = 'waiting'
           OR i.state = 'sent' AND i.due_at < now() - interval '15 minutes'
           OR i.state = 'running' AND i.started_at < now() - interval '25 minutes'
              -- One copy of a unit of work is sent at a time: the others follow in their turn.
              AND NOT EXISTS (
                  SELECT FROM ingest.items t
                  WHERE t.task = i.task AND t.key = i.key AND t.item <> i.item
                    AND (t.state IN ('waiting', 'sent')
                         OR t.state = 'running' AND t.item < i.item
                            AND t.started_at < now() - interval '25 minutes')))
), slots AS MATERIALIZED (
    SELECT o.item, o.release, o.state,
           greatest(o.not_before, s.opens +
               CASE WHEN o.lane = 0 THEN interval '0' ELSE (a.requests + o.before) * s.pace END
           ) AS due_at
    FROM open o, source s, ahead a
)
UPDATE ingest.items i
SET state = 'sent', release = i.release + 1, due_at = slots.due_at
FROM slots
WHERE i.item = slots.item AND i.release = slots.release AND i.state = slots.state
  AND slots.due_at < now() + interval '20 minutes'
RETURNING i.task, i.item, i.release, i.key,
    greatest(0, floor(extract(epoch FROM i.due_at - clock_timestamp())) - 1)::int AS visibility
"""


def release(pool: Pool, queues: Queues, source: str) -> int:
    """Send what is due; the number of messages sent. One statement, then the sending.

    Also takes back what was sent and never claimed, and what runs for longer than anything may.

    Raises:
        AzureError: the storage does not answer; the rows remember, a later call sends them again.
    """
    with pool.connection() as db:
        rows = db.execute(_RELEASE, {"source": source}).fetchall()
    letters = sorted(
        (
            Letter(QUEUES[task], Message(item=item, release=number, key=key), visibility)
            for task, item, number, key, visibility in rows
        ),
        key=lambda letter: (letter.visibility, letter.message.item),
    )
    queues.send(letters)
    if letters:
        last = letters[-1].visibility
        sent = {"source": source, "sent": len(letters), "last_in_seconds": last}
        tell(log, logging.INFO, "release", sent)
    return len(letters)
