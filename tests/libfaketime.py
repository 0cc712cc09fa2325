"""libfaketime (Debian's package `faketime`): the library that gives a process another clock."""

from __future__ import annotations

from pathlib import Path

# What waits, waits by its own clock; with the fix, of other systems' fault, it would not wait at all.
WAITING = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
_FOLDERS = ("usr/lib/*/faketime", "usr/lib/faketime")


def faketime_library(name: str) -> Path | None:
    """Returns where the library of this name is, or None where the package is not installed.

    Args:
        name: `libfaketime.so.1`, or `libfaketimeMT.so.1` for a process of many threads.
    """
    return next((path for folder in _FOLDERS for path in sorted(Path("/").glob(f"{folder}/{name}"))), None)
