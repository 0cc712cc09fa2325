"""XML that a site delivers: what the guard does not read, landing refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from pipelines.core import xml_guard
from pipelines.core.xml_guard import local_name
from pipelines.land.receipts import RefusedError

__all__ = ["local_name", "xml_events"]


def xml_events(source: IO[bytes]) -> Iterator[tuple[str, Any, int]]:
    """Yields ("start" or "end", element, depth) as `pipelines.core.xml_guard` does.

    Raises:
        RefusedError: F_DTD, F_DEPTH or F_PARSE.
    """
    try:
        yield from xml_guard.xml_events(source)
    except xml_guard.XmlError as error:
        raise RefusedError(error.code, error.detail) from None
