"""The import of Great Expectations: it takes seconds, and reads its settings once. Only where something is checked."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from types import ModuleType


def great_expectations() -> ModuleType:
    """Returns the module, imported with its analytics off: an outbound connection is never wanted."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    with _nothing_collected(), warnings.catch_warnings():
        # It imports a deprecated module of Python's.
        warnings.simplefilter("ignore")
        import great_expectations as gx
    return gx


@contextlib.contextmanager
def _nothing_collected() -> Iterator[None]:
    """Looks for no garbage in what the body imports, then or later: all of it stays, and a third of the time goes."""
    if "great_expectations" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


@contextlib.contextmanager
def imported_meanwhile() -> Iterator[None]:
    """Imports it while the body runs, which has to be DuckDB's work alone: that imports nothing itself."""
    importing = threading.Thread(target=great_expectations, name="import of Great Expectations")
    importing.start()
    try:
        yield
    finally:
        importing.join()
