"""Who is who between The Third Turn and the others, in a real database."""

from ingestion_core.catalog import merges
from ingestion_core.catalog.keys import Key
from tests.support import product, wiki_pages
from tests.support.weekends import Db
from tests.support.wiki_catalog import (
    NOW,
    driver_page,
    rows,
    season_page,
    slugs,
    write,
)
from tests.support.wiki_pages import link, listed
from tests.support.wiki_races import F1, MONZA, archives_italy, grand_prix, raced

SPRINTS = "FIA_Formula_One_Sprint_Qualifying_Race_Central"
WRITTEN_BY_OTHERS = ("Series", "Seasons", "Rounds", "Sessions", "Circuits")


def asked(db: Db) -> set[tuple[str, str]]:
    """The questions that wait for a person: of whom, and who it may be."""
    return set(
        db.execute('SELECT "IncomingName", "CandidateEntityName" FROM "PendingMatches"').fetchall()
    )


def test_formula_ones_pages_join_the_archives_rounds_and_people(db: Db) -> None:
    """By circuit and day; nothing of the round changes, and nobody is there twice."""
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    men = [link("Nino_Farina"), link("Juan_Fangio_(ARG)", "Juan Fangio")]
    told = grand_prix(men, make="Alfa Romeo")
    written = write(db, told)
    assert (written.rounds, written.entrants, written.rows) == (1, 2, 0)
    assert product.dump(db.info.dsn) == before
    assert write(db, told).rows == 0
    # A third man is somebody new, for whom the archive's round is the one.
    assert write(db, grand_prix([link("Nino_Farina"), link("Ada_Ferris")])).quarantined == 0
    after = product.dump(db.info.dsn)
    assert {table: after[table] for table in WRITTEN_BY_OTHERS} == {
        table: before[table] for table in WRITTEN_BY_OTHERS
    }
    assert slugs(db, "Drivers") == {"nino-farina", "juan-fangio", "ada-ferris"}


def test_a_make_in_formula_one_is_the_constructor_and_elsewhere_is_not(db: Db) -> None:
    """Toyota's cars of a stock car race are not its Formula One team."""
    write(db, archives_italy())
    write(db, grand_prix([link("Ada_Ferris")], make="Alfa Romeo"))
    write(db, raced([link("Bo_Marsh")], make="1961 Alfa Romeo"))
    assert slugs(db, "Teams") == {"alfa-romeo", "alfa-romeo-cars"}
    assert not asked(db)


def test_a_grand_prix_that_nobody_else_has_is_kept_and_makes_nothing(db: Db) -> None:
    """Neither at another circuit, nor on another day, nor without the season."""
    alone = [grand_prix([link("Nino_Farina")])]
    assert [write(db, one).quarantined for one in alone] == [1]
    assert not any(product.dump(db.info.dsn).values())
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    for stray in (
        grand_prix([link("Nino_Farina")], circuit="Fenmoor_Speedway"),
        grand_prix([link("Nino_Farina")], day="8 September 1950"),
        grand_prix([link("Nino_Farina")], year=1951, day="3 September 1951"),
    ):
        written = write(db, stray)
        assert (written.rounds, written.rows, written.quarantined) == (0, 0, 1)
    assert product.dump(db.info.dsn) == before
    kept = db.execute("SELECT DISTINCT reason FROM ingest.quarantine").fetchall()
    assert kept == [("no-round-to-join",)]


def test_a_round_that_no_source_gives_is_not_joined(db: Db) -> None:
    """What stands in the product alone is the product's."""
    write(db, archives_italy())
    db.execute("DELETE FROM ingest.claims WHERE kind = 'round' AND source = 'ergast'")
    before = product.dump(db.info.dsn)
    assert write(db, grand_prix([link("Nino_Farina")])).quarantined == 1
    assert product.dump(db.info.dsn) == before


def test_a_season_page_of_formula_one_makes_no_second_series_and_renumbers_nothing(db: Db) -> None:
    """What it lists is joined where it is there."""
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    races = [
        listed(
            "1", "1950_British_Grand_Prix", "13 May 1950", "Silverstone", "Silverstone, UK", "X"
        ),
        listed("99", "1950_Grand_Prix_of_Italy", "3 September 1950", MONZA, "Monza, Italy", "X"),
    ]
    body = wiki_pages.season("1950_" + F1, races=races, of=F1)
    written = write(db, season_page(body, F1, "FIA World Championship for Drivers"))
    assert (written.rounds, written.quarantined, written.rows) == (1, 1, 0)
    assert product.dump(db.info.dsn) == before


def test_a_sprint_of_the_wikis_is_its_rounds_sprint(db: Db) -> None:
    """The race has joined already: two weekends of the wiki are one round."""
    write(db, archives_italy())
    write(db, grand_prix([link("Nino_Farina")]))
    sprint = grand_prix([link("Nino_Farina")], of=SPRINTS, day="2 September 1950", number="1")
    assert write(db, sprint).rounds == 1
    assert len(rows(db, "Rounds")) == 1
    assert sorted(row["Type"] for row in rows(db, "Sessions")) == [3, 5, 6]


def test_homonyms_stay_apart_in_any_order(db: Db) -> None:
    """By title, by series, and from another source's namesake, of whom a person is asked."""
    write(db, archives_italy())
    write(db, raced([link("Nino_Farina_(AR)", "Nino Farina"), link("Nino_Farina"), "Juan Fangio"]))
    write(db, raced(["Juan Fangio"], of="Wick_Cup_Central", circuit="Wick_Park"))
    assert slugs(db, "Drivers") == {
        *("nino-farina", "nino-farina-ar", "nino-farina-2"),
        *("juan-fangio", "juan-fangio-lantern-cup", "juan-fangio-wick-cup"),
    }
    assert ("Nino Farina", "Nino Farina") in asked(db)
    assert ("Juan Fangio", "Juan Fangio") in asked(db)


def test_a_namesake_who_came_first_is_nobody_elses(db: Db) -> None:
    """The archive's own man is made beside the wiki's, and a person is asked."""
    write(db, raced([link("Nino_Farina")]))
    write(db, archives_italy())
    assert slugs(db, "Drivers") == {"nino-farina", "nino-farina-2", "juan-fangio"}
    assert asked(db) == {("Nino Farina", "Nino Farina")}


def test_whoever_was_made_apart_is_known_in_formula_one_all_the_same(db: Db) -> None:
    """No second man in the archive's round; what is his elsewhere waits for a person's word."""
    write(db, archives_italy())
    write(db, raced([link("Nino_Farina")]))
    before = product.dump(db.info.dsn)
    told = grand_prix([link("Nino_Farina")], make="Alfa Romeo")
    assert [write(db, told).rows for _ in range(2)] == [0, 0]
    assert product.dump(db.info.dsn) == before
    write(db, raced([link("Nino_Farina")], of="Wick_Cup_Central", circuit="Wick_Park"))
    raced_by = {row["DriverId"] for row in rows(db, "Entrants")}
    assert len(raced_by) == 3, "two of the archive's, and one of both cups"


def test_a_persons_word_makes_one_of_both(db: Db) -> None:
    """Who was known in Formula One all the same is one man in every series then."""
    write(db, archives_italy())
    write(db, raced([link("Nino_Farina")]))
    write(db, grand_prix([link("Nino_Farina")], make="Alfa Romeo"))
    (farina,) = [row["Id"] for row in rows(db, "Drivers") if row["Slug"] == "nino-farina"]
    with db.transaction():
        merges.decide(db, Key("driver", "thethirdturn", "Nino_Farina"), farina, "me", NOW)
    assert slugs(db, "Drivers") == {"nino-farina", "juan-fangio"}
    assert len([row for row in rows(db, "Entrants") if row["DriverId"] == farina]) == 2
    assert write(db, raced([link("Nino_Farina")])).rows == 0


def test_one_page_in_two_series_is_one_person(db: Db) -> None:
    """A key is decided once."""
    write(db, raced([link("Ada_Ferris")]))
    write(db, raced([link("Ada_Ferris")], of="Wick_Cup_Central", circuit="Wick_Park"))
    assert slugs(db, "Drivers") == {"ada-ferris"}
    assert len(rows(db, "Entrants")) == 2


def test_a_day_of_birth_tells_a_namesake(db: Db) -> None:
    """With the name it is the same person, whether their page is read before or after they race."""
    fangio = wiki_pages.driver("Juan_Fangio", "Juan Fangio", ['"El Chueco"', "(June 24, 1911 - )"])
    assert write(db, driver_page(fangio)).rows == 0
    write(db, archives_italy())
    farina = wiki_pages.driver("Nino_Farina", "Nino Farina", ["(October 30, 1906 - )", "Turin"])
    assert write(db, driver_page(farina)).rows == 1
    write(db, raced([link("Nino_Farina"), link("Juan_Fangio")]))
    assert slugs(db, "Drivers") == {"nino-farina", "juan-fangio"}
    assert {row["Slug"]: row["Nickname"] for row in rows(db, "Drivers")} == {
        "nino-farina": None,
        "juan-fangio": "El Chueco",
    }


def test_another_day_of_birth_is_another_person(db: Db) -> None:
    """Nothing of the page is the namesake's."""
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    page = wiki_pages.driver("Juan_Fangio", "Juan Fangio", ['"Junior"', "(June 25, 1911 - )"])
    assert write(db, driver_page(page)).rows == 0
    assert product.dump(db.info.dsn) == before
