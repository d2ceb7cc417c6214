"""What users keep in the product: every table of theirs, filled, and read back whole."""

from typing import Any

import psycopg
from psycopg import sql

#: Everything of users', parents first.
TABLES = (
    "AspNetUsers",
    "UserFollows",
    "Logs",
    "Reviews",
    "ReviewLikes",
    "ReviewComments",
    "Grandstands",
    "Experiences",
    "UserLists",
    "ListItems",
)

# Two people: one logged a race from a grandstand and wrote of it, the other liked and commented;
# a list holds another session; one of them calls a series theirs.
_FILL = """
INSERT INTO "AspNetUsers" ("Id", "UserName", "CreatedAt") VALUES
    ('00000000-0000-4000-8000-000000000001', 'ana', '2024-01-01'),
    ('00000000-0000-4000-8000-000000000002', 'bo', '2024-01-02');
INSERT INTO "UserFollows" VALUES
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001',
     '00000000-0000-4000-8000-000000000002', '2024-01-03');
INSERT INTO "Logs" VALUES
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', '{logged}', 4.5, 3, true,
     '2024-03-03T10:00Z', '2024-03-02', true);
INSERT INTO "Reviews" SELECT gen_random_uuid(), "Id", 'Dusk, and then the lights.', false, 'en',
    '2024-03-03T11:00Z', NULL FROM "Logs";
INSERT INTO "ReviewLikes" SELECT gen_random_uuid(), "Id", '00000000-0000-4000-8000-000000000002',
    '2024-03-04' FROM "Reviews";
INSERT INTO "ReviewComments" SELECT gen_random_uuid(), "Id",
    '00000000-0000-4000-8000-000000000002', 'Same here.', '2024-03-04' FROM "Reviews";
INSERT INTO "Grandstands" SELECT gen_random_uuid(), r."CircuitId", 'Main', NULL
    FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId" WHERE s."Id" = '{logged}';
INSERT INTO "Experiences" SELECT gen_random_uuid(), l."Id", g."Id", 'Row 7', 5, 4, 3, 2, 1
    FROM "Logs" l, "Grandstands" g;
INSERT INTO "UserLists" VALUES
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000002', 'Seen live', NULL, true,
     '2024-05-05');
INSERT INTO "ListItems" SELECT gen_random_uuid(), "Id", '{listed}', 1, 'first' FROM "UserLists"
"""


def fill(conninfo: str, logged: str, listed: str) -> None:
    """Let users log one session, with all that hangs on it, and list another one."""
    with psycopg.connect(conninfo) as db:
        for statement in _FILL.format(logged=logged, listed=listed).split(";\n"):
            db.execute(statement.encode())


def kept(conninfo: str) -> dict[str, list[Any]]:
    """Every row of users', byte for byte: with the version that the server keeps of it."""
    with psycopg.connect(conninfo) as db:
        found = {
            name: db.execute(
                sql.SQL('SELECT to_jsonb(t)::text, xmin::text FROM {} t ORDER BY "Id"').format(
                    sql.Identifier(name)
                )
            ).fetchall()
            for name in TABLES
        }
    assert all(found.values()), "a table of users' is empty: nothing would be shown"
    return found
