"""The one setting that decides what is registered, and so is read when the app is loaded."""

import os

#: What pydantic takes for a yes; importing it would cost every cold start.
_YES = frozenset({"1", "on", "t", "true", "y", "yes"})


def to_results() -> bool:
    """Whether results are opted into: false for whatever is no clear yes.

    Read alone, so that a missing other setting does not cost the app its functions.
    """
    return os.environ.get("RESULTS_ENABLED", "").lower() in _YES
