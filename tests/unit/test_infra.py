"""The templates: plain Bicep, one identity, no key, and modules that get what they ask for."""

import json
import re

import pytest

from tests.support.bicep import (
    INFRA,
    TEMPLATES,
    defaults,
    modules,
    resources,
    source,
    template,
    text,
)

#: Microsoft's own ids of the roles, by name.
ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_plain_bicep(name: str) -> None:
    """Read by pycep; nothing from a registry, no key or token asked for."""
    assert template(name)
    for never in (
        "'br:",
        "'br/",
        "'ts:",
        "=>",
        "listKeys",
        "listSecrets",
        "AccountSas",
        "ServiceSas",
    ):
        assert never not in text(name), never


def test_modules_get_what_they_ask_for_and_nothing_else() -> None:
    """What the compiler would say, without it."""
    for name, (path, given) in modules().items():
        assert set(given) == set(template(path)["parameters"]), name
    assert {path for path, _ in modules().values()} | {"main.bicep"} == set(TEMPLATES)


def test_outputs_that_are_used_exist() -> None:
    """`x.outputs.y` of a module without y would stop a deployment half-way."""
    used = re.findall(r"(\w+)\.outputs\.(\w+)", text("main.bicep"))
    assert len(used) > 20
    for module, output in used:
        assert output in template(modules()[module][0])["outputs"], (module, output)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_parameter_and_variable_is_used(name: str) -> None:
    """One that is not was forgotten where it matters."""
    declared = [*template(name).get("parameters", {}), *template(name).get("variables", {})]
    without_keys = re.sub(r"(?m)^\s*\w+:", "", text(name))
    for one in declared:
        uses = re.findall(rf"(?<!\.)\b{one}\b", without_keys)
        assert len(uses) > 1, one


def test_azd_gives_values_that_the_template_takes() -> None:
    """And all that it has no default for."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    parameters = template("main.bicep")["parameters"]
    assert set(given) <= set(parameters)
    assert {name for name, one in parameters.items() if one["default"] is None} <= set(given)
    for name, value in given.items():
        fallback = re.fullmatch(r"\$\{\w+=(.*)\}", value["value"])
        if fallback:
            assert fallback[1] == plain(defaults("main.bicep")[name]), name


def plain(value: object) -> str:
    """As azd writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_azd_finds_the_app_on_either_plan() -> None:
    """By the tag that names its service."""
    service = re.search(r"services:\n  (\w+):\n", source("azure.yaml"))
    assert service
    for name in ("dedicated.bicep", "flex.bicep"):
        assert text(name).count(f"'azd-service-name': '{service[1]}'") == 1


def test_the_identity_has_exactly_the_roles_that_it_uses() -> None:
    """Each once, of Microsoft's own ids, and none of a whole group or subscription."""
    assigned = resources("Microsoft.Authorization/roleAssignments")
    ids = {
        one["value"]
        for name in TEMPLATES
        for one in template(name).get("variables", {}).values()
        if isinstance(one["value"], str) and re.fullmatch(r"[0-9a-f-]{36}", one["value"])
    }
    assert ids == set(ROLES.values())
    assert len(assigned) == len(ROLES)
    assert sorted(one["scope"] for one in assigned) == ["account", "account", "insights", "vault"]


def test_nothing_opens_by_a_key_or_a_password() -> None:
    """Storage, telemetry, the database and publishing: Entra alone."""
    [account] = resources("Microsoft.Storage/storageAccounts")
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert account["properties"]["allowBlobPublicAccess"] is False
    [insights] = resources("Microsoft.Insights/components")
    assert insights["properties"]["DisableLocalAuth"] is True
    [workspace] = resources("Microsoft.OperationalInsights/workspaces")
    assert workspace["properties"]["features"]["disableLocalAuth"] is True
    [server] = resources("Microsoft.DBforPostgreSQL/flexibleServers")
    assert server["properties"]["authConfig"]["passwordAuth"] == "Disabled"
    policies = resources("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert [one["properties"]["allow"] for one in policies] == [False] * 4


def test_storage_and_vault_let_in_one_subnet_and_named_addresses() -> None:
    """Private where that costs nothing: a subnet's endpoint is free."""
    stored = resources("Microsoft.Storage/storageAccounts") + resources("Microsoft.KeyVault/vaults")
    assert len(stored) == 2
    for one in stored:
        rules = one["properties"]["networkAcls"]
        assert rules["defaultAction"] == "Deny"
        assert [rule["id"] for rule in rules["virtualNetworkRules"]] == ["subnetId"]


def test_a_new_database_is_private_and_of_the_products_version() -> None:
    """PostgreSQL 16, as the product runs and compose.yaml starts."""
    [server] = resources("Microsoft.DBforPostgreSQL/flexibleServers")
    assert defaults("main.bicep")["databaseIsPrivate"] is True
    compose = re.search(r"image: postgres:(\d+)", source("compose.yaml"))
    assert compose
    assert server["properties"]["version"] == compose[1] == "16"


def test_the_default_plan_has_one_instance() -> None:
    """Which is what caps the queue functions; it never sleeps, or the timer would."""
    assert defaults("main.bicep")["plan"] == "dedicated"
    dedicated = template("dedicated.bicep")["resources"]
    assert dedicated["plan"]["config"]["sku"] == {"name": "size", "capacity": 1}
    assert dedicated["app"]["config"]["properties"]["siteConfig"]["alwaysOn"] is True


def test_host_json_is_what_the_template_relies_on() -> None:
    """The plan is chosen for one message at a time; host.json says so."""
    written = re.search(r"metadata hostJson = '(.*)'", source("infra/main.bicep"))
    assert written
    host = json.loads(source("host.json"))
    assert json.loads(written[1]) == {
        **host["extensions"]["queues"],
        **host["concurrency"],
        "functionTimeout": host["functionTimeout"],
        "extensionBundle": host["extensionBundle"]["version"],
    }
