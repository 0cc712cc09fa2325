"""The import of Great Expectations: it takes seconds, and reads its settings once. Only where something is checked."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Iterator
from types import ModuleType


def great_expectations() -> ModuleType:
    """Returns the module, imported with its analytics off: an outbound connection is never wanted."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    with warnings.catch_warnings():
        # It imports a deprecated module of Python's.
        warnings.simplefilter("ignore")
        import great_expectations as gx
    return gx


@contextlib.contextmanager
def imported_meanwhile() -> Iterator[None]:
    """Imports it while the body runs, which has to be DuckDB's work alone: that imports nothing itself."""
    importing = threading.Thread(target=great_expectations, name="import of Great Expectations")
    importing.start()
    try:
        yield
    finally:
        importing.join()
