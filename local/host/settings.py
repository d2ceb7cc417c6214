"""App settings: local.settings.json under the environment, %NAME%, connections, switches."""

import json
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from local.host.errors import StartError

_PLACEHOLDER = re.compile(r"%([^%\s]+)%")


def load_local_settings(root: Path, environment: MutableMapping[str, str]) -> None:
    """Put the Values of root/local.settings.json into environment; what is there already wins.

    A missing file is fine. Raises StartError when it is not the file Core Tools would read.
    """
    path = root / "local.settings.json"
    if not path.exists():
        return
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise StartError(f"local.settings.json can't be read: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Values", {}), dict):
        raise StartError('local.settings.json must be an object with an object "Values"')
    if document.get("IsEncrypted"):
        raise StartError("local.settings.json is encrypted: run `func settings decrypt` first")
    for name, value in document.get("Values", {}).items():
        environment.setdefault(name, _as_text(name, value))


def _as_text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise StartError(f"local.settings.json: {name} must be a text, a number or true or false")


def expand(text: str, environment: Mapping[str, str], used_by: str) -> str:
    """text with every %NAME% replaced; raises StartError naming an unknown or empty one."""

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1], "")
        if not found:
            raise StartError(f"{used_by}: the setting {match[1]} of {match[0]} is not set")
        return found

    return _PLACEHOLDER.sub(value, text)


def connection_string(name: str, environment: Mapping[str, str], used_by: str) -> str:
    """The connection string of a binding's `connection`, as the host looks it up."""
    name = name or "AzureWebJobsStorage"
    found = environment.get(f"AzureWebJobs{name}") or environment.get(name)
    if found:
        return found
    if any(key.startswith(f"{name}__") for key in environment):
        raise StartError(
            f"{used_by}: {name} is an identity; the stand-in needs a connection string"
        )
    raise StartError(f"{used_by}: the connection setting {name} is not set")


def is_disabled(function: str, environment: Mapping[str, str]) -> bool:
    """Whether AzureWebJobs.<function>.Disabled stops the function's listener."""
    return environment.get(f"AzureWebJobs.{function}.Disabled", "").lower() in ("true", "1")
