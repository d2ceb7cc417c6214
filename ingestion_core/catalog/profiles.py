"""Series, circuits, teams and drivers: who is meant, what is said, what is believed of them."""

from collections.abc import Iterable, Mapping, Sequence

from ingestion_core.catalog.claims import APART, LOOSE, Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import TABLES, believe, columns_of
from ingestion_core.catalog.tables import BY_KIND
from ingestion_core.identity import ids, lookup
from ingestion_core.identity.ids import Id
from ingestion_core.identity.resolve import Match, Wanted, resolve
from ingestion_core.identity.tables import CircuitRow, DriverRow, TeamRow
from ingestion_core.racing.names import slugify, words
from ingestion_core.racing.types import CircuitProfile, DriverProfile, SeriesProfile, TeamProfile

#: How many homonyms may want one address before two are looked up under the same one.
_HOMONYMS = 3


def want_series(profile: SeriesProfile) -> Wanted:
    """The series by its address; a name alone is another's too."""
    slug = profile.slug
    return Wanted(profile.key, ids.of("series", slug), slug, frozenset({slug}))


def want_circuit(source: str, profile: CircuitProfile) -> Wanted:
    """The circuit as the tables know it, else as the source calls it."""
    row = lookup.circuit(source, profile.key)
    slug = row.slug if row else profile.slug or _address(profile.name, source, profile.key)
    others = [row.name, *row.aliases] if row else [] if profile.slug else [profile.name]
    return Wanted(profile.key, ids.of("circuit", slug), slug, _slugs(slug, others))


def want_team(source: str, profile: TeamProfile, year: int) -> Wanted:
    """The team of that season as the tables know it, else as the source calls it."""
    row = lookup.team(source, profile.key, year)
    slug = row.slug if row else profile.slug or _address(profile.name, source, profile.key)
    others = [row.name, *row.aliases] if row else [] if profile.slug else [profile.name]
    key = lookup.team_claim_key(source, profile.key, year)
    return Wanted(key, ids.of("team", slug), slug, _slugs(slug, others))


def want_driver(source: str, profile: DriverProfile, year: int | None) -> Wanted:
    """The driver under the canonical name; ``year`` None: nobody says when they drove."""
    row = lookup.person_by_key(profile.person)
    name = (
        f"{row.first_name} {row.last_name}" if row else f"{profile.first_name} {profile.last_name}"
    )
    slug = row.slug if row else profile.slug or _address(name, source, profile.key)
    others = [name, *(alias.name for alias in row.aliases)] if row else [name]
    return Wanted(
        profile.key,
        ids.of("driver", profile.person),
        slug,
        frozenset({slug}) if profile.slug else _slugs(slug, others),
        frozenset() if profile.slug else words(name),
        profile.born.isoformat() if profile.born else None,
        profile.career or ((year, year) if year else None),
        profile.apart,
    )


def candidates(wanted: Iterable[Wanted]) -> frozenset[str]:
    """Addresses to look up: those it may be known by, and those it would get beside a homonym."""
    found: set[str] = set()
    for one in wanted:
        found |= one.slugs
        found.update(f"{one.slug}-{number}" for number in range(2, _HOMONYMS + 1))
    return frozenset(found)


def match(plan: Plan, source: str, kind: str, wanted: Iterable[Wanted]) -> dict[str, Match]:
    """Who each of them is."""
    return resolve(wanted, plan.state.decided(source, kind), plan.state.known(kind))


def decided_drivers(plan: Plan, source: str, wanted: Iterable[Wanted]) -> dict[str, Id]:
    """The keys whose driver is decided, and holds here.

    Where a name does tell who somebody is, it does so also of a key that was met before among
    people whom no name tells: there it was made somebody apart.
    """
    decided, apart = plan.state.decided(source, "driver"), plan.state.apart()
    by_name = {one.key for one in wanted if not one.apart}
    return {key: id_ for key, id_ in decided.items() if key not in by_name or id_ not in apart}


def match_drivers(
    plan: Plan, source: str, wanted: Sequence[Wanted]
) -> tuple[dict[str, Match], set[Id]]:
    """Who they are, and the rows that were found by a name alone: their careers decide."""
    known = plan.state.known("driver")
    decided = decided_drivers(plan, source, wanted)
    matches = resolve(wanted, decided, known)
    slugs = {row.id: row.slug for row in known}
    for key, id_ in plan.state.decided(source, "driver").items():
        if key in matches and matches[key].new and id_ in slugs:
            matches[key] = Match(id_, slugs[id_], new=False)
    born = {row.id: row.born for row in known}
    doubtful = {
        match.id
        for one in wanted
        if one.key not in decided
        and not (match := matches[one.key]).new
        and not (one.born and born[match.id])
    }
    return matches, doubtful


def claim_series(plan: Plan, source: str, profile: SeriesProfile, id_: Id | None) -> None:
    """What the source says of a series; the row may be nobody's yet."""
    known = plan.current(source, "series", profile.key)
    named = profile.listed and known is not None and known.fields.get("Name") is not None
    plan.claim(
        source,
        "series",
        profile.key,
        id_,
        {
            "Name": None if named else profile.name,
            "GoverningBody": profile.governing_body,
            "Names": [[one.name, one.first, one.last] for one in profile.names] or None,
        },
    )


def claim_circuit(plan: Plan, source: str, profile: CircuitProfile, id_: Id | None) -> None:
    """What the source says of a venue; the row may be nobody's yet.

    The product wants a place and a country: for what a source never said, the name and nothing.
    """
    known = plan.current(source, "circuit", profile.key)
    said = known.fields if known else {}
    country = lookup.country_name(profile.country) if profile.country else None
    plan.claim(
        source,
        "circuit",
        profile.key,
        id_,
        {
            "Name": profile.name,
            "Location": profile.location or (None if said.get("Location") else profile.name),
            "Country": country or (None if said.get("Country") else ""),
            "CountryCode": profile.country_code,
            "Latitude": profile.latitude,
            "Longitude": profile.longitude,
            "Altitude": profile.altitude,
            "WikipediaUrl": profile.url,
            "LengthMeters": profile.length,
            "TrackType": profile.kind,
            "TrackStatus": profile.status,
            "OpenedYear": profile.opened,
        },
        weak=profile.listed,
    )


def claim_team(plan: Plan, source: str, key: str, profile: TeamProfile, id_: Id | None) -> None:
    """What the source says of a team, under the key of its season."""
    plan.claim(
        source,
        "team",
        key,
        id_,
        {
            "Name": profile.name,
            "PrimaryColor": f"#{profile.colour}" if profile.colour else None,
            "Nationality": profile.nationality,
            "WikipediaUrl": profile.url,
            LOOSE: profile.loose or None,
        },
        as_of=profile.as_of.isoformat() if profile.as_of else None,
    )


def claim_driver(plan: Plan, source: str, profile: DriverProfile, id_: Id | None) -> None:
    """What the source says of a driver; the row may be nobody's yet."""
    plan.claim(
        source,
        "driver",
        profile.key,
        id_,
        {
            "FirstName": profile.first_name,
            "LastName": profile.last_name,
            "Abbreviation": profile.abbreviation,
            "Nationality": profile.nationality,
            "HeadshotUrl": profile.headshot_url,
            "DriverNumber": profile.permanent_number,
            # Number 1 names last year's champion.
            "OpenF1DriverNumber": profile.number if profile.number != 1 else None,
            "DateOfBirth": profile.born.isoformat() if profile.born else None,
            "WikipediaUrl": profile.url,
            "Career": list(profile.career) if profile.career else None,
            "Nickname": profile.nickname,
            "PlaceOfBirth": profile.place_of_birth,
            APART: profile.apart or None,
        },
        as_of=profile.as_of.isoformat() if profile.as_of else None,
    )


def project_shared(plan: Plan, kind: str, slugs: Mapping[Id, str]) -> None:
    """Plan the rows of a kind from all claims on them; ``slugs``: id to address."""
    for id_, slug in slugs.items():
        columns = columns_of(BY_KIND[kind].columns, believe(kind, said_of(plan, kind, id_)))
        plan.put(kind, id_, columns, {"Slug": slug})


def said_of(plan: Plan, kind: str, id_: Id) -> dict[str, Fields]:
    """What is said of a row, by source; the hand-checked tables are one."""
    return {**plan.claims_on(id_), TABLES: _table_fields(plan, kind, id_)}


def _slugs(slug: str, names: Iterable[str]) -> frozenset[str]:
    return frozenset({slug, *(slugify(name) for name in names)}) - {""}


def _address(name: str, *key: str) -> str:
    """The name's, or, where it has neither letter nor digit, one of the source's key."""
    return slugify(name) or slugify(" ".join(key)) or f"unnamed-{ids.of('unnamed', *key)}"


def _table_fields(plan: Plan, kind: str, id_: Id) -> Fields:
    """What the hand-checked tables say of a row, by any source's key of it."""
    for source, key in plan.keys_of(id_):
        if kind == "series" and (joined := lookup.joined_series(source, key.replace("_", " "))):
            return {"Name": joined.series.name}
        if kind == "circuit" and (circuit := lookup.circuit(source, key)):
            return _circuit_fields(circuit)
        if kind == "team" and (team := lookup.team_by_claim(source, key)):
            return _team_fields(team)
        if kind == "driver" and (person := lookup.person_by_claim(source, key)):
            return _driver_fields(person)
    return {}


def _circuit_fields(row: CircuitRow) -> Fields:
    return {
        "Name": row.name,
        "Location": row.location,
        "Country": row.country,
        "CountryCode": row.country_code,
        "Latitude": row.latitude,
        "Longitude": row.longitude,
    }


def _team_fields(row: TeamRow) -> Fields:
    return {"Name": row.name, "ShortName": row.short_name, "Nationality": row.nationality}


def _driver_fields(row: DriverRow) -> Fields:
    return {
        "FirstName": row.first_name,
        "LastName": row.last_name,
        "DateOfBirth": row.born.isoformat() if row.born else None,
    }
