"""JSON as a stream, strictly: no key twice, no NaN, no other encoding than UTF-8, a number as its own digits.

Many rows are parsed by one call, for speed. That is as strict as one by one: what is no row of its own there fails, or
gives another number of rows, and is then parsed alone for the place to be told.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from pipelines.land.receipts import RefusedError

# One row, or the metadata, is in memory several times.
MOST_VALUE_CHARACTERS = 64 << 20
_NOT_BLANK = re.compile(r"[^ \t\r\n]")
_BLANK = " \t\r"


class Digits(str):
    """A number as it stands in the file."""

    __slots__ = ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "A key stands twice"
        raise ValueError(msg)
    return found


def _no_number(_: str) -> NoReturn:
    msg = "NaN or an infinite number, which JSON has not"
    raise ValueError(msg)


def _decoder(number: Callable[[str], str]) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_unique, parse_int=number, parse_float=number, parse_constant=_no_number)


# In a row a number and its digits as a text are one.
_METADATA, _ROWS = _decoder(Digits), _decoder(str)


class JsonStream:
    """A JSON text, of which only what is being read is in memory."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text, self._at = "", 0
        self._bytes = self._passed = self._lines = 0
        self._ended = False
        # Up to here rows are parsed one by one.
        self._alone = 0
        self.had_mark = self._take("\ufeff")

    @property
    def line(self) -> int:
        """The line that is read on next; the first is 1."""
        return 1 + self._lines + self._text.count("\n", 0, self._at)

    def following(self) -> str:
        """Returns the next character that is not blank, and moves on to it; nothing at the end."""
        while not (found := _NOT_BLANK.search(self._text, self._at)):
            self._at = len(self._text)
            if not self._more():
                return ""
        self._at = found.start()
        return found.group()

    def members(self) -> Iterator[str]:
        """Yields the keys of the object that stands next; whoever gets one reads its value before the next."""
        found: set[str] = set()
        self.expect("{")
        if self.following() != "}":
            while True:
                if self.following() != '"':
                    raise self._damaged(self._at)
                key = self.value()
                if key in found:
                    raise RefusedError("F_JSON", "A key stands twice.")
                found.add(key)
                self.expect(":")
                yield key
                if self.following() != ",":
                    break
                self.expect(",")
        self.expect("}")

    def elements(self) -> Iterator[list[Any]]:
        """Yields the elements of the list that stands next, some at a time."""
        self.expect("[")
        if self.following() != "]":
            while True:
                self.following()
                yield self._some_elements()
                if self.following() != ",":
                    break
                self.expect(",")
        self.expect("]")

    def lines(self) -> Iterator[list[Any]]:
        """Yields the values that follow, each in a line of its own, some at a time."""
        number = 1
        for lines in self._whole_lines():
            if number == 1:
                # The rest of the line that the metadata stand in.
                if lines.pop(0).strip(_BLANK):
                    raise RefusedError("F_JSON", "Something follows the metadata in line 1.")
                number = 2
            if lines:
                yield _lines_parsed(lines, number)
                number += len(lines)

    def _whole_lines(self) -> Iterator[list[str]]:
        while self._at < len(self._text) or self._more():
            end = self._text.rfind("\n", self._at)
            if end < 0 and self._more():
                self._check_size()
                continue
            lines = self._text[self._at : end if end >= 0 else None].split("\n")
            self._at = end + 1 if end >= 0 else len(self._text)
            yield lines

    def value(self, decoder: json.JSONDecoder = _METADATA) -> Any:
        """Returns the value that stands next, and moves behind it."""
        self.following()
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
            except ValueError as error:
                if not self._twice_as_much():
                    raise self._damaged_as(error) from None
            except RecursionError:
                raise RefusedError("F_JSON", "Nested too deeply.") from None
            else:
                # Of a number that ends with what was read so far, more may follow.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def expect(self, mark: str) -> None:
        """Moves behind a mark, which must stand next."""
        if self.following() != mark:
            raise self._damaged(self._at)
        self._at += 1

    def _some_elements(self) -> list[Any]:
        end = self._text.rfind("],", self._at) + 1
        if end > max(self._at, self._alone):
            with contextlib.suppress(ValueError, RecursionError):
                values: list[Any] = _ROWS.decode(f"[{self._text[self._at : end]}]")
                self._at = end
                return values
            self._alone = end
        return [self.value(_ROWS)]

    def _take(self, mark: str) -> bool:
        while self._at == len(self._text) and self._more():
            pass
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) * found
        return found

    def _more(self) -> bool:
        """Reads on, and forgets what was read; returns whether there was more."""
        chunk = b"" if self._ended else next(self._chunks, b"")
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            place = self._bytes - pending + error.start
            raise RefusedError("F_ENCODING", f"JSON is UTF-8; not so at byte {place}.") from None
        self._ended = not chunk
        self._bytes += len(chunk)
        self._passed += self._at
        self._lines += self._text.count("\n", 0, self._at)
        self._alone -= self._at
        self._text, self._at = self._text[self._at :] + text, 0
        return bool(chunk)

    def _twice_as_much(self) -> bool:
        wanted, before = 2 * (len(self._text) - self._at), self._bytes
        while len(self._text) - self._at < wanted and self._more():
            pass
        self._check_size()
        return self._bytes > before

    def _check_size(self) -> None:
        if len(self._text) > MOST_VALUE_CHARACTERS:
            raise RefusedError("F_BOMB", f"Allowed are {MOST_VALUE_CHARACTERS} characters in one row.")

    def _damaged(self, at: int) -> RefusedError:
        return RefusedError("F_JSON", f"Damaged at character {self._passed + at}.")

    def _damaged_as(self, error: ValueError) -> RefusedError:
        if isinstance(error, json.JSONDecodeError):
            return self._damaged(error.pos)
        return RefusedError("F_JSON", f"{error}.")


def _lines_parsed(lines: list[str], first: int) -> list[Any]:
    # Joined by a line end, which no text in JSON holds: where a line is not one row, what is parsed fails, is nested,
    # or is not as many.
    if all(line[:1] == "[" and line.rstrip(_BLANK)[-1:] == "]" for line in lines):
        with contextlib.suppress(ValueError, RecursionError):
            values: list[Any] = _ROWS.decode("[" + ",\n".join(lines) + "]")
            if len(values) == len(lines):
                return values
    return [_line_parsed(line, number) for number, line in enumerate(lines, start=first)]


def _line_parsed(line: str, number: int) -> Any:
    try:
        return _ROWS.decode(line)
    except json.JSONDecodeError as error:
        raise RefusedError("F_JSON", f"Damaged at character {error.pos} in line {number}.") from None
    except RecursionError:
        raise RefusedError("F_JSON", f"Nested too deeply in line {number}.") from None
    except ValueError as error:
        raise RefusedError("F_JSON", f"{error} in line {number}.") from None
