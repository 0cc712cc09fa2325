"""The import of Great Expectations: most of the time that a small study's gate takes, so that a third of it is spared.

Two of its expectations (KL divergence, Kolmogorov-Smirnov) draw in scipy.stats and altair for all the others. No suite
uses them; one that did would raise, which is an ERROR.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_SPARED = ("altair", "scipy", "scipy.stats")


class _NotLoaded(ModuleType):
    """Stands where a module would be while another one is imported."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _NotLoaded(f"{self.__name__}.{name}")


def great_expectations() -> ModuleType:
    """Returns the module, imported with its analytics off."""
    # Read once, at import: an outbound connection is never wanted.
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    with _spared(), warnings.catch_warnings():
        # It imports a deprecated module of Python's.
        warnings.simplefilter("ignore")
        import great_expectations as gx
    return gx


@contextlib.contextmanager
def _spared() -> Iterator[None]:
    absent = [name for name in _SPARED if name not in sys.modules]
    if "great_expectations" in sys.modules or "scipy" not in absent:
        absent = []
    sys.modules.update({name: _NotLoaded(name) for name in absent})
    try:
        yield
    finally:
        # Whoever imports them next gets the real ones.
        for name in absent:
            if isinstance(sys.modules.get(name), _NotLoaded):
                del sys.modules[name]
