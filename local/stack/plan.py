"""What a run is to be, decided before anything starts: from command line and environment."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ingestion_core.database.dsn import to_conninfo
from ingestion_core.settings import Settings
from ingestion_core.sources import ergast, openf1
from local.stack import wiki
from local.stack.home import StackError
from local.stack.wiki import Wiki

SAMPLE_YEAR = 2024
#: The real API's limit without a subscription, and the replay's on this machine, per minute.
REAL_PACE = 30
REPLAY_PACE = 600

Source = Literal["sample", "recording", "live", "archive", "wiki"]


@dataclass(frozen=True, slots=True)
class Options:
    """The command line of ``run`` and ``serve``."""

    year: int | None = None
    results: bool = False
    recording: tuple[Path, ...] = ()
    live: bool = False
    archive: str | None = None
    wiki: str | None = None
    series: str | None = None
    confirm: str | None = None
    stay: bool = False  # serve: keep everything up after the backfill


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start, and what to ask for.

    Attributes:
        conninfo: of the database that the environment names; None starts the embedded one.
        storage: connection string of the Storage account named there; None starts Azurite.
        base_url: where OpenF1 is asked; None with a replay (its address) or live (the app's own).
        years: first and last; of an archive, those that it may have.
        archive: where the Ergast archive is that is imported instead of asking OpenF1.
        wiki: the saved pages that are read instead.
        pace: requests a minute, of the app and of the replay alike.
    """

    source: Source
    replay: bool
    conninfo: str | None
    storage: str | None
    base_url: str | None
    years: tuple[int, int]
    pace: float
    options: Options
    archive: str | None = None
    wiki: Wiki | None = None

    @property
    def guards_users(self) -> bool:
        """Whether a database with users' rows is refused: what a replay says is not their truth."""
        return self.source != "live"

    @property
    def counted(self) -> str:
        """The address of the series whose rounds count in the end."""
        return self.wiki.slug if self.wiki else openf1.SERIES


def decide(options: Options, environment: Mapping[str, str]) -> Plan:
    """The plan, or a StackError with what does not go together."""
    base_url = environment.get("OPENF1_BASE_URL") or None
    if options.live and options.recording:
        raise StackError("LIVE and RECORDING exclude each other")
    if base_url and options.recording:
        raise StackError("OPENF1_BASE_URL and RECORDING exclude each other: unset one")
    source = _source(options)
    replay = not options.live and base_url is None
    pages = _wiki(options, environment)
    return Plan(
        source=source,
        replay=replay,
        conninfo=_conninfo(environment.get("DATABASE_URL")),
        storage=environment.get("AzureWebJobsStorage") or None,
        base_url=base_url,
        years=pages.years if pages else _years(options, replay),
        pace=_pace("OPENF1_REQUESTS_PER_MINUTE", environment, REPLAY_PACE if replay else REAL_PACE),
        options=options,
        archive=_archive(options.archive) if options.archive else None,
        wiki=pages,
    )


def app_settings(
    plan: Plan,
    conninfo: str,
    storage: str,
    replay_url: str | None,
    key: str,
    wiki_url: str | None = None,
) -> dict[str, str]:
    """The application settings that the plan comes to; ``key`` opens the function routes."""
    settings = {
        "DATABASE_URL": conninfo,
        "AzureWebJobsStorage": storage,
        "OPENF1_REQUESTS_PER_MINUTE": f"{plan.pace:g}",
        "RESULTS_ENABLED": "true" if plan.options.results else "false",
        "DISCOVERY_SCHEDULE": Settings.model_fields["discovery_schedule"].default,
        "LOCAL_FUNCTION_KEY": key,
        "FUNCTIONS_WORKER_RUNTIME": "python",
    }
    if base_url := plan.base_url or replay_url:
        settings["OPENF1_BASE_URL"] = base_url
    if plan.archive:
        settings["ARCHIVE_URL"] = plan.archive
    if plan.wiki and wiki_url:
        settings |= plan.wiki.settings(wiki_url)
    return settings


def _source(options: Options) -> Source:
    """What is read; an archive and a wiki each by itself."""
    for name, given in (("ARCHIVE", options.archive), ("WIKI", options.wiki)):
        if given and (options.live or options.recording or (options.archive and options.wiki)):
            raise StackError(
                f"{name} is imported by itself, without LIVE, RECORDING or another source:"
                " run one after the other, what the first brings in stays"
            )
    if options.archive:
        return "archive"
    if options.wiki:
        return "wiki"
    return "live" if options.live else "recording" if options.recording else "sample"


def _conninfo(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return to_conninfo(text)
    except ValueError as error:
        raise StackError(f"DATABASE_URL: {error}") from None


def _archive(where: str) -> str:
    """A folder or a file by its whole path, for the app has another working folder."""
    if "://" in where or where.startswith("blob:"):
        return where
    path = Path(where).expanduser().absolute()
    if not path.exists():
        raise StackError(f"ARCHIVE: there is no folder or file {path}")
    return str(path)


def _wiki(options: Options, environment: Mapping[str, str]) -> Wiki | None:
    if not options.wiki:
        if options.series:
            raise StackError("WIKI_SERIES is of saved pages: it goes with WIKI=<folder>")
        return None
    if environment.get("THIRDTURN_BASE_URL"):
        raise StackError("THIRDTURN_BASE_URL and WIKI exclude each other: unset one")
    pace = _pace("THIRDTURN_REQUESTS_PER_MINUTE", environment, wiki.REPLAY_PACE)
    return wiki.decide(options.wiki, options.series, options.year, pace, environment)


def _years(options: Options, replay: bool) -> tuple[int, int]:
    if options.archive:
        return options.year or ergast.FIRST_YEAR, options.year or datetime.now(UTC).year
    if options.recording:
        first, last = recorded_years(options.recording)
        if options.year is None:
            return first, last
        if not first <= options.year <= last:
            raise StackError(f"YEAR={options.year} is not in the recording ({first} to {last})")
    elif replay and options.year not in {None, SAMPLE_YEAR}:
        raise StackError(f"the sample is the season of {SAMPLE_YEAR}: YEAR goes with LIVE=1")
    elif options.live and options.year is None:
        raise StackError("LIVE=1 asks the real API and needs a YEAR, such as YEAR=2024")
    year = options.year or SAMPLE_YEAR
    return year, year


def _pace(setting: str, environment: Mapping[str, str], default: float) -> float:
    text = environment.get(setting)
    if not text:
        return default
    try:
        pace = float(text)
    except ValueError:
        pace = 0
    if not 0 < pace < math.inf:
        raise StackError(f"{setting} must be a number above 0")
    return pace


def recorded_years(folders: tuple[Path, ...]) -> tuple[int, int]:
    """The first and last year in the folders' meetings.json.

    Raises:
        StackError: there is none, it can't be read, or it names no year.
    """
    years: list[int] = []
    for path in (folder / "meetings.json" for folder in folders):
        try:
            years += [int(row["year"]) for row in json.loads(path.read_bytes())]
        except OSError as error:
            raise StackError(f"RECORDING: {path}: {error.strerror}") from None
        except (ValueError, TypeError, KeyError):
            raise StackError(f"RECORDING: {path} is not a list of meetings with a year") from None
    if not years:
        raise StackError("RECORDING: meetings.json names no meeting")
    return min(years), max(years)
