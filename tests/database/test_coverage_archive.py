"""Coverage of the whole archive: 1,125 rounds, whose numbers everybody can look up."""

import psycopg

from ingestion_core.quality.coverage import season_coverage
from ingestion_core.quality.season import read_series
from ingestion_core.quality.states import State
from ingestion_core.quality.totals import decades
from tests.database.test_coverage import policy
from tests.support.whole_archive import WholeArchive

#: Races that counted for the championship, by decade; of the twenties to 2024.
RACES = {
    1950: 84,
    1960: 100,
    1970: 144,
    1980: 156,
    1990: 162,
    2000: 174,
    2010: 198,
    2020: 107,
}
SESSIONS = 1889


def test_every_decade_has_the_races_that_were_held(whole_archive: WholeArchive) -> None:
    """All of them with entrants; with results what was asked for."""
    with psycopg.connect(whole_archive.database) as db:
        found = decades(db)
        (series,) = read_series(db)
    assert {one.decade: one.rounds for one in found} == RACES
    assert {(one.source, one.series) for one in found} == {("ergast", "formula-1")}
    assert series.years == tuple(range(1950, 2025))
    assert sum(one.sessions for one in found) == SESSIONS
    assert all(one.sessions == one.completed for one in found)
    # A race each; qualifying and the rest from 1994 on.
    assert all(one.with_entrants == one.rounds for one in found if one.decade < 1990)


def test_every_session_of_75_seasons_is_loaded_or_one_of_those_without_lists(
    whole_archive: WholeArchive,
) -> None:
    """Nothing is missing and nothing failed; what is only read is a practice or the like."""
    with psycopg.connect(whole_archive.database) as db:
        seasons = [season_coverage(db, "formula-1", year, policy()) for year in range(1950, 2025)]
    found = [each for one in seasons for its in one.rounds for each in its.sessions]
    assert len(found) == SESSIONS
    assert {each.state for each in found} == {State.LOADED, State.READ}
    listless = {each.type.name for each in found if each.state is State.READ}
    assert listless == {"FP1", "FP2", "FP3", "SPRINT_QUALIFYING"}
    assert {each.type.name for each in found if each.state is State.LOADED} == {
        *("QUALIFYING", "SPRINT", "RACE")
    }
