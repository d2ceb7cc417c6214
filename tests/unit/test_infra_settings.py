"""Settings and queues: the same names everywhere, and the same defaults where they should be."""

import json
import re

import pytest
from psycopg.conninfo import conninfo_to_dict

from ingestion_core.database.dsn import to_conninfo
from ingestion_core.settings import Settings, names
from ingestion_core.work.queues import QUEUES
from tests.support.bicep import (
    defaults,
    modules,
    resources,
    source,
    template,
    text,
    variables,
    worked_out,
)

#: What stands for the connection string, where an identity does.
STORAGE = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
}
#: The host's own.
TELEMETRY = {"APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"}
SYMBOLS = {
    "identityName": "id-parcferme",
    "identityClientId": "00000000-0000-0000-0000-000000000001",
    "databaseHost": "db.example",
    "blobServiceUri": "https://st.blob.example/",
    "queueServiceUri": "https://st.queue.example/",
    "telemetryConnection": "InstrumentationKey=none",
    "openf1PasswordReference": "",
}


def deployed(**given: object) -> dict[str, str]:
    """The application settings that the templates come to, for these parameters of main.bicep."""
    parameters = {**defaults("main.bicep"), **SYMBOLS, **given}
    known = variables("settings.bicep", parameters)
    found = worked_out(template("settings.bicep")["outputs"]["values"]["value"], known)
    assert isinstance(found, dict)
    return found


def example() -> dict[str, str]:
    """The values of local.settings.json.example."""
    values: dict[str, str] = json.loads(source("local.settings.json.example"))["Values"]
    return values


def test_settings_example_and_templates_name_the_same() -> None:
    """Besides the storage's connection string, which an identity stands for, and the host's own."""
    app = set(names()) - {"AzureWebJobsStorage"}
    assert set(deployed()) - TELEMETRY == app
    assert set(deployed()) >= STORAGE | TELEMETRY
    assert set(example()) - {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"} == app


#: What a deployment decides: where database and storage are, and who the app is there.
PLACES = {
    "DATABASE_URL",
    "DATABASE_CREDENTIAL",
    "DATABASE_CLIENT_ID",
    "AzureWebJobsStorage",
} | STORAGE


@pytest.mark.parametrize("setting", sorted(set(names()) - PLACES))
def test_a_deployment_without_choices_has_the_defaults(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """Each setting reads as it does where nothing is set at all."""
    for name in names():
        monkeypatch.delenv(name, raising=False)
    needed = {"DATABASE_URL": "postgresql://h/d", "AzureWebJobsStorage": "none"}
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    unset = Settings.model_validate({})
    monkeypatch.setenv(setting, deployed()[setting])
    field = setting.lower()
    assert getattr(Settings.model_validate({}), field) == getattr(unset, field)


@pytest.mark.parametrize(
    ("parameter", "value", "setting", "expected"),
    [
        ("resultsEnabled", True, "RESULTS_ENABLED", "true"),
        ("thirdTurnEnabled", True, "THIRDTURN_ENABLED", "true"),
        ("wikiContact", "me@example.org", "WIKI_CONTACT", "me@example.org"),
        ("openf1Username", "me", "OPENF1_USERNAME", "me"),
        ("openf1PasswordReference", "@Microsoft.KeyVault(x)", "OPENF1_PASSWORD", None),
        ("openf1RequestsPerMinute", 60, "OPENF1_REQUESTS_PER_MINUTE", "60"),
        ("archiveUrl", "blob:archive/ergast.zip", "ARCHIVE_URL", "blob:archive/ergast.zip"),
    ],
)
def test_a_choice_arrives(parameter: str, value: object, setting: str, expected: str) -> None:
    """What a user changes in the template is what the app reads."""
    assert deployed()[setting] != (expected or value)
    assert deployed(**{parameter: value})[setting] == (expected or value)


def test_a_subscription_is_asked_at_its_own_pace() -> None:
    """60 requests a minute with a login, 30 without."""
    pace = template("main.bicep")["parameters"]["openf1RequestsPerMinute"]["default"]
    assert worked_out(pace, {"openf1Username": ""}) == 30
    assert worked_out(pace, {"openf1Username": "me"}) == 60


def test_parameters_reach_the_settings_under_their_own_names() -> None:
    """Not resultsEnabled's value in thirdTurnEnabled's place."""
    _, handed = modules()["settings"]
    same = set(handed) & set(template("main.bicep")["parameters"])
    assert {"resultsEnabled", "thirdTurnEnabled", "wikiContact", "archiveUrl"} <= same
    assert {name: handed[name] for name in same} == {name: name for name in same}


def test_the_databases_address_holds_no_password_and_checks_whom_it_speaks_to() -> None:
    """The identity's name, and the token as what takes the password's place."""
    parts = conninfo_to_dict(to_conninfo(deployed()["DATABASE_URL"]))
    assert parts["user"] == SYMBOLS["identityName"]
    assert parts["host"] == "db.example"
    assert parts["dbname"] == "parcferme"
    assert parts["sslmode"] == "verify-full"
    assert "password" not in parts
    assert deployed()["DATABASE_CREDENTIAL"] == "managedidentity"
    assert deployed()["DATABASE_CLIENT_ID"] == SYMBOLS["identityClientId"]


def test_storage_is_reached_by_identity_alone() -> None:
    """No connection string, and no key in any setting."""
    found = deployed()
    assert found["AzureWebJobsStorage__credential"] == "managedidentity"
    assert found["AzureWebJobsStorage__clientId"] == SYMBOLS["identityClientId"]
    assert not [name for name, value in found.items() if "AccountKey" in value]


def queue_names(opted_in: bool) -> list[str]:
    """The queues that the templates make."""
    found = variables("storage.bicep", {"resultsEnabled": opted_in})["queueNames"]
    assert isinstance(found, list)
    return found


def test_templates_and_code_name_the_same_queues() -> None:
    """Each once; that of results only where they are opted into."""
    assert sorted(queue_names(opted_in=True)) == sorted(set(QUEUES.values()))
    assert sorted(queue_names(opted_in=False)) == sorted(set(QUEUES.values()) - {"results"})
    for queue in set(QUEUES.values()):
        assert len(re.findall(rf"'{queue}(?:-poison)?'", text("storage.bicep"))) == 1, queue


def test_every_queue_has_its_poison_queue() -> None:
    """Made beforehand: the host makes one only when it needs it, and then nobody listens yet."""
    made = resources("Microsoft.Storage/storageAccounts/queueServices/queues")
    assert [one["name"] for one in made] == ["queue", "${queue}-poison"]
    loops = re.findall(r"queueServices/queues@\S+ = \[for queue in (\w+):", text("storage.bicep"))
    assert loops == ["queueNames", "queueNames"]


def test_functions_listen_to_these_queues_and_their_poison() -> None:
    """What the templates make is what somebody reads."""
    doors = "".join(
        source(f"functions/{name}.py") for name in ("queues", "pages", "poison", "results")
    )
    heard = set(re.findall(r'queue_name="([\w-]+)"', doors))
    made = queue_names(opted_in=True)
    assert heard == {*made, *(f"{name}-poison" for name in made)}
