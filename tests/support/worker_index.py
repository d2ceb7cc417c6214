"""Microsoft's own worker, indexing the app: run by Python 3.13 with azure-functions-runtime.

What the worker would send to the host is caught where it is made, as plain namespaces.
"""

import json
import sys
from types import SimpleNamespace

from azure_functions_runtime import loader  # type: ignore[import-not-found] # another environment
from azure_functions_runtime.bindings.meta import (  # type: ignore[import-not-found] # the same
    load_binding_registry,
)
from azure_functions_runtime.functions import Registry  # type: ignore[import-not-found] # the same


class Message(SimpleNamespace):
    """Any of the worker's wire messages; the directions are protobuf numbers."""

    inout = 2
    out = 1


def main(app: str) -> None:
    """Index the app in this folder; print each function's name and its raw bindings."""
    load_binding_registry()
    names = ("BindingInfo", "RpcFunctionMetadata", "RpcRetryOptions")
    caught = SimpleNamespace(**dict.fromkeys(names, Message))
    indexed = loader.index_function_app(f"{app}/function_app.py")
    metadata, _ = loader.process_indexed_function(caught, Registry(), indexed, app)
    found = [[one.name, [json.loads(raw) for raw in one.raw_bindings]] for one in metadata]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
