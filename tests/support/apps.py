"""Instances of the app in a test: how one is made, and that each is closed in the end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from ingestion_core.settings import Settings
from ingestion_core.tasks.app import App

#: What opens an instance with the given settings.
Opened = Callable[..., App]


def app_with(database: str, azurite: str, **settings: object) -> App:
    """An instance at no pace to speak of, which asks nobody; ``settings`` say what is otherwise."""
    chosen: dict[str, object] = {
        "database_url": database,
        "AzureWebJobsStorage": azurite,
        "openf1_base_url": "http://127.0.0.1:9",
        "openf1_requests_per_minute": 6000,
    }
    return App(Settings.model_validate(chosen | settings))


@contextmanager
def opening(make: Opened) -> Iterator[Opened]:
    """Opens instances as ``make`` does; all of them are closed in the end."""
    with ExitStack() as opened:
        yield lambda *args, **settings: opened.enter_context(closing(make(*args, **settings)))
