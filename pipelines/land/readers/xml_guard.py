"""XML from outside: no document type, no entity, nothing fetched, no deep nesting; read as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import IO, Any
from xml.parsers import expat

from lxml import etree

from pipelines.land.receipts import RefusedError

_DEEPEST = 64
_CHUNK = 1 << 18


@lru_cache(maxsize=1024)
def local_name(tag: object) -> str:
    """Returns an element's name without its namespace; nothing for a comment or an instruction."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def xml_events(source: IO[bytes]) -> Iterator[tuple[str, Any, int]]:
    """Yields ("start" or "end", element, depth), the root's depth being 1; what was read is forgotten behind it.

    Raises:
        RefusedError: F_DTD, F_DEPTH or F_PARSE.
    """
    events = etree.iterparse(
        source, events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    depth = 0
    try:
        for event, element in events:
            if event == "start":
                depth += 1
                # A document type stands before the root, so that it is seen before anything of it is used.
                if depth == 1 and element.getroottree().docinfo.doctype:
                    raise RefusedError("F_DTD")
                if depth > _DEEPEST:
                    raise RefusedError("F_DEPTH")
                yield event, element, depth
            else:
                yield event, element, depth
                depth -= 1
                # One without children goes with its parent: to forget each by itself takes twice as long.
                if len(element):
                    _forget(element)
    except etree.XMLSyntaxError as error:
        # Before the root is out, libxml2 may have met the entities that the document type brings.
        if "depth" in str(error).lower():
            raise RefusedError("F_DEPTH") from None
        source.seek(0)
        if depth == 0 and b"<!DOCTYPE" in source.read(1 << 16).replace(b"\0", b""):
            raise RefusedError("F_DTD") from None
        # Its message may quote the file.
        raise RefusedError("F_PARSE", f"Line {error.lineno}: this is no well-formed XML.") from None


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
        if depth > _DEEPEST:
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
            parser.Parse(chunk, False)  # noqa: FBT003 - expat has no keywords
            yield parser
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, LookupError, ValueError) as error:
        # Its message may quote the file.
        line = getattr(error, "lineno", parser.CurrentLineNumber)
        raise RefusedError("F_PARSE", f"Line {line}: this is no well-formed XML.") from None
    yield parser


def _forget(element: Any) -> None:
    # Whoever needs an element reads it at its end; the parent keeps empty shells only until its own.
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
