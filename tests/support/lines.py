"""Lines for property tests: anything that a source could say, and what no source would."""

from hypothesis import strategies as st

from ingestion_core.racing.classification import FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus

_number = st.none() | st.integers(min_value=0, max_value=10**9)
_amount = st.none() | st.floats(min_value=0, max_value=1000, allow_nan=False)
_text = st.none() | st.text(max_size=8)

#: A few values often, so that lines are alike in all but one thing.
lines = st.builds(
    Line,
    car=st.none() | st.sampled_from(["1", "2", "12"]) | st.text(max_size=4),
    status=st.sampled_from(ResultStatus),
    drivers=st.lists(st.sampled_from(["a", "b", "c"]), max_size=3).map(tuple),
    team=_text,
    position=st.none() | st.integers(min_value=1, max_value=40),
    grid=_number,
    points=_amount,
    laps=_number,
    laps_led=_number,
    milliseconds=_number,
    gap=_text,
    q=st.tuples(_number, _number, _number),
    detail=_text,
    fastest=st.none()
    | st.builds(FastestLap, number=_number, rank=_number, milliseconds=_number, speed=_amount),
)
