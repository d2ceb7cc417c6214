"""The canary in the archive: results with values that occur nowhere else are found nowhere else.

Under the host at log level DEBUG, while what can go wrong with an archive's results goes wrong.
"""

import json
import re
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.host.processes import eventually
from tests.host.running import Running, Start
from tests.support import canaries
from tests.support.archives import csv_text, tables, write_csv
from tests.support.product import rows, texts

#: A place, points, laps, a time as it stands in the archive and in milliseconds, a fastest lap, a
#: speed, a qualifying time, a status, and texts where there should be numbers.
VALUES = (
    *("987", "77.4321", "9753", "35:05:21.987", "126321987", "1:23.987", "83987", "398.765"),
    *("1:24.987", "84987", "ZZSTATUS", "ZZPLACE", "ZZTIME", "ZZQUOTES"),
)


def hits(text: str) -> list[str]:
    """The canaries of the archive in a text."""
    return canaries.hits(text, VALUES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small archive, with results like nobody's."""
    content = tables()
    content["status"].append(["77", "ZZSTATUS"])
    drive = ["10", "1", "1", "44", "2", "987", "987", "1", "77.4321", "9753", "35:05:21.987"]
    content["results"] = [
        ["1", *drive, "126321987", "30", "1", "1:23.987", "398.765", "77"],
        # Rows that nobody can read, and a race that nobody knows.
        ["2", "10", "2", "2", "7", "0", "ZZPLACE", "987", "2", "0", "9753", "ZZTIME"],
        ["3", "10", "2", "2", "7", "0", "987", "ZZPLACE", "2", "77.4321", "9753"],
        ["4", "999", *drive[1:]],
        *content["results"][2:],
    ]
    content["qualifying"][0][6:] = ["1:24.987", "ZZTIME", None]
    content["qualifying"][1][6:] = ["1:24.987", None, None]
    archive = write_csv(tmp_path / "archive", content)
    with (archive / "results.csv").open("a") as file:
        file.write('"5","10","2","2","7","0","987","ZZQUOTES,77.4321,9753\n')
    return archive


@pytest.fixture
def app(start: Start, folder: Path) -> Running:
    """The app with results opted into, telling as much as it can; two attempts for a message."""
    return start(
        settings={"ARCHIVE_URL": str(folder), "RESULTS_ENABLED": "true", "LOG_LEVEL": "DEBUG"},
        # Nothing is asked of the others; ten times a second each would ask its queue.
        listening=("import_season", "dead_letter_season", "load_results", "dead_letter_results"),
        maxDequeueCount=2,
        visibilityTimeout="00:00:00",
        maxPollingInterval="00:00:00.100",
    )


class Imports:
    """The archive imported again and again with its results, each time with another fault."""

    def __init__(self, client: httpx.Client, database: str) -> None:
        self._client = client
        self._database = database
        self.told: list[str] = []

    def get(self, path: str) -> str:
        """An answer, whatever it is."""
        text = self._client.get(path).text
        self.told.append(text)
        return text

    def sql(self, statement: str) -> None:
        """Change the database from outside."""
        with psycopg.connect(self._database, autocommit=True) as db:
            db.execute(statement.encode())

    def end(self, state: str) -> None:
        """Import; the run must end like this."""
        wish = {"seasons": {"from": 2019, "to": 2019}, "include_results": True}
        path = f"/runs/{self._client.post('/archive', json=wish).json()['run']}"
        eventually(lambda: json.loads(self.get(path))["state"] != "running", 30, every=0.2)
        assert json.loads(self.told[-1])["state"] == state, self.told[-1]

    def broken(self, table: str) -> None:
        """Import while a table refuses every row."""
        self.sql(f"ALTER TABLE {table} ADD CONSTRAINT no_canary CHECK (false) NOT VALID")
        self.end("failed")
        self.sql(f"ALTER TABLE {table} DROP CONSTRAINT no_canary")


@pytest.fixture
def imports(app: Running, database: str) -> Imports:
    """Whoever asks that app."""
    return Imports(app.client, database)


def test_canaries_of_the_archive_are_found_in_results_and_spoilers_alone(
    app: Running, imports: Imports, database: str, folder: Path
) -> None:
    """Not in a log, a traceback, our records, an answer, or another table of the product."""
    imports.broken('public."Results"')
    for name in ("classifications", "quarantine", "written"):
        imports.broken(f"spoilers.{name}")
    results = folder / "results.csv"
    whole = results.read_bytes()
    results.write_bytes(whole + b'"6","10","1","1","44","0","987","ZZPLACE\xff\n')
    imports.end("failed")
    told = json.loads(imports.told[-1])["last_error"]
    assert re.fullmatch(r"archive-unreadable: results.csv, line 9, column \d+: is not UTF-8", told)
    header, rest = csv_text("results", []), whole.split(b"\n", 1)[1]
    results.write_bytes(header.replace("positionText", "ZZPLACE").encode() + rest)
    imports.end("failed")
    told = json.loads(imports.told[-1])["last_error"]
    assert told == "archive-unreadable: results.csv, line 1, column positionText: is missing"
    results.write_bytes(whole)
    imports.end("done")
    for path in ("/runs", "/sources", "/results/revisions?year=2024", "/health/ready"):
        imports.get(path)
    assert app.host.stop() == 0

    # Where they belong, they are: this test can see them.
    product, spoilers = texts(database, "public"), texts(database, "spoilers")
    seen = set(hits(product.pop("Results")))
    assert {"987", "77.4321", "9753", "126321987", "398.765", "ZZSTATUS"} <= seen
    assert {"ZZPLACE", "ZZTIME"} <= set(hits(spoilers["quarantine"]))
    log = "\n".join(app.host.lines)
    assert "ResultsDatabaseError: sqlstate 23514, constraint no_canary" in log

    # And nowhere else.
    found = {
        "log": hits(log),
        "answers": [hit for one in imports.told for hit in hits(one)],
        "ingest": {name: hits(text) for name, text in texts(database, "ingest").items()},
        "product": {name: hits(text) for name, text in product.items()},
    }
    found["ingest"] = {name: one for name, one in found["ingest"].items() if one}
    found["product"] = {name: one for name, one in found["product"].items() if one}
    assert not any(found.values()), found
    # What belongs to no season, and what could not be told apart, was kept without a value.
    kept = "SELECT reason FROM ingest.quarantine WHERE source = 'ergast' ORDER BY reason"
    assert rows(database, kept) == [("unknown-race",), ("unreadable: quotes",)]
