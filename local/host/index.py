"""From function_app.py to typed functions, refusing what the real host and worker refuse."""

import importlib
import inspect
import sys
import traceback
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.decorators.http import HttpTrigger
from azure.functions.decorators.queue import QueueTrigger
from azure.functions.decorators.timer import TimerTrigger

from local.host.errors import StartError
from local.host.routes import starlette_paths
from local.host.settings import connection_string, expand, is_disabled
from local.host.timers import Schedule

_Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP trigger: methods empty = all; level anonymous, function or admin."""

    paths: tuple[str, ...]  # as Starlette writes them
    methods: tuple[str, ...]
    level: str


@dataclass(frozen=True, slots=True)
class QueueSource:
    """A queue trigger, settings resolved. The connection holds a key: never log it."""

    queue: str
    connection: str

    def __repr__(self) -> str:
        return f"QueueSource({self.queue!r})"


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer trigger, settings resolved."""

    schedule: Schedule
    run_on_startup: bool


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """One function of the app: what starts it and how it is called."""

    name: str
    call: Callable[..., Any]
    parameter: str  # the only one: the trigger's
    trigger: Route | QueueSource | Timer
    disabled: bool  # no listener, no route; the admin endpoint still starts it


def load_app(root: Path) -> func.FunctionRegister:
    """Import root/function_app.py and find its one FunctionApp at top level."""
    if not (root / "function_app.py").is_file():
        raise StartError(f"there is no function_app.py in {root}")
    sys.path.insert(0, str(root))
    try:
        module = importlib.import_module("function_app")
    except (Exception, SystemExit) as error:  # the app's own code: anything can come
        raise StartError(f"function_app.py failed at import: {_where(error, root)}") from error
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(apps) != 1:
        raise StartError(f"function_app.py has {len(apps)} FunctionApps at top level, must have 1")
    return apps[0]


def _where(error: BaseException, root: Path) -> str:
    """The error in one line, with the innermost line of the app itself that led to it."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root) and "site-packages" not in frame.filename
    ]
    place = (
        f" ({Path(frames[-1].filename).relative_to(root)}:{frames[-1].lineno})" if frames else ""
    )
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"


def index_app(
    app: func.FunctionRegister, environment: Mapping[str, str], route_prefix: str = "api"
) -> tuple[IndexedFunction, ...]:
    """Every function of the app. One that can't be indexed costs the whole app, as in Azure."""
    try:
        functions = app.get_functions()
    except ValueError as error:
        raise StartError(f"function_app.py: {error}") from error
    if not functions:
        raise StartError("function_app.py has no functions")
    return tuple(_index(function, environment, route_prefix) for function in functions)


def _index(
    function: func.Function, environment: Mapping[str, str], route_prefix: str
) -> IndexedFunction:
    name = str(function.get_function_name())
    binding = _only_trigger(name, function)
    parameter, kind = str(binding.name), str(binding.type)
    call = function.get_user_function()
    _check_signature(name, call, parameter, kind)
    return IndexedFunction(
        name=name,
        call=call,
        parameter=parameter,
        trigger=_trigger(name, binding, environment, route_prefix),
        disabled=is_disabled(name, environment),
    )


def _only_trigger(name: str, function: func.Function) -> _Trigger:
    """The function's trigger; raises StartError for all else that it has and real hosts obey."""
    trigger = function.get_trigger()
    if not isinstance(trigger, HttpTrigger | QueueTrigger | TimerTrigger):
        kind = trigger.type if trigger else "of none"
        raise StartError(f"{name}: the stand-in does not know the trigger {kind}")
    for binding in function.get_bindings():
        answers = isinstance(trigger, HttpTrigger) and binding.name == "$return"
        if binding is not trigger and not answers:
            raise StartError(f"{name}: the stand-in does not know the binding {binding.type}")
    if function.get_setting("retry_policy") is not None:
        raise StartError(f"{name}: the stand-in does not know retry policies")
    return trigger


def _trigger(
    name: str, binding: _Trigger, environment: Mapping[str, str], route_prefix: str
) -> Route | QueueSource | Timer:
    match binding:
        case HttpTrigger():
            methods = tuple(method.value for method in binding.methods or ())
            level = binding.auth_level or func.AuthLevel.FUNCTION
            paths = starlette_paths(str(binding.route), route_prefix, name)
            return Route(paths, methods, level.value)
        case QueueTrigger():
            return QueueSource(
                queue=expand(binding.queue_name, environment, name),
                connection=connection_string(binding.connection, environment, name),
            )
        case TimerTrigger():
            expression = expand(binding.schedule, environment, name)
            try:
                return Timer(Schedule(expression), bool(binding.run_on_startup))
            except ValueError as error:
                raise StartError(f"{name}: {error}") from error


def _check_signature(name: str, call: Callable[..., Any], bound: str, binding: str) -> None:
    """The worker's rules: parameters equal bindings, annotations are types of the binding."""
    parameters = set(inspect.signature(call).parameters)
    if unbound := sorted(parameters - {bound}):
        raise StartError(f"{name}: parameters without a binding: {', '.join(unbound)}")
    if bound not in parameters:
        raise StartError(f"{name}: has no parameter {bound} for its {binding}")
    try:
        annotations = typing.get_type_hints(call)
    except (NameError, TypeError) as error:
        raise StartError(f"{name}: an annotation can't be resolved: {error}") from error
    registry = func.get_binding_registry()
    accepts = registry.get(binding).check_input_type_annotation
    if bound in annotations and not _is_accepted(annotations[bound], accepts):
        raise StartError(f"{name}: {bound}: {annotations[bound]} is not a type for {binding}")
    returns = registry.get("http").check_output_type_annotation
    if binding == "httpTrigger" and not _is_accepted(annotations.get("return", str), returns):
        raise StartError(f"{name}: returns {annotations['return']}, must be func.HttpResponse")


def _is_accepted(annotation: object, check: Callable[[type], bool]) -> bool:
    return isinstance(annotation, type) and check(annotation)
