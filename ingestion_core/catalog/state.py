"""One set-based read: everything a season's or a meeting's rows are decided from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.claims import Claim, Fields
from ingestion_core.identity.resolve import Known
from ingestion_core.racing.names import words

Db = Connection[TupleRow]
Rows = dict[UUID, Fields]


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for: a season, and in it, perhaps, one meeting with all it names.

    ``keys``: per kind, the source's keys. ``slugs``: per kind, addresses by which something may be
    known. ``ids``: natural ids.
    """

    source: str
    series: str
    year: int
    meeting: str | None = None
    keys: Mapping[str, Iterable[str]] = field(default_factory=dict)
    slugs: Mapping[str, Iterable[str]] = field(default_factory=dict)
    ids: Iterable[UUID] = ()
    first_day: str | None = None

    @property
    def season(self) -> str:
        return season_key(self.series, self.year)


def season_key(series: str, year: int) -> str:
    """The field by which the claims on a season's rounds are found."""
    return f"{series}|{year}"


@dataclass(frozen=True, slots=True)
class State:
    """What is known, by kind. Row values are JSON's; what keys them are uuids."""

    series: UUID | None
    season: UUID | None
    claims: dict[tuple[str, str, str], Claim]
    rows: dict[str, Rows]
    aliases: dict[str, dict[UUID, frozenset[str]]]
    entries: list[Fields]

    def claim(self, source: str, kind: str, key: str) -> Claim | None:
        return self.claims.get((source, kind, key))

    def decided(self, source: str, kind: str) -> dict[str, UUID]:
        """The source's keys whose row is decided."""
        return {
            claim.key: claim.target
            for claim in self.claims.values()
            if claim.source == source and claim.kind == kind and claim.target is not None
        }

    def known(self, kind: str) -> list[Known]:
        """The rows of a kind, as candidates for a match."""
        return [
            Known(
                id=id_,
                slug=row.get("Slug", ""),
                aliases=self.aliases.get(kind, {}).get(id_, frozenset()),
                words=words(f"{row['FirstName']} {row['LastName']}")
                if kind == "driver"
                else frozenset(),
            )
            for id_, row in sorted(self.rows[kind].items())
        ]


# Names are compared in full only where a driver's key was never decided: then all are fetched, by
# their names alone, since folding knows more letters than the server does.
_READ = """
WITH series AS (
    SELECT "Id" FROM "Series" WHERE "Slug" = %(series)s
    UNION SELECT "SeriesId" FROM "SeriesAliases" WHERE "AliasSlug" = %(series)s
    LIMIT 1
), season AS (
    SELECT s."Id" FROM "Seasons" s JOIN series ON s."SeriesId" = series."Id"
    WHERE s."Year" = %(year)s
), own AS (
    SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'circuit' AND key = ANY(%(circuit_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'team' AND key = ANY(%(team_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'driver' AND key = ANY(%(driver_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims
        WHERE source = %(source)s AND kind = 'session' AND key = ANY(%(session_keys)s::text[])
    UNION ALL SELECT * FROM ingest.claims WHERE kind = 'round' AND fields ->> 'Season' = %(season)s
), rounds AS (
    SELECT * FROM "Rounds"
    WHERE "SeasonId" IN (SELECT "Id" FROM season)
       OR "OpenF1MeetingKey" = %(meeting)s::int OR "Slug" = ANY(%(round_slugs)s::text[])
       OR "Id" IN (SELECT target FROM own WHERE kind = 'round')
), here AS (
    SELECT "Id" FROM rounds
    WHERE "OpenF1MeetingKey" = %(meeting)s::int
       OR "Id" IN (SELECT target FROM own WHERE kind = 'round' AND key = %(meeting)s::text)
       OR "OpenF1MeetingKey" IS NULL
          AND "DateStart" BETWEEN %(first_day)s::date - 3 AND %(first_day)s::date + 3
), sessions AS (
    SELECT * FROM "Sessions"
    WHERE "RoundId" IN (SELECT "Id" FROM here)
       OR "OpenF1SessionKey" = ANY(%(session_keys)s::int[])
), entrants AS (
    SELECT * FROM "Entrants" WHERE "RoundId" IN (SELECT "Id" FROM here)
), entries AS (
    SELECT * FROM ingest.entries WHERE session IN (SELECT "Id" FROM sessions)
), circuits AS (
    SELECT * FROM "Circuits"
    WHERE "Id" = ANY(%(ids)s::uuid[])
       OR "Slug" = ANY(%(circuit_slugs)s::text[])
       OR "Id" IN (SELECT target FROM own WHERE kind = 'circuit')
       OR "Id" IN (
           SELECT "CircuitId" FROM "CircuitAliases"
           WHERE "AliasSlug" = ANY(%(circuit_slugs)s::text[]))
), teams AS (
    SELECT * FROM "Teams"
    WHERE "Id" = ANY(%(ids)s::uuid[])
       OR "Slug" = ANY(%(team_slugs)s::text[])
       OR "Id" IN (SELECT target FROM own WHERE kind = 'team')
       OR "Id" IN (
           SELECT "TeamId" FROM "TeamAliases"
           WHERE "AliasSlug" = ANY(%(team_slugs)s::text[]))
), drivers AS (
    SELECT * FROM "Drivers"
    WHERE "Id" = ANY(%(ids)s::uuid[])
       OR "Slug" = ANY(%(driver_slugs)s::text[])
       OR "Id" IN (SELECT target FROM own WHERE kind = 'driver')
       OR "Id" IN (
           SELECT "DriverId" FROM "DriverAliases"
           WHERE "AliasSlug" = ANY(%(driver_slugs)s::text[]))
       OR cardinality(%(driver_keys)s::text[]) > (
           SELECT count(*) FROM own WHERE kind = 'driver' AND target IS NOT NULL)
), targets AS (
    SELECT "Id" FROM rounds UNION ALL SELECT "Id" FROM sessions UNION ALL SELECT "Id" FROM entrants
    UNION ALL SELECT "Id" FROM circuits UNION ALL SELECT "Id" FROM teams
    UNION ALL SELECT "Id" FROM drivers
        WHERE "Id" IN (SELECT target FROM own WHERE kind = 'driver')
           OR "Slug" = ANY(%(driver_slugs)s::text[])
), claims AS (
    SELECT * FROM own
    UNION SELECT * FROM ingest.claims WHERE target IN (SELECT "Id" FROM targets)
)
SELECT (SELECT "Id" FROM series), (SELECT "Id" FROM season),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(
        source, kind, key, target, observed_at, fields, dates)), '[]') FROM claims),
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'Id', "Id", 'Slug', "Slug", 'Name', "Name", 'Location', "Location", 'Country', "Country",
        'CountryCode', "CountryCode", 'Latitude', "Latitude", 'Longitude', "Longitude"
        )), '[]') FROM circuits),
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'Id', "Id", 'Slug', "Slug", 'Name', "Name", 'ShortName', "ShortName",
        'PrimaryColor', "PrimaryColor", 'Nationality', "Nationality")), '[]') FROM teams),
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'Id', "Id", 'Slug', "Slug", 'FirstName', "FirstName", 'LastName', "LastName",
        'Abbreviation', "Abbreviation", 'Nationality', "Nationality",
        'HeadshotUrl', "HeadshotUrl", 'OpenF1DriverNumber', "OpenF1DriverNumber"
        )), '[]') FROM drivers),
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'Id', "Id", 'SeasonId', "SeasonId", 'Slug', "Slug", 'CircuitId', "CircuitId",
        'Name', "Name", 'RoundNumber', "RoundNumber", 'DateStart', "DateStart",
        'DateEnd', "DateEnd", 'OpenF1MeetingKey', "OpenF1MeetingKey",
        'here', "Id" IN (SELECT "Id" FROM here))), '[]') FROM rounds),
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'Id', "Id", 'RoundId', "RoundId", 'Type', "Type", 'StartTimeUtc', "StartTimeUtc",
        'Status', "Status", 'OpenF1SessionKey', "OpenF1SessionKey")), '[]') FROM sessions),
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'Id', "Id", 'RoundId', "RoundId", 'DriverId', "DriverId", 'TeamId', "TeamId",
        'Role', "Role")), '[]') FROM entrants),
    (SELECT coalesce(jsonb_agg(to_jsonb(entries)), '[]') FROM entries),
    (SELECT coalesce(jsonb_agg(a), '[]') FROM (
        SELECT jsonb_build_array('circuit', "CircuitId", "AliasSlug") AS a FROM "CircuitAliases"
            WHERE "AliasSlug" = ANY(%(circuit_slugs)s::text[])
        UNION ALL SELECT jsonb_build_array('team', "TeamId", "AliasSlug") FROM "TeamAliases"
            WHERE "AliasSlug" = ANY(%(team_slugs)s::text[])
        UNION ALL SELECT jsonb_build_array('driver', "DriverId", "AliasSlug") FROM "DriverAliases"
            WHERE "AliasSlug" = ANY(%(driver_slugs)s::text[])
    ) all_aliases)
"""

_KINDS = ("circuit", "team", "driver", "round", "session", "entrant")


def read(db: Db, question: Question) -> State:
    """Read the state in one statement."""
    found = db.execute(_READ, _parameters(question)).fetchone()
    if found is None:
        raise RuntimeError("a SELECT without FROM gave no row")
    series, season, claims, *rows, entries, aliases = found
    return State(
        series=series,
        season=season,
        claims={claim.identity: claim for claim in map(_claim, claims)},
        rows={
            kind: {UUID(row.pop("Id")): _typed(row) for row in found_rows}
            for kind, found_rows in zip(_KINDS, rows, strict=True)
        },
        aliases=_aliases(aliases),
        entries=entries,
    )


def _parameters(question: Question) -> dict[str, Any]:
    return {
        "source": question.source,
        "series": question.series,
        "year": question.year,
        "season": question.season,
        "meeting": question.meeting,
        "first_day": question.first_day,
        "ids": sorted(question.ids),
        **{
            f"{kind}_keys": sorted(question.keys.get(kind, ()))
            for kind in ("circuit", "team", "driver", "session")
        },
        **{
            f"{kind}_slugs": sorted(question.slugs.get(kind, ()))
            for kind in ("circuit", "team", "driver", "round")
        },
    }


def _claim(row: list[Any]) -> Claim:
    source, kind, key, target, observed_at, fields, dates = row
    return Claim(
        source=source,
        kind=kind,
        key=key,
        target=UUID(target) if target else None,
        observed_at=observed_at,
        fields=fields,
        dates=dates or {},
    )


def _typed(row: Fields) -> Fields:
    """The one value with two spellings: an instant, which may be written with fractions."""
    if "StartTimeUtc" in row:
        row["StartTimeUtc"] = datetime.fromisoformat(row["StartTimeUtc"]).isoformat()
    return row


def _aliases(found: list[list[str]]) -> dict[str, dict[UUID, frozenset[str]]]:
    aliases: dict[str, dict[UUID, frozenset[str]]] = {}
    for kind, id_, slug in found:
        of_kind = aliases.setdefault(kind, {})
        of_kind[UUID(id_)] = of_kind.get(UUID(id_), frozenset()) | {slug}
    return aliases
