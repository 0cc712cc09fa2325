"""The text of a delimited file, some megabytes at a time: its encoding checked, cut between records, quotes closed."""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.core.leftovers import owned_directory
from pipelines.land.receipts import RefusedError
from pipelines.land.store import WORKSPACE, open_vault
from pipelines.study import StudyFolder

_BLOCK = 1 << 24


@dataclass(frozen=True, kw_only=True)
class Utf8:
    """A file that was found to hold valid UTF-8; `has_bom`: it starts with a byte order mark, which is no text."""

    path: Path
    has_bom: bool

    def blocks(self) -> Iterator[bytes]:
        """Yields its text."""
        with self.path.open("rb") as source:
            source.seek(len(codecs.BOM_UTF8) if self.has_bom else 0)
            while block := source.read(_BLOCK):
                yield block

    def start(self, length: int) -> bytes:
        """Returns its first bytes."""
        return next(self.blocks(), b"")[:length]


@contextlib.contextmanager
def checked_utf8(path: Path, encoding: str, folder: StudyFolder) -> Iterator[Utf8]:
    """Yields the file's text as UTF-8: the file itself, or what it says in another encoding.

    Raises:
        RefusedError: F_ENCODING, F_NUL or F_TRUNCATED.
    """
    if encoding == "utf-8":
        with path.open("rb") as source:
            has_bom = source.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
        text = Utf8(path=path, has_bom=has_bom)
        _check(text, None)
        yield text
        return
    # In the vault: until its contract is checked, a delivery may hold anything.
    open_vault(folder)
    with owned_directory(folder.vault, WORKSPACE) as workspace:
        target = workspace / "text"
        with target.open("wb") as written:
            _check(Utf8(path=path, has_bom=False), written, encoding)
        yield Utf8(path=target, has_bom=False)


def _check(text: Utf8, target: BinaryIO | None, encoding: str = "utf-8") -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    read, written, first_nul, last = 0, 0, None, b""
    for block in text.blocks():
        plain = block
        # What is ASCII alone needs no decoding; what a block before left over does.
        if target is not None or decoder.getstate()[0] or not block.isascii():
            plain = _decoded(decoder, block, read, encoding).encode()
        if target is not None:
            target.write(plain)
        if first_nul is None and b"\0" in plain:
            first_nul = written + plain.index(0)
        read, written, last = read + len(block), written + len(plain), plain[-1:] or last
    _decoded(decoder, b"", read, encoding, final=True)
    if first_nul is not None:
        raise RefusedError("F_NUL", f"First at byte {first_nul}.")
    if last not in {b"\n", b"\r"}:
        raise RefusedError("F_TRUNCATED", "The last line has no line end.")


def _decoded(decoder: codecs.IncrementalDecoder, block: bytes, read: int, encoding: str, *, final: bool = False) -> str:
    pending = len(decoder.getstate()[0])
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        at = read - pending + error.start
        raise RefusedError("F_ENCODING", f"Declared: {encoding}; not so at byte {at}.") from None
    except UnicodeError:
        # Python's own UTF-16 and UTF-32 ask for the byte order mark in this way.
        raise RefusedError("F_ENCODING", f"Declared: {encoding}; the file does not say in which byte order.") from None


def records(text: Utf8, delimiter: str) -> Iterator[bytes]:
    """Yields the text in blocks of whole records, each with its quotation marks checked.

    Raises:
        RefusedError: F_QUOTE: a quotation mark neither encloses a whole field nor stands doubled within one.
    """
    mark = re.escape(delimiter.encode())
    # A parser takes any other for something: `"a"b` for `ab`, one that opens a field for all rows up to the next.
    enclosed = re.compile(rb'(?<![^%b\r\n])"[^"]*+(?:""[^"]*+)*+"(?=[%b\r\n]|\Z)' % (mark, mark))
    line, rest = 1, b""
    for block in text.blocks():
        whole = rest + block
        end = _last_record_end(whole)
        if end:
            yield _with_closed_quotes(whole[:end], enclosed, line)
            line += whole.count(b"\n", 0, end)
        rest = whole[end:]
    if rest:
        yield _with_closed_quotes(rest, enclosed, line)


def _last_record_end(text: bytes) -> int:
    """Returns where the last record ends of which the end can be told: behind a line end that is in no quotes.

    Where every quotation mark encloses a field, a line end with an even number of them before it is in none.
    """
    end = text.rfind(b"\n") + 1
    odd = text.count(b'"', 0, end) % 2 if b'"' in text else 0
    while end and odd:
        before = text.rfind(b"\n", 0, end - 1) + 1
        odd = (odd + text.count(b'"', before, end)) % 2
        end = before
    return end


def _with_closed_quotes(text: bytes, enclosed: re.Pattern[bytes], line: int) -> bytes:
    if b'"' not in text or b'"' not in enclosed.sub(b"", text):
        return text
    end = 0
    for field in enclosed.finditer(text):
        if b'"' in text[end : field.start()]:
            break
        end = field.end()
    at = text.index(b'"', end)
    raise RefusedError("F_QUOTE", f"Line {line + len(text[:at].splitlines()) - 1 if at else line}.")
