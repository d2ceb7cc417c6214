"""One set-based read: everything a season's or a meeting's rows are decided from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog.claims import APART, PSEUDO, Claim, Fields
from ingestion_core.catalog.tables import BY_KIND, KEY_COLUMNS, SHARED, Table, plural
from ingestion_core.identity.ids import Id
from ingestion_core.identity.resolve import Known
from ingestion_core.racing.names import words

Db = Connection[TupleRow]
Rows = dict[Id, Fields]


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for: a season, and in it meetings with all they name.

    ``meetings``: the source's keys. ``days``: their last ones, by which a round that has no key of
    this source yet may be theirs. ``everything``: all rounds of the season. ``keys``: per kind, the
    source's keys. ``slugs``: per kind, addresses by which something may be known. ``ids``: natural
    ids. ``aliases``: keys of what is remembered of teams' aliases.
    """

    source: str
    series: str
    year: int
    meetings: Iterable[str] = ()
    days: Iterable[str] = ()
    everything: bool = False
    keys: Mapping[str, Iterable[str]] = field(default_factory=dict)
    slugs: Mapping[str, Iterable[str]] = field(default_factory=dict)
    ids: Iterable[Id] = ()
    aliases: Iterable[str] = ()

    @property
    def season(self) -> str:
        return season_key(self.series, self.year)


def season_key(series: str, year: int) -> str:
    """The field by which the claims on a season's rounds are found."""
    return f"{series}|{year}"


@dataclass(slots=True)
class State:
    """What is known, by kind. Row values are JSON's.

    ``unclaimed``: drivers who are known by name alone: neither their rows nor what is claimed of
    them was read.
    ``years``: of such drivers as ``read_more`` was asked about, the first and last season, entered
    or known to a source.
    """

    series: Id | None
    season: Id | None
    claims: dict[tuple[str, str, str], Claim]
    rows: dict[str, Rows]
    aliases: dict[str, dict[Id, frozenset[str]]]
    entries: list[Fields]
    unclaimed: dict[Id, Fields]
    years: dict[Id, tuple[int, int]] = field(default_factory=dict)

    def claim(self, source: str, kind: str, key: str) -> Claim | None:
        return self.claims.get((source, kind, key))

    def decided(self, source: str, kind: str) -> dict[str, Id]:
        """The source's keys whose row is decided."""
        return {
            claim.key: claim.target
            for claim in self.claims.values()
            if claim.source == source and claim.kind == kind and claim.target is not None
        }

    def known(self, kind: str) -> list[Known]:
        """The rows of a kind, as candidates for a match."""
        person = kind == "driver"
        rows = {**self.rows[kind], **self.unclaimed} if person else self.rows[kind]
        aliases = self.aliases.get(kind, {})
        apart = self.apart() if person else set()
        return [
            Known(
                id=id_,
                slug=row["Slug"],
                aliases=aliases.get(id_, frozenset()),
                words=words(f"{row['FirstName']} {row['LastName']}") if person else frozenset(),
                born=row["DateOfBirth"] if person else None,
                years=self.years.get(id_),
                apart=id_ in apart,
            )
            for id_, row in sorted(rows.items())
        ]

    def apart(self) -> set[Id]:
        """Drivers of whom nobody but a source with countless homonyms says anything."""
        said = [
            claim
            for claim in self.claims.values()
            if claim.kind == "driver" and claim.target is not None and claim.source not in PSEUDO
        ]
        named = {claim.target for claim in said if not claim.fields.get(APART)}
        return {claim.target for claim in said if claim.target is not None} - named


#: What is read of every driver where names are to be compared.
_NAMED: Final = ("Id", "Slug", "FirstName", "LastName", "DateOfBirth")

# Arrays, where the planner would take a set for half of a table and read all of it. For the same
# reason whoever is known by name alone is a set of his own.
#
# Names are compared in full only where a driver's key was never decided: then all are fetched, by
# their names alone, since folding knows more letters than the server does.
#
# A wiki's names of a series are others' too: they never decide which one is meant.
_READ = """
WITH own AS (
    SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'circuit' AND key = ANY(%(circuit_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'team' AND key = ANY(%(team_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'driver' AND key = ANY(%(driver_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'session' AND key = ANY(%(session_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'series' AND key = ANY(%(series_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims WHERE kind = 'round' AND fields ->> 'Season' = %(season)s
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = 'written' AND kind = 'team-alias' AND key = ANY(%(aliases)s::text[])
), series AS (
    SELECT * FROM "Series"
    WHERE "Slug" = %(series)s OR "Slug" = ANY(%(series_slugs)s::text[])
       OR "Id" = ANY(%(ids)s::uuid[])
       OR "Id" = ANY(ARRAY(SELECT target FROM own WHERE kind = 'series'))
       OR "Id" = ANY(ARRAY(
           SELECT "SeriesId" FROM "SeriesAliases"
           WHERE ("AliasSlug" = %(series)s OR "AliasSlug" = ANY(%(series_slugs)s::text[]))
             AND "Source" IS DISTINCT FROM 'thethirdturn'))
), this AS (
    SELECT "Id" FROM series
    ORDER BY "Id" IN (SELECT target FROM own WHERE kind = 'series') DESC,
             "Slug" = %(series)s DESC, "Id"
    LIMIT 1
), season AS (
    SELECT "Id" FROM "Seasons"
    WHERE "SeriesId" IN (SELECT "Id" FROM this) AND "Year" = %(year)s
), rounds AS (
    SELECT *, {round_key} AS own_key FROM "Rounds"
    WHERE "SeasonId" = ANY(ARRAY(SELECT "Id" FROM season))
       OR {round_key} = ANY(%(meeting_numbers)s::int[]) OR "Slug" = ANY(%(round_slugs)s::text[])
       OR "Id" = ANY(ARRAY(SELECT target FROM own WHERE kind = 'round'))
), here AS (
    SELECT "Id" FROM rounds
    WHERE own_key = ANY(%(meeting_numbers)s::int[])
       OR "Id" IN (SELECT target FROM own
                   WHERE source = %(source)s AND kind = 'round'
                     AND key = ANY(%(meetings)s::text[]))
       OR own_key IS NULL AND EXISTS (
           SELECT FROM unnest(%(days)s::date[]) day
           WHERE "DateEnd" BETWEEN day - 3 AND day + 3)
       OR %(everything)s AND "SeasonId" IN (SELECT "Id" FROM season)
), sessions AS (
    SELECT * FROM "Sessions"
    WHERE "RoundId" = ANY(ARRAY(SELECT "Id" FROM here))
       OR {session_key} = ANY(%(session_numbers)s::int[])
), entrants AS (
    SELECT * FROM "Entrants" WHERE "RoundId" = ANY(ARRAY(SELECT "Id" FROM here))
), entries AS (
    SELECT * FROM ingest.entries WHERE session = ANY(ARRAY(SELECT "Id" FROM sessions))
), named AS (
    SELECT driver AS id FROM entries UNION SELECT team FROM entries
    UNION SELECT "DriverId" FROM entrants UNION SELECT "TeamId" FROM entrants
    UNION SELECT "CircuitId" FROM rounds WHERE "Id" IN (SELECT "Id" FROM here)
), circuits AS (
    SELECT * FROM "Circuits"
    WHERE "Id" = ANY(%(ids)s::uuid[])
       OR "Slug" = ANY(%(circuit_slugs)s::text[])
       OR "Id" = ANY(ARRAY(SELECT target FROM own WHERE kind = 'circuit'))
       OR "Id" = ANY(ARRAY(SELECT id FROM named WHERE %(everything)s))
       OR "Id" = ANY(ARRAY(
           SELECT "CircuitId" FROM "CircuitAliases"
           WHERE "AliasSlug" = ANY(%(circuit_slugs)s::text[])))
), teams AS (
    SELECT * FROM "Teams"
    WHERE "Id" = ANY(%(ids)s::uuid[])
       OR "Slug" = ANY(%(team_slugs)s::text[])
       OR "Id" = ANY(ARRAY(SELECT target FROM own WHERE kind = 'team'))
       OR "Id" = ANY(ARRAY(SELECT id FROM named WHERE %(everything)s))
       OR "Id" = ANY(ARRAY(
           SELECT "TeamId" FROM "TeamAliases"
           WHERE "AliasSlug" = ANY(%(team_slugs)s::text[])
             AND "Source" IS DISTINCT FROM 'lineage'))
), drivers AS (
    SELECT * FROM "Drivers"
    WHERE "Id" = ANY(%(ids)s::uuid[])
       OR "Slug" = ANY(%(driver_slugs)s::text[])
       OR "Id" = ANY(ARRAY(SELECT target FROM own WHERE kind = 'driver'))
       OR "Id" = ANY(ARRAY(SELECT id FROM named WHERE %(everything)s))
), others AS (
    SELECT {named} FROM "Drivers"
    WHERE "Id" = ANY(ARRAY(
        SELECT "DriverId" FROM "DriverAliases"
        WHERE "AliasSlug" = ANY(%(driver_slugs)s::text[])))
    UNION
    SELECT {named} FROM "Drivers"
    WHERE cardinality(%(driver_keys)s::text[]) > (
        SELECT count(*) FROM own WHERE kind = 'driver' AND target IS NOT NULL)
), targets AS (
    SELECT "Id" FROM rounds UNION ALL SELECT "Id" FROM sessions UNION ALL SELECT "Id" FROM entrants
    UNION ALL SELECT "Id" FROM circuits UNION ALL SELECT "Id" FROM teams
    UNION ALL SELECT "Id" FROM series
    UNION ALL SELECT "Id" FROM drivers
), claims AS (
    SELECT * FROM own WHERE target IS NULL OR target NOT IN (SELECT "Id" FROM targets)
    UNION ALL SELECT * FROM ingest.claims WHERE target = ANY(ARRAY(SELECT "Id" FROM targets))
)
SELECT (SELECT "Id"::text FROM this), (SELECT "Id"::text FROM season),
    (SELECT coalesce(json_agg(json_build_array(
        source, kind, key, target, observed_at, fields, dates)), '[]') FROM claims),
    {kinds},
    (SELECT coalesce(json_agg(to_json(entries)), '[]') FROM entries),
    (SELECT coalesce(json_agg(a), '[]') FROM (
        SELECT json_build_array('series', "SeriesId", "AliasSlug") AS a FROM "SeriesAliases"
            WHERE "AliasSlug" = ANY(%(series_slugs)s::text[])
              AND "Source" IS DISTINCT FROM 'thethirdturn'
        UNION ALL SELECT json_build_array('circuit', "CircuitId", "AliasSlug") FROM "CircuitAliases"
            WHERE "AliasSlug" = ANY(%(circuit_slugs)s::text[])
        UNION ALL SELECT json_build_array('team', "TeamId", "AliasSlug") FROM "TeamAliases"
            WHERE "AliasSlug" = ANY(%(team_slugs)s::text[])
              AND "Source" IS DISTINCT FROM 'lineage'
        UNION ALL SELECT json_build_array('driver', "DriverId", "AliasSlug") FROM "DriverAliases"
            WHERE "AliasSlug" = ANY(%(driver_slugs)s::text[])
    ) all_aliases),
    (SELECT coalesce(json_agg(json_build_array({named})), '[]') FROM others
     WHERE "Id" NOT IN (SELECT "Id" FROM drivers))
"""


_MORE = """
WITH drivers AS (SELECT * FROM "Drivers" WHERE "Id" = ANY(%(ids)s::uuid[]))
SELECT {drivers}, (SELECT coalesce(json_agg(json_build_array(
            source, kind, key, target, observed_at, fields, dates)), '[]')
        FROM ingest.claims WHERE target = ANY(%(ids)s::uuid[])),
    (SELECT coalesce(json_agg(json_build_array(driver, first, last)), '[]')
     FROM (SELECT driver, min(first) AS first, max(last) AS last
           FROM (SELECT e."DriverId" AS driver, s."Year" AS first, s."Year" AS last
                 FROM "Entrants" e
                 JOIN "Rounds" r ON r."Id" = e."RoundId" JOIN "Seasons" s ON s."Id" = r."SeasonId"
                 WHERE e."DriverId" = ANY(%(ids)s::uuid[])
                 UNION ALL
                 SELECT target, (fields -> 'Career' ->> 0)::int, (fields -> 'Career' ->> 1)::int
                 FROM ingest.claims
                 WHERE target = ANY(%(ids)s::uuid[]) AND kind = 'driver'
                   AND fields ? 'Career') spans
           GROUP BY driver) careers)
"""


def read(db: Db, question: Question) -> State:
    """Read the state in one statement."""
    found = db.execute(_statement(question.source), _parameters(question)).fetchone()
    if found is None:
        raise RuntimeError("a SELECT without FROM gave no row")
    series, season, claims, *rows, entries, aliases, unclaimed = found
    return State(
        series=series,
        season=season,
        claims={claim.identity: claim for claim in map(_claim, claims)},
        rows={kind: _by_id(those) for kind, those in zip(BY_KIND, rows, strict=True)},
        aliases=_aliases(aliases),
        entries=entries,
        unclaimed=_by_id(dict(zip(_NAMED, row, strict=True)) for row in unclaimed),
    )


def read_more(db: Db, state: State, drivers: Iterable[Id]) -> None:
    """Add to the state the rows of these drivers, what is claimed of them, and their careers."""
    ids = sorted(drivers)
    found = db.execute(_more(), {"ids": ids}).fetchone()
    if found is None:
        raise RuntimeError("a SELECT without FROM gave no row")
    rows, claims, years = found
    state.rows["driver"].update(_by_id(rows))
    state.claims.update((claim.identity, claim) for claim in map(_claim, claims))
    state.years.update((id_, (first, last)) for id_, first, last in years)
    for id_ in ids:
        state.unclaimed.pop(id_, None)


@cache
def _more() -> bytes:
    return sql.SQL(_MORE).format(drivers=_rows("driver", BY_KIND["driver"])).as_bytes()


@cache
def _statement(source: str) -> bytes:
    def own(kind: str) -> sql.Composable:
        column = KEY_COLUMNS.get((source, kind))
        return sql.Identifier(column) if column else sql.SQL("NULL::int")

    return (
        sql.SQL(_READ)
        .format(
            round_key=own("round"),
            session_key=own("session"),
            named=sql.SQL(", ").join(map(sql.Identifier, _NAMED)),
            kinds=sql.SQL(", ").join(_rows(kind, table) for kind, table in BY_KIND.items()),
        )
        .as_bytes()
    )


def _rows(kind: str, table: Table) -> sql.Composed:
    """The rows of a kind as JSON: all columns that are written, and ``here`` of a round."""
    columns = [sql.Identifier(name) for name in ("Id", *table.once, *table.columns)]
    pairs: list[sql.Composable] = [
        sql.SQL("{}, {}").format(sql.Literal(column.as_string().strip('"')), column)
        for column in columns
    ]
    if kind == "round":
        pairs.append(sql.SQL("'own_key', own_key, 'here', \"Id\" IN (SELECT \"Id\" FROM here)"))
    return sql.SQL("(SELECT coalesce(json_agg(json_build_object({})), '[]') FROM {})").format(
        sql.SQL(", ").join(pairs), sql.Identifier(plural(kind))
    )


def _by_id(rows: Iterable[Fields]) -> Rows:
    return {row.pop("Id"): typed(row) for row in rows}


def _parameters(question: Question) -> dict[str, Any]:
    meetings = sorted(question.meetings)
    sessions = sorted(question.keys.get("session", ()))
    return {
        "source": question.source,
        "series": question.series,
        "year": question.year,
        "season": question.season,
        "meetings": meetings,
        "meeting_numbers": _numbers(question.source, "round", meetings),
        "session_numbers": _numbers(question.source, "session", sessions),
        "session_keys": sessions,
        "days": sorted(question.days),
        "everything": question.everything,
        "ids": sorted(question.ids),
        "aliases": sorted(question.aliases),
        **{f"{kind}_keys": sorted(question.keys.get(kind, ())) for kind in SHARED},
        **{
            f"{kind}_slugs": sorted(question.slugs.get(kind, ()))
            for kind in ("series", "circuit", "team", "driver", "round")
        },
    }


def _numbers(source: str, kind: str, keys: Iterable[str]) -> list[int]:
    """The keys, where the product has a column for this source's."""
    return [int(key) for key in keys] if (source, kind) in KEY_COLUMNS else []


def _claim(row: list[Any]) -> Claim:
    source, kind, key, target, observed_at, fields, dates = row
    return Claim(
        source=source,
        kind=kind,
        key=key,
        target=target if target else None,
        observed_at=observed_at,
        fields=fields,
        dates=dates or {},
    )


def typed(row: Fields) -> Fields:
    """The one value with two spellings: an instant, which may be written with fractions."""
    if "StartTimeUtc" in row:
        row["StartTimeUtc"] = datetime.fromisoformat(row["StartTimeUtc"]).isoformat()
    return row


def _aliases(found: list[tuple[str, Id, str]]) -> dict[str, dict[Id, frozenset[str]]]:
    aliases: dict[str, dict[Id, frozenset[str]]] = {}
    for kind, id_, slug in found:
        of_kind = aliases.setdefault(kind, {})
        of_kind[id_] = of_kind.get(id_, frozenset()) | {slug}
    return aliases
