"""``run`` and ``serve``: the story of one backfill, told to a person."""

import time
from collections.abc import Mapping

from rich.console import Console

from local.replay.wiki.titles import address, spaced
from local.stack import product
from local.stack.api import Api, Run
from local.stack.home import StackError
from local.stack.plan import Options, Plan, decide
from local.stack.postgres import packaged_binaries
from local.stack.progress import RunProgress
from local.stack.stack import Stack
from local.stack.summary import attribution, changed_line, failures, summary

_LOOK_AGAIN_SECONDS = 0.25
#: A replay answers at once: a run in which nothing moves for so long never ends by itself.
_STALLED_SECONDS = 180.0


def run(options: Options, environment: Mapping[str, str], console: Console) -> int:
    """Read what the plan says and tell how it went; with ``stay``, until a signal.

    Returns:
        The exit code: 0, or 1 when something of the run failed.

    Raises:
        StackError: it could not be carried out; one line.
    """
    plan = decide(options, environment)

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    say(f"Starting the local stack ({_what(plan)}) ...")
    with Stack(plan, say) as stack:
        started = time.monotonic()
        ended = _follow(stack, console)
        seconds = time.monotonic() - started
        if not options.stay:
            stack.stop_host()
        held = product.count(stack.conninfo, plan.years, plan.counted)
        for line in summary(plan, ended, held, seconds):
            say(line)
        if options.stay:
            for line in addresses(stack):
                say(line)
        say(changed_line(stack.rows_changed()))
        say(attribution(plan))
        failed = failures(ended.items)
        for line in failed:
            say(line)
        if ended.state != "done":
            say(f"The run ended {ended.state}: {ended.last_error or f'{len(failed)} items failed'}")
        if options.stay:
            say("Running until Ctrl-C.")
            _stay(stack)
        return 0 if ended.state == "done" else 1


def addresses(stack: Stack) -> list[str]:
    """Where everything is, for whoever wants to look."""
    rows = [("API", f"{stack.api.base}/api"), ("Function key", f"{stack.key} (x-functions-key)")]
    if stack.plan.conninfo is None:
        rows.append(("Database", f"{packaged_binaries() / 'psql'} '{stack.conninfo}'"))
    if stack.queues:
        rows.append(("Queues", stack.queues))
    if stack.replay_url:
        rows.append(("OpenF1 replay", f"{stack.replay_url}/v1"))
    if stack.plan.wiki:
        rows.append(("Wiki replay", f"{stack.wiki_url}{address(stack.plan.wiki.series)}"))
    return ["Addresses", *(f"  {name:<17} {value}" for name, value in rows)]


def _what(plan: Plan) -> str:
    first, last = plan.years
    if plan.wiki:
        return f"{plan.source}, {spaced(plan.wiki.series)}"
    if plan.archive and plan.options.year is None:
        return plan.source
    return f"{plan.source}, {first}" if first == last else f"{plan.source}, {first} to {last}"


def _ask(api: Api, plan: Plan) -> str:
    """Ask for what the plan says; the path of the run that was made."""
    if plan.wiki:
        return api.crawl(plan.wiki.series, plan.years, plan.options.results)
    ask = api.import_archive if plan.archive else api.backfill
    return ask(plan.years, plan.options.results)


def _follow(stack: Stack, console: Console) -> Run:
    """The run's last state, shown on its way there."""
    try:
        path = _ask(stack.api, stack.plan)
        with RunProgress(console) as progress:
            moved, before = time.monotonic(), None
            while True:
                now = stack.api.run(path)
                progress.show(now)
                if now.state != "running":
                    return now
                if (state := [item.state for item in now.items]) != before:
                    moved, before = time.monotonic(), state
                elif stack.plan.replay and time.monotonic() - moved > _STALLED_SECONDS:
                    raise StackError(f"nothing has moved for {_STALLED_SECONDS:.0f} s")
                stack.check()
                time.sleep(_LOOK_AGAIN_SECONDS)
    except OSError as error:
        time.sleep(_LOOK_AGAIN_SECONDS)  # long enough for its end to be noticed, if that is why
        stack.check()
        raise StackError(f"the app does not answer: {error}") from error


def _stay(stack: Stack) -> None:
    while True:
        stack.check()
        time.sleep(_LOOK_AGAIN_SECONDS)
