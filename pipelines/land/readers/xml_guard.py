"""XML that a site delivers: what the guard does not read, landing refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any
from xml.parsers import expat

from pipelines.core import xml_guard
from pipelines.core.xml_guard import local_name
from pipelines.land.receipts import RefusedError

__all__ = ["local_name", "parse_xml", "xml_events"]

_CHUNK = 1 << 18


def xml_events(source: IO[bytes]) -> Iterator[tuple[str, Any, int]]:
    """Yields ("start" or "end", element, depth) as `pipelines.core.xml_guard` does.

    Raises:
        RefusedError: F_DTD, F_DEPTH or F_PARSE.
    """
    try:
        yield from xml_guard.xml_events(source)
    except xml_guard.XmlError as error:
        raise RefusedError(error.code, error.detail) from None


def parse_xml(
    source: IO[bytes], start: Callable[[str, dict[str, str], int], None], end: Callable[[str], None]
) -> Iterator[Any]:
    """Calls `start` (name, attributes, depth) and `end` (name) as elements open and close; yields the parser between.

    Without a tree, this takes half the time of `xml_events`. Names are as they stand in the file, with their prefixes:
    real exports have some that they do not declare.

    Raises:
        RefusedError: F_DTD, F_DEPTH or F_PARSE.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > xml_guard.DEEPEST:
            raise RefusedError("F_DEPTH")
        start(name, attributes, depth)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    def refuse(*_: object) -> None:
        raise RefusedError("F_DTD")

    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = opened, closed, refuse
    yield parser
    try:
        while chunk := source.read(_CHUNK):
            parser.Parse(chunk, False)
            yield parser
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        # Its message may quote the file.
        line = getattr(error, "lineno", parser.CurrentLineNumber)
        raise RefusedError("F_PARSE", f"Line {line}: this is no well-formed XML.") from None
    yield parser
