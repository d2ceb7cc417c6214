"""How often likeness is wrong, and how often right, on the names of seventy-five seasons."""

import json
import time
import uuid
from pathlib import Path

import pytest

from ingestion_core.identity.likeness import Candidate, Newcomer, propose, propose_all
from ingestion_core.identity.spellings import Kind
from ingestion_core.racing.names import fold, words
from tests.support import recorded

TABLES: dict[Kind, str] = {"driver": "drivers", "team": "constructors", "circuit": "circuits"}

# What shares a name in truth: a part, a predecessor, the city. A person must be asked about these
# if one of them ever comes as new, since a source may well mean the other.
NAMESAKES: dict[Kind, tuple[set[str], ...]] = {
    "driver": (),
    "team": (
        {"team_lotus", "lotus_racing", "lotus_f1"},
        {"mf1", "spyker_mf1", "spyker"},
        {"bmw", "bmw_sauber", "sauber"},
        {"marussia", "manor"},
        {"march", "marchese"},  # none in truth: March might be short for Marchese
    ),
    "circuit": ({"vegas", "las_vegas"},),
}

# The ten of 2024 as they signed up for the season, and as the archive calls them.
SIGNED_UP = {
    "Oracle Red Bull Racing": "red_bull",
    "Mercedes-AMG PETRONAS F1 Team": "mercedes",
    "Scuderia Ferrari": "ferrari",
    "McLaren Formula 1 Team": "mclaren",
    "Aston Martin Aramco F1 Team": "aston_martin",
    "BWT Alpine F1 Team": "alpine",
    "Williams Racing": "williams",
    "Visa Cash App RB F1 Team": "rb",
    "Stake F1 Team Kick Sauber": "sauber",
    "MoneyGram Haas F1 Team": "haas",
}


def candidates(recordings: Path, kind: Kind, *, years: bool = False) -> dict[str, Candidate]:
    """The archive's drivers, teams or circuits by their refs, without dates of birth."""
    return {
        one.ref: Candidate(
            uuid.uuid5(uuid.NAMESPACE_OID, one.ref), one.name, None, *(one.span if years else ())
        )
        for one in recorded.things(recordings, TABLES[kind])
    }


@pytest.mark.parametrize("years", [False, True], ids=["nothing known", "years known"])
@pytest.mark.parametrize("kind", ["driver", "team", "circuit"])
def test_only_true_namesakes_are_proposed_for_one_another(
    recordings: Path, kind: Kind, years: bool
) -> None:
    """Each of the archive's names, taken for new, against all the others: all are different."""
    known = candidates(recordings, kind, years=years)
    refs = {one.id: ref for ref, one in known.items()}
    wrong = set()
    for ref, one in known.items():
        newcomer = Newcomer(ref, one.name, None, one.first_year, one.last_year)
        others = [other for other in known.values() if other is not one]
        if found := propose(kind, newcomer, others):
            wrong.add((ref, refs[found.candidate.id]))
    assert {
        pair for pair in wrong if not any(set(pair) <= family for family in NAMESAKES[kind])
    } == set()
    # One evening of a person's for everything the archive ever names.
    assert len(wrong) <= sum(map(len, NAMESAKES[kind]))


def test_a_letter_left_out_of_a_name_is_found_and_never_anothers(recordings: Path) -> None:
    """The middle one of the longest word; nineteen in twenty are found, of 861."""
    known = candidates(recordings, "driver")
    typos = {ref: _without_a_letter(one.name) for ref, one in known.items()}
    found = propose_all("driver", [Newcomer(*typo) for typo in typos.items()], list(known.values()))
    assert all(one.candidate.id == known[ref].id for ref, one in found.items())
    assert len(found) >= 0.95 * len(known)


def _without_a_letter(name: str) -> str:
    longest = max(name.split(), key=len)
    middle = len(longest) // 2
    return name.replace(longest, longest[:middle] + longest[middle + 1 :])


@pytest.mark.parametrize(("name", "ref"), SIGNED_UP.items())
def test_a_sponsored_team_is_found_among_all_teams_ever(
    recordings: Path, name: str, ref: str
) -> None:
    """Among 212 of them."""
    known = candidates(recordings, "team", years=True)
    found = propose("team", Newcomer("key", name, None, 2024, 2024), list(known.values()))
    assert found is not None
    assert found.candidate.id == known[ref].id


@pytest.mark.parametrize("year", [2023, 2024])
def test_nobody_of_openf1_is_proposed_for_an_archived_namesake(recordings: Path, year: int) -> None:
    """Who is not there under the same words had never raced: Arthur Leclerc, the juniors."""
    known = list(candidates(recordings, "driver", years=True).values())
    archived = {words(one.name) for one in known}
    listed = json.loads((recordings / "openf1" / str(year) / "drivers.json").read_text())
    new = {row["full_name"] for row in listed if words(row["full_name"]) not in archived}
    assert "Felipe DRUGOVICH" in new
    newcomers = [Newcomer(fold(name), name, None, year, year) for name in new]
    assert propose_all("driver", newcomers, known) == {}


def test_fifty_newcomers_are_compared_with_everybody_in_no_time(recordings: Path) -> None:
    """Some 15 ms of an idle core; what others do to it is not ours."""
    known = list(candidates(recordings, "driver").values())
    newcomers = [Newcomer(str(one.id), f"{one.name}x") for one in known[:50]]
    before = time.process_time()
    assert len(propose_all("driver", newcomers, known)) > 40
    assert time.process_time() - before < 0.3
