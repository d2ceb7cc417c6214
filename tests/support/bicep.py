"""The templates in infra/, read without Azure: parsed by pycep, and worked out where it matters."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pycep import BicepParser

from local.stack.home import ROOT

INFRA = ROOT / "infra"
TEMPLATES = sorted(path.name for path in INFRA.glob("*.bicep"))

Names = Mapping[str, Any]


@cache
def _parser() -> BicepParser:
    return BicepParser()


@cache
def template(name: str) -> dict[str, Any]:
    """A template as pycep reads it: parameters, variables, resources, modules, outputs."""
    parsed: dict[str, Any] = _parser().parse(text=(INFRA / name).read_text())
    return parsed


def text(name: str) -> str:
    """A template without its comments."""
    return re.sub(r"(?m)^\s*//.*$", "", (INFRA / name).read_text())


def defaults(name: str) -> dict[str, Any]:
    """A template's parameters that have a default, with their values."""
    parameters = template(name)["parameters"]
    given = {key: one["default"] for key, one in parameters.items() if one["default"] is not None}
    return {key: worked_out(value, given) for key, value in given.items()}


def variables(name: str, parameters: Names) -> dict[str, Any]:
    """A template's variables, for these values of its parameters."""
    known = dict(parameters)
    for key, one in template(name)["variables"].items():
        known[key] = worked_out(one["value"], known)
    return {key: known[key] for key in template(name)["variables"]}


def worked_out(value: Any, names: Names) -> Any:
    """What an expression comes to. Only what these templates need of the language is known."""
    if isinstance(value, str):
        if value in names:
            return names[value]
        return re.sub(r"\$\{(\w+)\}", lambda match: str(names[match[1]]), value)
    if isinstance(value, list):
        return [worked_out(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("operator"), dict):
        return _chosen(value["operator"], names)
    if isinstance(value.get("function"), dict):
        return _called(value["function"], names)
    return {key: worked_out(one, names) for key, one in value.items()}


def _chosen(operator: dict[str, Any], names: Names) -> Any:
    assert operator["type"] == "conditional", operator
    operands = operator["operands"]
    condition = worked_out(operands["condition"], names)
    return worked_out(operands["true_value" if condition else "false_value"], names)


def _called(function: dict[str, Any], names: Names) -> Any:
    arguments = [worked_out(one, names) for one in function["parameters"].values()]
    match function["type"]:
        case "string":
            return str(arguments[0])
        case "empty":
            return not arguments[0]
        case "concat":
            return [one for each in arguments for one in each]
        case "loadTextContent" | "load_text_content":
            return (INFRA / arguments[0]).read_text()
        case "union":
            return {key: one for each in arguments for key, one in each.items()}
    raise AssertionError(f"unknown: {function['type']}")


def resources(type_: str) -> list[dict[str, Any]]:
    """The configuration of every resource of a type, in all templates."""
    return [
        configuration(one)
        for name in TEMPLATES
        for one in template(name).get("resources", {}).values()
        if one["type"] == type_
    ]


def configuration(one: dict[str, Any]) -> dict[str, Any]:
    """Of a resource or module: what a loop repeats, or a condition makes, where there is one."""
    config: dict[str, Any] = one["config"]
    inner = config.get("config")
    return inner if isinstance(inner, dict) else config


def modules() -> dict[str, tuple[str, dict[str, Any]]]:
    """What main.bicep puts together: by name, each module's template and what it is given."""
    found = template("main.bicep")["modules"]
    return {
        name: (one["detail"]["path"], configuration(one)["params"]) for name, one in found.items()
    }


def source(path: str) -> str:
    """Any file of the checkout."""
    return Path(ROOT / path).read_text()
