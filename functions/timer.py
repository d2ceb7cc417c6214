"""The timer."""

import azure.functions as func

from functions.behind import app

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="%DISCOVERY_SCHEDULE%", run_on_startup=False)
def discover_meetings(timer: func.TimerRequest) -> None:
    """Look for new, changed and running meetings; send what is due."""
    from ingestion_core.tasks.discover import tick

    tick(app())
