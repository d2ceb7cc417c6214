"""What a run is to be, decided before anything starts."""

from pathlib import Path

import pytest

from local.stack.home import StackError
from local.stack.plan import Options, app_settings, decide


def _recording(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "meetings.json").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        (Options(live=True), {}, "needs a YEAR"),
        (Options(year=2023), {}, "the sample is the season of 2024"),
        (Options(live=True, recording=(Path("x"),)), {}, "exclude each other"),
        (Options(recording=(Path("x"),)), {"OPENF1_BASE_URL": "http://x"}, "exclude each other"),
        (Options(recording=(Path("/no/such/folder"),)), {}, "No such file"),
        (Options(), {"OPENF1_REQUESTS_PER_MINUTE": "many"}, "above 0"),
        (Options(), {"OPENF1_REQUESTS_PER_MINUTE": "0"}, "above 0"),
        (Options(), {"OPENF1_REQUESTS_PER_MINUTE": "inf"}, "above 0"),
        (Options(), {"OPENF1_REQUESTS_PER_MINUTE": "nan"}, "above 0"),
        (Options(), {"DATABASE_URL": "Host=x;nonsense"}, "DATABASE_URL"),
    ],
)
def test_what_does_not_go_together_is_refused(
    options: Options, environment: dict[str, str], said: str
) -> None:
    """With the names that the user gave, in one line."""
    with pytest.raises(StackError, match=said):
        decide(options, environment)


def test_the_app_and_the_replay_keep_to_one_pace() -> None:
    """600 a minute with a replay, the user's own where set, the real API's elsewhere."""
    assert decide(Options(), {}).pace == 600
    assert decide(Options(), {"OPENF1_REQUESTS_PER_MINUTE": "60"}).pace == 60
    assert decide(Options(live=True, year=2024), {}).pace == 30
    assert decide(Options(), {"OPENF1_BASE_URL": "http://openf1.test"}).pace == 30


def test_only_live_data_may_meet_users() -> None:
    """A sample, a recording and an address nobody here knows are not their truth."""
    assert decide(Options(), {}).guards_users
    assert decide(Options(), {"OPENF1_BASE_URL": "http://openf1.test"}).guards_users
    assert not decide(Options(live=True, year=2024), {}).guards_users


def test_a_recording_s_years_are_those_of_its_meetings(tmp_path: Path) -> None:
    """Over all its folders; YEAR picks one of them."""
    one = _recording(tmp_path / "one", '[{"year": 2023}]')
    two = _recording(tmp_path / "two", '[{"year": 2025}, {"year": 2024}]')
    assert decide(Options(recording=(one, two)), {}).years == (2023, 2025)
    assert decide(Options(recording=(one, two), year=2024), {}).years == (2024, 2024)
    with pytest.raises(StackError, match="2022 is not in the recording"):
        decide(Options(recording=(one, two), year=2022), {})


@pytest.mark.parametrize("text", ["{}", "[]", "[1]", '[{"year": null}]', "not json"])
def test_a_recording_without_years_is_refused(tmp_path: Path, text: str) -> None:
    """Whatever meetings.json is instead of a list of meetings."""
    folder = _recording(tmp_path / "one", text)
    with pytest.raises(StackError, match="RECORDING"):
        decide(Options(recording=(folder,)), {})


def test_results_are_opted_in_and_nothing_else_does_it() -> None:
    """RESULTS_ENABLED is told either way: no forgotten setting of the machine decides."""
    for results in (True, False):
        plan = decide(Options(results=results), {"RESULTS_ENABLED": "true"})
        settings = app_settings(plan, "dbname=x", "storage", "http://replay", "key")
        assert settings["RESULTS_ENABLED"] == str(results).lower()
        assert settings["OPENF1_BASE_URL"] == "http://replay"
