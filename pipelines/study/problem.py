"""A mistake in a study file."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One mistake: where in the file, and what is wrong and what would be right.

    `place` is set for a mistake in another file of the study: its name and line.
    """

    location: tuple[str | int, ...]
    text: str
    place: str = ""

    @property
    def key(self) -> str:
        """The place as the reader would say it: `visits[2].window`."""
        parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.location)
        return parts.lstrip(".") or "file"
