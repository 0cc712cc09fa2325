"""The import of Great Expectations: it takes seconds, and reads its settings once. Only where something is checked."""

from __future__ import annotations

import os
import warnings
from types import ModuleType


def great_expectations() -> ModuleType:
    """Returns the module, imported with its analytics off: an outbound connection is never wanted."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    with warnings.catch_warnings():
        # It imports a deprecated module of Python's.
        warnings.simplefilter("ignore")
        import great_expectations as gx
    return gx
