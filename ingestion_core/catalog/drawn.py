"""A row drawn up again from the claims as they are, by the functions that write it.

Nothing is decided and nothing stored here: whom those functions believed is looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import roles, traces, why_entrants
from ingestion_core.catalog.claims import MADE, PRODUCT, WRITTEN, Claim, Fields
from ingestion_core.catalog.entrants import project_entrants, stored_entries
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.profiles import project_shared, said_of
from ingestion_core.catalog.projection import believe, believed_from
from ingestion_core.catalog.rounds import is_cancelled, project_rounds, said_of_season
from ingestion_core.catalog.sessions import project_sessions
from ingestion_core.catalog.state import Question, read
from ingestion_core.catalog.tables import BY_KIND, SHARED
from ingestion_core.catalog.traces import Column, Word
from ingestion_core.errors import NotFound
from ingestion_core.identity.ids import Id

Db = Connection[TupleRow]

#: Where a round's number comes from: no field of a claim, but counted over the source's list.
_NUMBER: Final = "RoundNumber"
_NEVER_OURS: Final = "never ours"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row drawn up again.

    Args:
        plan: as if it were to be written.
        said: by source, what is said of the row.
        special: columns that no field of a claim tells.
    """

    plan: Plan
    kind: str
    id: Id
    said: Mapping[str, Fields]
    special: tuple[Column, ...]

    @property
    def due(self) -> Fields:
        """What would be written now."""
        row = self.plan.rows.get(self.kind, {}).get(self.id, {})
        return {
            name: row[name]
            for name in BY_KIND[self.kind].columns
            if name in row and row[name] != row.get(f"was {name}")
        }

    def is_products(self, name: str) -> bool:
        """Whether somebody changed the column in the product."""
        return name in self._pseudo(PRODUCT)

    def column(self, name: str, value: Any) -> Column:
        """Who gave a column."""
        table = BY_KIND[self.kind]
        if name not in table.columns:
            if name in ("Id", *table.once) and MADE in self._pseudo(WRITTEN):
                return Column(name, value, traces.US, "set once, when the row was made here")
            return Column(name, value, None, _NEVER_OURS)
        if self.is_products(name):
            return self._changed(name, value)
        source = believed_from(self.kind, self.said).get(name)
        if source is None:
            return Column(
                name, value, None, "no source says anything" if value is None else _NEVER_OURS
            )
        given = self.word(source, name)
        because = self._numbered(source) if name == _NUMBER else None
        return Column(
            name, value, source, because, (given,) if given else (), self._others(name, value)
        )

    def _changed(self, name: str, value: Any) -> Column:
        """A column that somebody changed in the product, perhaps since we last looked."""
        old = self.plan.state.claim(PRODUCT, self.kind, self.id)
        if old is None or name not in old.fields:
            because, word = "changed in the product since we last wrote it", None
        else:
            because, word = "changed in the product", Word(PRODUCT, None, old.observed_at, value)
        words = (word,) if word else ()
        return Column(name, value, traces.PRODUCT, because, words, self._others(name, value))

    def _others(self, name: str, value: Any) -> tuple[Word, ...]:
        words = (self.word(source, name) for source in sorted(self.said))
        return tuple(word for word in words if word is not None and word.value != value)

    def word(self, source: str, name: str) -> Word | None:
        """What a source says of a column, by the claim that has the last word of it."""
        value = self.said[source].get(name)
        if value is None or source in (WRITTEN, PRODUCT):
            return None
        claim = self._claim(source, "DateStart" if name == _NUMBER else name)
        if claim is None:
            return Word(source, None, None, value)
        return Word(source, claim.key, claim.observed_at, value, claim.dates.get(name))

    def _claim(self, source: str, name: str) -> Claim | None:
        having = [
            claim
            for claim in self.plan.state.claims.values()
            if (claim.target, claim.kind, claim.source) == (self.id, self.kind, source)
            and name in claim.fields
        ]
        return max(having, key=lambda one: one.identity, default=None)

    def _numbered(self, source: str) -> str:
        claim = self._claim(source, "Number")
        return f"{source}'s own number" if claim else f"counted by date in {source}'s list"

    def _pseudo(self, source: str) -> Fields:
        claim = self.plan.current(source, self.kind, self.id)
        return claim.fields if claim else {}


_SEASON: Final = """
SELECT x."Slug", y."Year", y."Id"::text, coalesce((
    SELECT min(c.fields ->> 'Season') FROM ingest.claims c
    WHERE c.target = r."Id" AND c.kind = 'round'), x."Slug" || '|' || y."Year")
FROM "Rounds" r JOIN "Seasons" y ON y."Id" = r."SeasonId" JOIN "Series" x ON x."Id" = y."SeriesId"
WHERE r."Id" = %s
"""


def draw(db: Db, kind: str, id_: Id, row: Fields, now: datetime) -> Drawn:
    """The row as it would be written now, in a plan that nobody writes."""
    if kind in SHARED:
        plan = Plan(read(db, Question("openf1", "", 0, ids=[id_])), now.isoformat(), False)
        if plan.keys_of(id_):
            project_shared(plan, kind, {id_: row["Slug"]})
        return Drawn(plan, kind, id_, said_of(plan, kind, id_), ())
    round_id = id_ if kind == "round" else row["RoundId"]
    found = db.execute(_SEASON, (round_id,)).fetchone()
    if found is None:
        raise NotFound(f"this {kind} has no season")
    series, year, season_id, season = found
    state = read(db, Question("openf1", series, year, everything=True))
    plan = Plan(state, now.isoformat(), fill_only=False)
    if kind == "round":
        project_rounds(plan, season, {})
        said = said_of_season(plan, season).get(id_, {})
        return Drawn(plan, kind, id_, said, ())
    if kind == "session":
        if not plan.keys_of(id_):
            return Drawn(plan, kind, id_, {}, ())
        project_sessions(plan, {id_: round_id}, now)
        status = Column("Status", row["Status"], traces.TIME, _by_time(plan, id_, round_id))
        return Drawn(plan, kind, id_, plan.claims_on(id_), (status,))
    sessions = [key for key, it in state.rows["session"].items() if it["RoundId"] == round_id]
    lists = stored_entries(plan)
    project_entrants(plan, {round_id: sessions}, lists)
    role, _ = roles.by_lists(db, season_id).get(id_, (None, None))
    special = why_entrants.columns(plan, row, sessions, lists, role)
    return Drawn(plan, kind, id_, {}, tuple(special))


def _by_time(plan: Plan, id_: Id, round_id: Id) -> str:
    """What a session's status is made of: who cancelled it, or when it begins and ends."""
    said, of_round = plan.claims_on(id_), plan.claims_on(round_id)
    believed = believed_from("session", said)
    if said[believed["Cancelled"]]["Cancelled"]:
        return f"cancelled, says {believed['Cancelled']}"
    if is_cancelled(believe("round", of_round)):
        sources = believed_from("round", of_round)
        by = {
            sources[name] for name in sources if is_cancelled({name: of_round[sources[name]][name]})
        }
        return f"its round is cancelled, says {', '.join(sorted(by))}"
    start, end, day = (believed.get(name) for name in ("StartTimeUtc", "EndTimeUtc", "DayOnly"))
    if end is not None:
        return f"by the clock: ends {said[end]['EndTimeUtc']}, says {end}"
    if day is not None and said[day]["DayOnly"]:
        return f"by the clock: {day} knows only the day; over when that is over everywhere"
    return f"by the clock: nobody knows its end; two hours after the start that {start} gives"
