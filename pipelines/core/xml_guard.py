"""XML from outside: no document type, no entity, nothing fetched, no deep nesting; read as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import IO, Any

from lxml import etree

DEEPEST = 64


class XmlError(Exception):
    """XML that is not read; `code` is F_DTD, F_DEPTH or F_PARSE, `detail` says where, and quotes nothing."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".rstrip())
        self.code = code
        self.detail = detail


@lru_cache(maxsize=1024)
def local_name(tag: object) -> str:
    """Returns an element's name without its namespace; nothing for a comment or an instruction."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def xml_events(source: IO[bytes]) -> Iterator[tuple[str, Any, int]]:
    """Yields ("start" or "end", element, depth), the root's depth being 1; what was read is forgotten behind it.

    Raises:
        XmlError: it brings a document type, is nested too deeply, or is no well-formed XML.
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
                    raise XmlError("F_DTD")
                if depth > DEEPEST:
                    raise XmlError("F_DEPTH")
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
            raise XmlError("F_DEPTH") from None
        source.seek(0)
        if depth == 0 and b"<!DOCTYPE" in source.read(1 << 16).replace(b"\0", b""):
            raise XmlError("F_DTD") from None
        # Its message may quote the file.
        raise XmlError("F_PARSE", f"Line {error.lineno}: this is no well-formed XML.") from None


def _forget(element: Any) -> None:
    # Whoever needs an element reads it at its end; the parent keeps empty shells only until its own.
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
