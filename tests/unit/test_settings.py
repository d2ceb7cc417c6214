"""Settings: one class, one example, and refusals that name the setting and never its value."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from ingestion_core.errors import Unprepared
from ingestion_core.settings import Settings, names, settings

ROOT = Path(__file__).parents[2]
NEEDED = {
    "DATABASE_URL": "postgresql://u:hunter2@h/d",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}


def example() -> dict[str, str]:
    """The values of local.settings.json.example."""
    values = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    assert all(isinstance(value, str) for value in values.values())
    return dict(values)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment with what is needed and nothing else of ours."""
    for name in names():
        for spelling in (name, name.upper()):
            monkeypatch.delenv(spelling, raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


def test_the_example_holds_every_setting_and_no_other() -> None:
    """Besides the one that is the Functions host's own."""
    assert sorted(example()) == sorted([*names(), "FUNCTIONS_WORKER_RUNTIME"])
    assert example()["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert sorted(names()) == sorted(
        field.alias or name.upper() for name, field in Settings.model_fields.items()
    )


def test_the_examples_values_are_the_defaults(environment: pytest.MonkeyPatch) -> None:
    """Whoever copies the file changes nothing but the addresses of database and storage."""
    defaults = settings()
    for name, value in example().items():
        environment.setenv(name, value)
    settings.cache_clear()
    copied = settings()
    assert copied.model_dump(exclude={"database_url", "azurewebjobsstorage"}) == (
        defaults.model_dump(exclude={"database_url", "azurewebjobsstorage"})
    )
    assert copied.openf1_requests_per_minute == 30, "the free limit"
    assert copied.azurewebjobsstorage.get_secret_value() == "UseDevelopmentStorage=true"


def test_every_setting_is_documented() -> None:
    """In the class itself."""
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_setting_is_named(
    environment: pytest.MonkeyPatch, name: str, empty: bool
) -> None:
    """Under the name by which it is set; empty is missing."""
    if empty:
        environment.setenv(name, "")
    else:
        environment.delenv(name)
    with pytest.raises(Unprepared, match=rf"^settings: {name}: Field required"):
        settings()


def test_an_address_of_queues_stands_for_a_connection_string(
    environment: pytest.MonkeyPatch,
) -> None:
    """As the Functions host's own identity-based connections are set."""
    environment.delenv("AzureWebJobsStorage")
    environment.setenv("AzureWebJobsStorage__queueServiceUri", "https://a.queue.core.windows.net")
    environment.setenv("AzureWebJobsStorage__credential", "managedidentity")
    environment.setenv("AzureWebJobsStorage__clientId", "one-of-several")
    chosen = settings()
    assert chosen.azurewebjobsstorage is None
    assert chosen.storage_queues == "https://a.queue.core.windows.net"
    assert (chosen.storage_credential, chosen.storage_client_id) == (
        "managedidentity",
        "one-of-several",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AzureWebJobsStorage__queueServiceUri", "a.queue.core.windows.net"),
        ("AzureWebJobsStorage__credential", "a-password"),
        ("DATABASE_CREDENTIAL", "a-password"),
    ],
)
def test_an_identity_that_is_none_is_named(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Under the name by which it is set, without its value."""
    environment.setenv(name, value)
    with pytest.raises(Unprepared, match=rf"^settings: {name}: ") as refused:
        settings()
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENF1_REQUESTS_PER_MINUTE", "0"),
        ("OPENF1_REQUESTS_PER_MINUTE", "-30"),
        ("OPENF1_REQUESTS_PER_MINUTE", "6001"),
        ("OPENF1_REQUESTS_PER_MINUTE", "nan"),
        ("OPENF1_REQUESTS_PER_MINUTE", "inf"),
        ("OPENF1_REQUESTS_PER_MINUTE", "thirty"),
        ("OPENF1_TIMEOUT_SECONDS", "0"),
        ("OPENF1_TIMEOUT_SECONDS", "121"),
        ("DATABASE_TIMEOUT_SECONDS", "-1"),
        ("DATABASE_TIMEOUT_SECONDS", "301"),
        ("OPENF1_BASE_URL", "api.openf1.example"),
        ("OPENF1_BASE_URL", "ftp://api.openf1.example"),
        ("OPENF1_BASE_URL", "https://api.openf1.example/?key=7"),
        ("OPENF1_BASE_URL", "https://api.openf1.example:port"),
        ("OPENF1_BASE_URL", "https://"),
    ],
)
def test_a_setting_out_of_range_is_named_without_its_value(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """With what is wrong; a value may be a secret in the wrong place."""
    environment.setenv(name, value)
    with pytest.raises(Unprepared) as refused:
        settings()
    assert str(refused.value).startswith(f"settings: {name}: ")
    why = str(refused.value).removeprefix(f"settings: {name}: ")
    assert len(why) > 5
    if len(value) > 4:
        assert value not in why


def test_everything_that_is_wrong_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    """One attempt, one list."""
    environment.delenv("DATABASE_URL")
    environment.setenv("OPENF1_TIMEOUT_SECONDS", "hunter2")
    with pytest.raises(Unprepared) as refused:
        settings()
    assert "DATABASE_URL" in str(refused.value)
    assert "OPENF1_TIMEOUT_SECONDS" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("half", ["OPENF1_USERNAME", "OPENF1_PASSWORD"])
def test_half_a_login_is_refused(environment: pytest.MonkeyPatch, half: str) -> None:
    """It would open the gate during live sessions and then ask anonymously."""
    environment.setenv(half, "hunter2")
    with pytest.raises(Unprepared, match="OPENF1_USERNAME and OPENF1_PASSWORD") as refused:
        settings()
    assert "hunter2" not in str(refused.value)


def test_a_whole_login_is_taken(environment: pytest.MonkeyPatch) -> None:
    """And an empty one is none."""
    assert settings().openf1_username is None
    environment.setenv("OPENF1_USERNAME", "me")
    environment.setenv("OPENF1_PASSWORD", "hunter2")
    settings.cache_clear()
    assert settings().openf1_username == "me"
    assert settings().openf1_password == SecretStr("hunter2")


def test_no_secret_stands_in_the_settings_text(environment: pytest.MonkeyPatch) -> None:
    """However they are printed: of the database, the storage, the login, a signed address."""
    environment.setenv("AzureWebJobsStorage", "AccountName=a;AccountKey=hunter2=;")
    environment.setenv("ARCHIVE_URL", "https://a.example/archive.zip?sig=hunter2")
    environment.setenv("OPENF1_USERNAME", "me")
    environment.setenv("OPENF1_PASSWORD", "hunter2")
    chosen = settings()
    shown = f"{chosen!r} {chosen} {chosen.model_dump()} {chosen.model_dump_json()}"
    assert chosen.openf1_base_url in shown
    assert "hunter2" not in shown


def test_nothing_is_read_when_the_app_is_imported() -> None:
    """The host indexes functions before anything is set; a missing setting must not hide them."""
    code = "import function_app, functions.http, ingestion_core.tasks.app; print('indexed')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "indexed", done.stderr
