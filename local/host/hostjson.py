"""host.json: the part of it that the stand-in obeys, with the ranges the real host enforces."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from local.host.errors import StartError

_TIME_SPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2})"
    r"(?:\.(?P<fraction>\d{1,7}))?"
)
_LEVELS = Literal["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"]

# The host's ranges of extensions.queues, and how a refusal says them.
_ALLOWED: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "batch_size": (lambda count: 1 <= count <= 32, "1 to 32"),
    "new_batch_threshold": (lambda count: count is None or count >= 0, "0 or more"),
    "max_polling_interval": (
        lambda wait: wait >= timedelta(milliseconds=100),
        "00:00:00.100 or more",
    ),
    "visibility_timeout": (lambda wait: wait <= timedelta(days=7), "00:00:00 to 7.00:00:00"),
    "max_dequeue_count": (lambda count: count >= 1, "1 or more"),
}


def parse_time_span(text: object) -> timedelta:
    """A .NET TimeSpan, "hh:mm:ss[.fff]" or "d.hh:mm:ss[.fff]", to the microsecond.

    Raises ValueError when the text is anything else.
    """
    match = _TIME_SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("must be a time span such as 00:01:30, 00:00:00.250 or 1.00:00:00")
    hours, minutes, seconds = (int(match[part]) for part in ("hours", "minutes", "seconds"))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError("must have hours up to 23, minutes and seconds up to 59")
    return timedelta(
        days=int(match["days"] or 0),
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        microseconds=int((match["fraction"] or "0").ljust(7, "0")) // 10,
    )


def _limit(value: object) -> timedelta | None:
    """functionTimeout: a time span, or -1 for none."""
    return None if value in ("-1", -1) else parse_time_span(value)


_TimeSpan = Annotated[timedelta, BeforeValidator(parse_time_span)]


class _Section(BaseModel):
    # host.json carries much that only Azure reads, so unknown keys are none of our business.
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class Queues(_Section):
    """extensions.queues: the life of messages, for every queue function of the app."""

    batch_size: int = 16
    new_batch_threshold: int | None = None
    max_polling_interval: _TimeSpan = timedelta(minutes=1)
    visibility_timeout: _TimeSpan = timedelta(0)
    max_dequeue_count: int = 5
    message_encoding: Literal["base64", "none"] = "base64"

    @field_validator(*_ALLOWED)
    @classmethod
    def _in_range(cls, value: Any, info: ValidationInfo) -> Any:
        good, allowed = _ALLOWED[str(info.field_name)]
        if not good(value):
            raise ValueError(f"must be {allowed}")
        return value

    def threshold(self, cpus: int) -> int:
        """How many messages may still be in work when the next batch is fetched."""
        if self.new_batch_threshold is not None:
            return self.new_batch_threshold
        return self.batch_size // 2 * cpus


class Http(_Section):
    """extensions.http."""

    route_prefix: str = "api"


class Extensions(_Section):
    """extensions."""

    queues: Queues = Queues()
    http: Http = Http()


class Logging(_Section):
    """logging: levels by category, of which only `default` is used."""

    log_level: dict[str, _LEVELS] = Field(default_factory=dict)


class HostJson(_Section):
    """The whole file; what it leaves out has the real host's defaults."""

    version: Literal["2.0"]
    function_timeout: Annotated[timedelta | None, BeforeValidator(_limit)] = timedelta(minutes=30)
    extensions: Extensions = Extensions()
    logging: Logging = Logging()


def _explain(problem: Any) -> str:
    """One of pydantic's problems as "extensions.queues.batchSize must be 1 to 32, is 33"."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"{key} is missing"
    if problem["type"] == "value_error":
        return f"{key} {problem['ctx']['error']}, is {problem['input']}"
    return f"{key}: {problem['msg']}" if key else f"{problem['msg']}"


def load_host_json(root: Path) -> HostJson:
    """Read and check root/host.json; raises StartError naming the key and its range."""
    try:
        text = (root / "host.json").read_bytes()
    except OSError as error:
        raise StartError(f"host.json can't be read in {root}: {error.strerror}") from error
    try:
        return HostJson.model_validate_json(text)
    except ValidationError as error:
        raise StartError("host.json: " + "; ".join(map(_explain, error.errors()))) from error
