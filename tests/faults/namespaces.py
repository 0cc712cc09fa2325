"""A process with file systems of its own: so that a disk is really full, and a folder really read-only, for one case.

As root a new mount namespace is enough; as another user it takes a user namespace, which some machines forbid. What is
mounted goes with the process.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_PLENTY, _DETACHED = 1 << 28, 2
_READ_ONLY, _REMOUNT, _BIND, _EVERYTHING_BELOW, _PRIVATE = 1, 32, 4096, 16384, 1 << 18


def isolate() -> None:
    """Gives this process mounts of its own.

    Raises:
        OSError: the machine forbids it.
    """
    user, group = os.getuid(), os.getgid()
    _checked(_LIBRARY.unshare(_NEW_MOUNTS | (0 if user == 0 else _NEW_USER)))
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _mount("none", Path("/"), "", _EVERYTHING_BELOW | _PRIVATE, "")


@functools.cache
def why_not() -> str:
    """Returns why a process here cannot have mounts of its own; empty where it can."""
    process = os.fork()
    if process == 0:
        try:
            isolate()
            _mount("tmpfs", Path("/dev"), "tmpfs", 0, "size=4k")
        except OSError as error:
            os._exit(error.errno or 255)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    return f"this machine lets no process mount anything: {os.strerror(code)}" if code else ""


def small_disk(folder: Path, room: int, spare: Path, *, apart: tuple[Path, ...] = ()) -> Callable[[], None]:
    """Puts the folder on a disk that has `room` bytes left; returns what gives it plenty.

    The folders `apart`, which are in it, lie on other disks, with plenty of room. `spare` takes the content meanwhile.
    """
    kept = {one: spare / str(number) for number, one in enumerate((folder, *apart))}
    for one in kept:
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one, copy in kept.items():
        shutil.copytree(one, copy)
    taken = sum(_pages(path.lstat().st_size) for path in kept[folder].rglob("*") if path.is_file())
    # A tmpfs of no size has no limit, and takes none later.
    size = max(_pages(1), taken + _pages(room))
    for one, copy in kept.items():
        # A disk inside another is mounted over what the outer one holds of it: both count that.
        _mount("tmpfs", one, "tmpfs", 0, f"size={size if one == folder else _PLENTY},mode=0700")
        shutil.copytree(copy, one, dirs_exist_ok=True)
    shutil.rmtree(spare)
    return lambda: _mount("tmpfs", folder, "tmpfs", _REMOUNT, f"size={size + _PLENTY}")


def read_only(path: Path) -> Callable[[], None]:
    """Makes a file or folder one that can only be read, for root too; returns what undoes it."""
    _mount(str(path), path, "", _BIND | _EVERYTHING_BELOW, "")
    _mount("none", path, "", _BIND | _REMOUNT | _READ_ONLY, "")
    return lambda: _checked(_LIBRARY.umount2(os.fsencode(path), _DETACHED))


def _pages(size: int) -> int:
    return -(-size // 4096) * 4096


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    _checked(
        _LIBRARY.mount(
            source.encode(), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
        )
    )


def _checked(code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
