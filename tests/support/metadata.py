"""The app's functions as the host indexes them, as JSON: run in a process of its own.

``get_functions()`` works once per process, so nobody else's may be used up.
"""

import json
import sys

import function_app


def main() -> None:
    """Print every function's name, bindings and parameters."""
    found = []
    for function in function_app.app.get_functions():
        user = function.get_user_function()
        found.append(
            {
                "name": function.get_function_name(),
                "bindings": function.get_bindings_dict()["bindings"],
                "parameters": list(user.__code__.co_varnames[: user.__code__.co_argcount])
                if not hasattr(user, "__wrapped__")
                else ["req"],
                "returns": str(user.__annotations__.get("return")),
            }
        )
    json.dump(found, sys.stdout, default=str)


if __name__ == "__main__":
    main()
