"""Circuits, teams and drivers: who is meant, and what is believed of them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from ingestion_core.catalog.claims import Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import TABLES, believe, columns_of
from ingestion_core.catalog.tables import BY_KIND
from ingestion_core.identity import ids, lookup
from ingestion_core.identity.resolve import Match, Wanted, resolve
from ingestion_core.identity.tables import CircuitRow, DriverRow, TeamRow
from ingestion_core.racing.names import slugify, words
from ingestion_core.racing.types import CircuitProfile, DriverProfile, TeamProfile

#: How many homonyms may want one address before two are looked up under the same one.
_HOMONYMS = 3


def want_circuit(source: str, profile: CircuitProfile) -> Wanted:
    """The circuit as the tables know it, else as the source calls it."""
    row = lookup.circuit(source, profile.key)
    slug = row.slug if row else slugify(profile.name)
    others = [row.name, *row.aliases] if row else [profile.name]
    return Wanted(profile.key, ids.of("circuit", slug), slug, _slugs(slug, others))


def want_team(source: str, profile: TeamProfile, year: int) -> Wanted:
    """The team of that season as the tables know it, else as the source calls it."""
    row = lookup.team(source, profile.key, year)
    slug = row.slug if row else slugify(profile.name)
    others = [row.name, *row.aliases] if row else [profile.name]
    return Wanted(profile.key, ids.of("team", slug), slug, _slugs(slug, others))


def want_driver(profile: DriverProfile) -> Wanted:
    """The driver under the canonical name."""
    row = lookup.person_by_key(profile.key)
    name = (
        f"{row.first_name} {row.last_name}" if row else f"{profile.first_name} {profile.last_name}"
    )
    slug = row.slug if row else slugify(name)
    others = [name, *(alias.name for alias in row.aliases)] if row else [name]
    return Wanted(
        profile.key, ids.of("driver", profile.key), slug, _slugs(slug, others), words(name)
    )


def candidates(wanted: Iterable[Wanted]) -> frozenset[str]:
    """Addresses to look up: those it may be known by, and those it would get beside a homonym."""
    found: set[str] = set()
    for one in wanted:
        found |= one.slugs
        found.update(f"{one.slug}-{number}" for number in range(2, _HOMONYMS + 1))
    return frozenset(found)


def plan_circuit(plan: Plan, source: str, profile: CircuitProfile) -> Match:
    """Plan the circuit's claim and row."""
    wanted = want_circuit(source, profile)
    match = _match(plan, source, "circuit", [wanted])[profile.key]
    plan.claim(
        source,
        "circuit",
        profile.key,
        match.id,
        {
            "Name": profile.name,
            "Location": profile.location or profile.name,
            "Country": lookup.country_name(profile.country) if profile.country else "",
            "CountryCode": profile.country_code,
        },
    )
    _put(plan, "circuit", match, _circuit_fields(lookup.circuit(source, profile.key)))
    return match


def plan_teams(
    plan: Plan, source: str, profiles: Iterable[TeamProfile], year: int
) -> Mapping[str, UUID]:
    """Plan the teams' claims and rows; the source's keys to ids."""
    by_key = {profile.key: profile for profile in profiles}
    matches = _match(
        plan, source, "team", [want_team(source, one, year) for one in by_key.values()]
    )
    for key, match in matches.items():
        profile = by_key[key]
        plan.claim(
            source,
            "team",
            key,
            match.id,
            {
                "Name": profile.name,
                "PrimaryColor": f"#{profile.colour}" if profile.colour else None,
            },
            as_of=profile.as_of.isoformat(),
        )
    for key, match in matches.items():
        _put(plan, "team", match, _team_fields(lookup.team(source, key, year)))
    return {key: match.id for key, match in matches.items()}


def plan_drivers(plan: Plan, source: str, profiles: Iterable[DriverProfile]) -> Mapping[str, UUID]:
    """Plan the drivers' claims and rows; the source's keys to ids."""
    by_key = {profile.key: profile for profile in profiles}
    matches = _match(plan, source, "driver", [want_driver(one) for one in by_key.values()])
    for key, match in matches.items():
        profile = by_key[key]
        plan.claim(
            source,
            "driver",
            key,
            match.id,
            {
                "FirstName": profile.first_name,
                "LastName": profile.last_name,
                "Abbreviation": profile.abbreviation,
                "Nationality": lookup.demonym(profile.country_code)
                if profile.country_code
                else None,
                "HeadshotUrl": profile.headshot_url,
                # Number 1 names last year's champion.
                "OpenF1DriverNumber": profile.number if profile.number != 1 else None,
            },
            as_of=profile.as_of.isoformat(),
        )
    for key, match in matches.items():
        _put(plan, "driver", match, _driver_fields(lookup.person_by_key(key)))
    return {key: match.id for key, match in matches.items()}


def _match(plan: Plan, source: str, kind: str, wanted: list[Wanted]) -> dict[str, Match]:
    return resolve(wanted, plan.state.decided(source, kind), plan.state.known(kind))


def _put(plan: Plan, kind: str, match: Match, tables: Fields) -> None:
    said = {**plan.claims_on(match.id), TABLES: tables}
    columns = columns_of(BY_KIND[kind].columns, believe(kind, said))
    plan.put(kind, match.id, columns, {"Slug": match.slug})


def _slugs(slug: str, names: Iterable[str]) -> frozenset[str]:
    return frozenset({slug, *(slugify(name) for name in names)})


def _circuit_fields(row: CircuitRow | None) -> Fields:
    if row is None:
        return {}
    return {
        "Name": row.name,
        "Location": row.location,
        "Country": row.country,
        "CountryCode": row.country_code,
        "Latitude": row.latitude,
        "Longitude": row.longitude,
    }


def _team_fields(row: TeamRow | None) -> Fields:
    if row is None:
        return {}
    return {"Name": row.name, "ShortName": row.short_name, "Nationality": row.nationality}


def _driver_fields(row: DriverRow | None) -> Fields:
    return {"FirstName": row.first_name, "LastName": row.last_name} if row else {}
