"""What is odd without being wrong, and what nothing refers to: as SQL, one text for each row."""

from typing import Final

from psycopg import sql

from ingestion_core.catalog import tables
from ingestion_core.database.invariants import Invariant, every

#: Texts that say nothing where a null would. The product wants a place and a country of every
#: circuit: there an empty one is all that can be said.
_WANTED: Final = {("Circuits", "Country"), ("Circuits", "Location")}


_EMPTY: Final = """SELECT {said} || "Id" FROM {table} WHERE btrim({column}) = ''"""
_NO_ADDRESS: Final = """
SELECT {said} || "Slug" FROM {table} WHERE "Slug" !~ '^[a-z0-9]+(-[a-z0-9]+)*$'
"""
_UNUSED: Final = """
SELECT t."Slug" FROM {table} t WHERE NOT EXISTS (SELECT FROM {users} x WHERE x.{column} = t."Id")
"""
_NEVER_A_ROW: Final = """
SELECT c.source || ' ' || c.kind || ': ' || c.key FROM ingest.claims c
WHERE c.kind = {kind} AND c.source NOT IN ('written', 'product', 'adopted')
  AND NOT EXISTS (SELECT FROM {table} t WHERE t."Id" = c.target)
"""
_UNCLAIMED: Final = """
SELECT {kind} || ' ' || t."Id" FROM {table} t
WHERE NOT EXISTS (
    SELECT FROM ingest.claims c WHERE c.target = t."Id" AND c.kind = {kind}
      AND c.source NOT IN ('written', 'product', 'adopted'))
"""


def _empty_texts() -> sql.Composed:
    return every(
        sql.SQL(_EMPTY).format(
            said=sql.Literal(f"{table.name}.{column} of "),
            table=sql.Identifier(table.name),
            column=sql.Identifier(column),
        )
        for table in tables.BY_KIND.values()
        for column, type_ in {**table.once, **table.columns}.items()
        if type_ == "text" and (table.name, column) not in _WANTED
    )


ODD: Final = (
    Invariant("empty text", "a text is empty, where nothing would say the same", _empty_texts()),
    Invariant(
        "session outside its round",
        "a session begins before its round's first day or after its last, by UTC",
        """
        SELECT r."Slug" || ', type ' || s."Type" || ', ' || s."StartTimeUtc"::date
        FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId"
        WHERE (s."StartTimeUtc" AT TIME ZONE 'UTC')::date
            NOT BETWEEN r."DateStart" AND r."DateEnd"
        """,
    ),
    Invariant(
        "round ends before it begins",
        "a round's last day comes before its first",
        """SELECT "Slug" FROM "Rounds" WHERE "DateEnd" < "DateStart"
        """,
    ),
    Invariant(
        "long round",
        "a round lasts for more than ten days",
        """SELECT "Slug" || ', ' || "DateEnd" - "DateStart" + 1 || ' days' FROM "Rounds"
           WHERE "DateEnd" - "DateStart" >= 10 AND "RoundNumber" > 0""",
    ),
    Invariant(
        "round of another year",
        "a round begins more than a year off its season",
        """
        SELECT r."Slug" || ' in ' || y."Year" FROM "Rounds" r
        JOIN "Seasons" y ON y."Id" = r."SeasonId"
        WHERE abs(extract(year FROM r."DateStart") - y."Year") > 1""",
    ),
    Invariant(
        "overdue status",
        "a session began more than three days ago and counts as scheduled or running",
        """
        SELECT r."Slug" || ', type ' || s."Type" FROM "Sessions" s
        JOIN "Rounds" r ON r."Id" = s."RoundId"
        WHERE s."Status" IN (0, 1) AND s."StartTimeUtc" < now() - interval '3 days'
        """,
    ),
    Invariant(
        "early status",
        "a session has yet to begin and counts as over",
        """
        SELECT r."Slug" || ', type ' || s."Type" FROM "Sessions" s
        JOIN "Rounds" r ON r."Id" = s."RoundId"
        WHERE s."Status" = 2 AND s."StartTimeUtc" > now()""",
    ),
    Invariant(
        "impossible number",
        "a driver's number is not from 1 to 999",
        """
        SELECT "Slug" || ', ' || coalesce("DriverNumber", "OpenF1DriverNumber") FROM "Drivers"
        WHERE "DriverNumber" NOT BETWEEN 1 AND 999
           OR "OpenF1DriverNumber" NOT BETWEEN 1 AND 999""",
    ),
    Invariant(
        "impossible age",
        "a driver entered a season in which they turned less than 15, or more than 80",
        """
        SELECT DISTINCT d."Slug" || ', born ' || d."DateOfBirth" || ', in ' || y."Year"
        FROM "Drivers" d JOIN "Entrants" e ON e."DriverId" = d."Id"
        JOIN "Rounds" r ON r."Id" = e."RoundId" JOIN "Seasons" y ON y."Id" = r."SeasonId"
        WHERE y."Year" - extract(year FROM d."DateOfBirth") NOT BETWEEN 15 AND 80""",
    ),
    Invariant(
        "country code",
        "a country's code is not of two or three capital letters",
        """
        SELECT "Slug" || ', ' || "CountryCode" FROM "Circuits"
        WHERE "CountryCode" !~ '^[A-Z]{2,3}$'
        """,
    ),
    Invariant(
        "place",
        "a circuit lies nowhere on earth, or where the equator meets Greenwich",
        """
        SELECT "Slug" || ', ' || "Latitude" || ' ' || "Longitude" FROM "Circuits"
        WHERE abs("Latitude") > 90 OR abs("Longitude") > 180 OR "Latitude" = 0 AND "Longitude" = 0
           OR ("Latitude" IS NULL) <> ("Longitude" IS NULL)""",
    ),
    Invariant(
        "length",
        "a circuit is shorter than 200 m or longer than 30 km",
        """SELECT "Slug" || ', ' || "LengthMeters" || ' m' FROM "Circuits"
           WHERE "LengthMeters" NOT BETWEEN 200 AND 30000""",
    ),
    Invariant(
        "colour",
        "a team's colour is not of six hexadecimal digits",
        """SELECT "Slug" || ', ' || "PrimaryColor" FROM "Teams"
           WHERE "PrimaryColor" !~ '^#[0-9A-Fa-f]{6}$'
        """,
    ),
    Invariant(
        "address",
        "an address has other signs than small letters, digits and single hyphens",
        every(
            sql.SQL(_NO_ADDRESS).format(said=sql.Literal(f"{name}: "), table=sql.Identifier(name))
            for name in ("Series", "Circuits", "Rounds", "Drivers", "Teams")
        ),
    ),
)

ORPHANS: Final = (
    *(
        Invariant(
            f"{kind} of nothing",
            f"nothing refers to this {kind}",
            sql.SQL(_UNUSED).format(
                table=sql.Identifier(table),
                users=sql.Identifier(users),
                column=sql.Identifier(column),
            ),
        )
        for kind, table, users, column in (
            ("driver", "Drivers", "Entrants", "DriverId"),
            ("team", "Teams", "Entrants", "TeamId"),
            ("circuit", "Circuits", "Rounds", "CircuitId"),
            ("series", "Series", "Seasons", "SeriesId"),
            ("round", "Rounds", "Sessions", "RoundId"),
        )
    ),
    Invariant(
        "season without rounds",
        "nothing refers to this season",
        """
        SELECT s."Slug" || ' ' || y."Year" FROM "Seasons" y JOIN "Series" s ON s."Id" = y."SeriesId"
        WHERE NOT EXISTS (SELECT FROM "Rounds" r WHERE r."SeasonId" = y."Id")""",
    ),
    Invariant(
        "entrant that no list names",
        "no source lists this entrant in any session of the round",
        """
        SELECT r."Slug" || ', ' || d."Slug" FROM "Entrants" e
        JOIN "Rounds" r ON r."Id" = e."RoundId" JOIN "Drivers" d ON d."Id" = e."DriverId"
        WHERE NOT EXISTS (
            SELECT FROM ingest.entries i JOIN "Sessions" s ON s."Id" = i.session
            WHERE s."RoundId" = e."RoundId" AND i.driver = e."DriverId")""",
    ),
    Invariant(
        "claim without a row",
        "a source says something of what never became a row, or is gone",
        every(
            sql.SQL(_NEVER_A_ROW).format(kind=sql.Literal(kind), table=sql.Identifier(table.name))
            for kind, table in tables.BY_KIND.items()
        ),
    ),
    Invariant(
        "row that nobody claims",
        "no source speaks of this row: somebody else made it, or its source was taken out",
        every(
            sql.SQL(_UNCLAIMED).format(kind=sql.Literal(kind), table=sql.Identifier(table.name))
            for kind, table in tables.BY_KIND.items()
            if kind not in ("entrant", "series")
        ),
    ),
)
