"""A person decides that two are one, or takes it back: everything that follows moves, at once."""

from datetime import date
from uuid import UUID

import pytest

from ingestion_core.catalog import merges
from ingestion_core.catalog.keys import Key
from ingestion_core.errors import Conflict, NotFound
from ingestion_core.identity.ids import Id
from tests.support import product
from tests.support.weekends import NOW, Db, Person, weekend, write

MAY, JUNE = date(2023, 5, 28), date(2023, 6, 4)
ALEX = Person("Alex Palou", "McLaren", key="palou", car="5", career=(2023, 2023))
TYPO = Person("Alex Pallou", "McLaren", car="5")
OTHER = Person("Max Verstappen", "Red Bull", key="max_verstappen", car="1")


def driver(db: Db, slug: str) -> Id:
    """The driver with this address."""
    found = db.execute('SELECT "Id" FROM "Drivers" WHERE "Slug" = %s', (slug,)).fetchone()
    assert found is not None
    return Id(str(found[0]))


def entered(db: Db) -> list[tuple[str, str]]:
    """Who is entered where, by addresses."""
    return db.execute(
        'SELECT r."Slug", d."Slug" FROM "Entrants" e JOIN "Rounds" r ON r."Id" = e."RoundId"'
        ' JOIN "Drivers" d ON d."Id" = e."DriverId" ORDER BY 1, 2'
    ).fetchall()


def pending(db: Db) -> list[tuple[str, str, str, int]]:
    """What is put before a person."""
    return db.execute(
        'SELECT "IncomingName", "CandidateEntityName", "Source", "Status" FROM "PendingMatches"'
    ).fetchall()


def merge(db: Db, key: Key, after: Id) -> merges.Moved:
    """Decide, in a transaction."""
    with db.transaction():
        return merges.decide(db, key, after, "tests", NOW)


@pytest.fixture
def two(db: Db) -> Db:
    """One man under two names: in the archive, and misspelt in two of OpenF1's weekends."""
    write(
        db, weekend("ergast", "1100", [ALEX, OTHER], date(2023, 5, 7), "imola", "Imola Grand Prix")
    )
    write(db, weekend("openf1", "1210", [TYPO], MAY, "22"))
    write(db, weekend("openf1", "1211", [TYPO], JUNE, "15", "Spanish Grand Prix"))
    return db


def test_somebody_like_somebody_is_put_before_a_person_once(two: Db) -> None:
    """Never merged by likeness; a second run asks nothing again."""
    assert pending(two) == [("Alex Pallou", "Alex Palou", "openf1", 0)]
    write(two, weekend("openf1", "1210", [TYPO], MAY, "22"))
    assert len(pending(two)) == 1
    assert driver(two, "alex-pallou") != driver(two, "alex-palou")


def test_a_merge_moves_every_entrant_and_stays(two: Db) -> None:
    """Entrants keep their ids; the row that nobody means goes; a re-sync changes nothing."""
    before = {row["Id"] for row in product.dump(two.info.dsn)["Entrants"]}
    moved = merge(two, Key("driver", "openf1", "alex pallou"), driver(two, "alex-palou"))
    assert {(one.series, one.year) for one in moved.seasons} == {("formula-1", 2023)}
    assert entered(two) == [
        ("2023-imola-grand-prix", "alex-palou"),
        ("2023-imola-grand-prix", "max-verstappen"),
        ("2023-monaco-grand-prix", "alex-palou"),
        ("2023-spanish-grand-prix", "alex-palou"),
    ]
    found = product.dump(two.info.dsn)
    assert {row["Id"] for row in found["Entrants"]} == before
    assert "alex-pallou" not in {row["Slug"] for row in found["Drivers"]}
    assert write(two, weekend("openf1", "1210", [TYPO], MAY, "22")).rows == 0
    assert product.dump(two.info.dsn) == found


def test_a_merge_taken_back_leaves_no_trace(two: Db) -> None:
    """Rows, ids and addresses as before, what an administrator changed included."""
    two.execute("""UPDATE "Drivers" SET "Nickname" = 'P', "Nationality" = 'Catalan'
                   WHERE "Slug" = 'alex-pallou'""")
    write(two, weekend("openf1", "1210", [TYPO], MAY, "22"))
    before = product.dump(two.info.dsn)
    moved = merge(two, Key("driver", "openf1", "alex pallou"), driver(two, "alex-palou"))
    assert product.dump(two.info.dsn) != before
    with two.transaction():
        merges.undo(two, moved.decision, "tests", NOW)
    assert product.dump(two.info.dsn) == before
    assert write(two, weekend("openf1", "1210", [TYPO], MAY, "22")).rows == 0
    with pytest.raises(NotFound), two.transaction():
        merges.undo(two, moved.decision, "tests", NOW)


def test_two_dates_of_birth_are_never_one(db: Db) -> None:
    """Piquet and Piquet Jr. drove for Renault and Brabham, decades apart."""
    father = Person("Nelson Piquet", "Brabham", "piquet", born=date(1952, 8, 17))
    son = Person("Nelson Piquet Jr.", "Renault", "piquet_jr", born=date(1985, 7, 25))
    write(db, weekend("ergast", "400", [father], date(1981, 5, 31)))
    write(db, weekend("ergast", "500", [son], date(2008, 5, 25)))
    with pytest.raises(Conflict, match="born on different days"):
        merge(db, Key("driver", "ergast", "piquet_jr"), driver(db, "nelson-piquet"))
    assert ("2008-monaco-grand-prix", "nelson-piquet-jr") in entered(db)


def test_two_in_one_session_are_never_one(db: Db) -> None:
    """Named with the round."""
    write(db, weekend("ergast", "1100", [ALEX, OTHER], MAY))
    with pytest.raises(Conflict, match="both are listed in one session of 2023-monaco-grand-prix"):
        merge(db, Key("driver", "ergast", "palou"), driver(db, "max-verstappen"))


@pytest.mark.parametrize("key", ["nobody", "max verstappen"])
def test_a_key_that_nobody_has_is_not_found(two: Db, key: str) -> None:
    """Max is the archive's here, not OpenF1's."""
    with pytest.raises(NotFound):
        merge(two, Key("driver", "openf1", key), driver(two, "alex-palou"))
    with pytest.raises(NotFound):
        merge(two, Key("driver", "openf1", "alex pallou"), Id(str(UUID(int=7))))


def test_a_standing_decision_is_undone_before_another_is_made(two: Db) -> None:
    """Nobody loses sight of what was decided."""
    key = Key("driver", "openf1", "alex pallou")
    merge(two, key, driver(two, "alex-palou"))
    with pytest.raises(Conflict, match="stands: undo it first"):
        merge(two, key, driver(two, "max-verstappen"))
    with pytest.raises(Conflict, match="is this one already"):
        merge(two, key, driver(two, "alex-palou"))


def test_teams_merge_and_part_again(db: Db) -> None:
    """Entrants follow their team; ids of everything stay."""
    write(
        db, weekend("ergast", "900", [Person("Jo One", "Osella Corse", "one")], date(1981, 5, 31))
    )
    write(db, weekend("ergast", "901", [Person("Jo One", "Osella", "one")], date(1982, 5, 23)))
    before = product.dump(db.info.dsn)
    [osella] = [row["Id"] for row in before["Teams"] if row["Slug"] == "osella"]
    moved = merge(db, Key("team", "ergast", "osella_corse"), Id(osella))
    after = product.dump(db.info.dsn)
    assert [row["Slug"] for row in after["Teams"]] == ["osella"]
    assert {row["TeamId"] for row in after["Entrants"]} == {osella}
    assert [row["Id"] for row in after["Entrants"]] == [row["Id"] for row in before["Entrants"]]
    with db.transaction():
        merges.undo(db, moved.decision, "tests", NOW)
    assert product.dump(db.info.dsn) == before


def test_circuits_merge_and_part_again(db: Db) -> None:
    """Rounds follow their circuit."""
    here, there = Person("Jo One", "Osella", "one"), Person("Jo Two", "Osella", "two")
    write(
        db, weekend("ergast", "900", [here], date(1981, 5, 31), "nurburg_oval", "Oval Grand Prix")
    )
    write(
        db,
        weekend(
            "ergast", "901", [there], date(1982, 5, 23), "nurburg_ring_oval", "Ring Grand Prix"
        ),
    )
    before = product.dump(db.info.dsn)
    [oval] = [row["Id"] for row in before["Circuits"] if row["Slug"] == "nurburg-oval"]
    moved = merge(db, Key("circuit", "ergast", "nurburg_ring_oval"), Id(oval))
    assert {row["CircuitId"] for row in product.dump(db.info.dsn)["Rounds"]} == {oval}
    assert len(product.dump(db.info.dsn)["Circuits"]) == 1
    with db.transaction():
        merges.undo(db, moved.decision, "tests", NOW)
    assert product.dump(db.info.dsn) == before
