"""Archives: an export may come packed, as `<name>.gz` or in a `.zip`; it is unpacked with limits, apart from its bytes.

Rule    a zip holds exactly the one file that the layout names; what an archive says of its own sizes is not believed
Order   magic bytes → a zip's list: paths, links, doubles, encryption, depth, the one file → unpack while counting → CRC
"""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from pipelines.core.leftovers import owned_directory
from pipelines.land.receipts import RefusedError
from pipelines.land.store import WORKSPACE

# What an archive may unpack to: so many bytes, and so many times its own size. Text packs to a twentieth; 200 is only
# reached by what was made to be large. The ratio says nothing of the first bytes.
MOST_BYTES = 4 << 30
MOST_RATIO = 200
_RATIO_FROM = 1 << 20
_MOST_MEMBERS = 1000

_CHUNK = 1 << 20
_MAGIC = {".gz": b"\x1f\x8b", ".zip": b"PK\x03\x04"}
_EMPTY_ZIP = b"PK\x05\x06"
# Formats that are packed by themselves: an archive in their archive is what they are.
_PACKED_FORMATS = {"xlsx": b"PK\x03\x04", "dataset_json": b"\x1f\x8b"}
_ARCHIVE_NAMES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".7z", ".rar", ".jar")
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR_SIZES = (0, 12, 16, 20, 24)
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, OverflowError)


@contextlib.contextmanager
def unpacked(copy: Path, file: str, expected: str, form: str, folder: Path) -> Iterator[Path]:
    """Yields the path of what the delivered `file` holds: `copy` itself where its name is no archive's.

    Args:
        copy: the delivered bytes; they stay as they came.
        file: the delivered name; its suffix says whether it is an archive.
        expected: the name that the layout gives the export.
        form: the format's type.
        folder: where a temporary folder may be made (the vault: the contract of the rows is not checked yet).

    Raises:
        RefusedError: F_MAGIC, F_EMPTY, F_ARCHIVE, F_BOMB, F_ARCHIVE_DEPTH, F_ZIP_PATH, F_ZIP_LINK, F_ZIP_DUP,
            F_ZIP_CONTENT or F_ENCRYPTED.
    """
    suffix = Path(file).suffix
    if suffix not in _MAGIC:
        yield copy
        return
    with copy.open("rb") as source:
        start = source.read(4)
    if not start.startswith(_MAGIC[suffix]) and not (suffix == ".zip" and start == _EMPTY_ZIP):
        raise RefusedError("F_MAGIC", f"A {suffix[1:]} archive is expected.")
    with owned_directory(folder, WORKSPACE) as workspace:
        target = workspace / "unpacked"
        chunks = inflated(copy) if suffix == ".gz" else _zip_chunks(copy, expected)
        with target.open("wb") as content:
            for chunk in chunks:
                content.write(chunk)
        with target.open("rb") as content:
            _check_start(content.read(4), form)
        yield target


def inflated(path: Path) -> Iterator[bytes]:
    """Yields what a gzip or zlib file unpacks to, in pieces; gzip members one after another are one content.

    Raises:
        RefusedError: F_ARCHIVE or F_BOMB.
    """
    packed = path.stat().st_size
    with path.open("rb") as source:
        window = 31 if source.peek(2)[:2] == _MAGIC[".gz"] else 15
        engine, total, rest = zlib.decompressobj(window), 0, b""
        while data := rest or source.read(_CHUNK):
            if engine.eof:
                engine = zlib.decompressobj(window)
            try:
                chunk = engine.decompress(data, _CHUNK)
            except zlib.error:
                raise RefusedError("F_ARCHIVE", "It is damaged, or something follows its end.") from None
            rest = engine.unused_data if engine.eof else engine.unconsumed_tail
            total += len(chunk)
            _check_size(total, packed)
            yield chunk
    if not engine.eof:
        raise RefusedError("F_ARCHIVE", "It is cut.")


def _check_size(total: int, packed: int) -> None:
    if total > MOST_BYTES:
        raise RefusedError("F_BOMB", f"Allowed are {MOST_BYTES} bytes.")
    if total > _RATIO_FROM and total > MOST_RATIO * packed:
        raise RefusedError("F_BOMB", f"Allowed is {MOST_RATIO} times its own size.")


def _check_start(start: bytes, form: str) -> None:
    if not start:
        raise RefusedError("F_EMPTY")
    if start.startswith(tuple(_MAGIC.values())) and not start.startswith(_PACKED_FORMATS.get(form, b"\0")):
        raise RefusedError("F_ARCHIVE_DEPTH")


def _zip_chunks(path: Path, expected: str) -> Iterator[bytes]:
    _check_end(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(members, expected)
            _check_extent(path, members[0], archive.start_dir)
            total, packed = 0, path.stat().st_size
            # It checks the CRC at the end, and that the member's own header has the name that the list has.
            with archive.open(members[0]) as source:
                while chunk := source.read(_CHUNK):
                    total += len(chunk)
                    _check_size(total, packed)
                    yield chunk
    except _DAMAGED:
        raise RefusedError("F_ARCHIVE", "It is cut or damaged.") from None


def _check_end(path: Path) -> None:
    """Checks that the file ends where its end record says: the library takes an archive with bytes after it."""
    size = path.stat().st_size
    with path.open("rb") as source:
        source.seek(max(0, size - _END.size - (1 << 16)))
        tail = source.read()
    position = tail.rfind(_EMPTY_ZIP)
    if position < 0 or len(tail) - position < _END.size:
        raise RefusedError("F_ARCHIVE", "It is cut.")
    _, _, _, _, members, _, _, comment = _END.unpack_from(tail, position)
    if position + _END.size + comment != len(tail):
        raise RefusedError("F_ARCHIVE", "Something follows its end.")
    if members > _MOST_MEMBERS:
        raise RefusedError("F_ZIP_CONTENT", f"It lists {members} files.")


def _check_members(members: list[zipfile.ZipInfo], expected: str) -> None:
    names = [member.orig_filename for member in members]
    if any(_leads_elsewhere(name) for name in names):
        raise RefusedError("F_ZIP_PATH")
    kinds = [stat.S_IFMT(member.external_attr >> 16) for member in members]
    if any(kind not in {0, stat.S_IFREG, stat.S_IFDIR} for kind in kinds):
        raise RefusedError("F_ZIP_LINK")
    if len({name.casefold() for name in names}) < len(names):
        raise RefusedError("F_ZIP_DUP")
    # Bit 0: encrypted; 6: strongly; 13: its names too.
    if any(member.flag_bits & 0x2041 for member in members):
        raise RefusedError("F_ENCRYPTED")
    if any(name.casefold().endswith(_ARCHIVE_NAMES) for name in names):
        raise RefusedError("F_ARCHIVE_DEPTH")
    # Where the layout itself names the zip, the one file in it may have any name.
    named = names == [expected] or (expected.endswith(".zip") and len(names) == 1 and "/" not in names[0])
    if not named or kinds[0] == stat.S_IFDIR:
        wanted = "one file" if expected.endswith(".zip") else expected
        raise RefusedError("F_ZIP_CONTENT", f"It lists {len(names)}; expected is {wanted}, in no folder.")


def _leads_elsewhere(name: str) -> bool:
    return name.startswith("/") or any(mark in name for mark in ("\\", "\0", ":")) or ".." in name.split("/")


def _check_extent(path: Path, member: zipfile.ZipInfo, list_start: int) -> None:
    """Checks that the one member fills the archive up to its list: nothing lies before, beside or behind it."""
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise RefusedError("F_ARCHIVE", "It is packed by another method than deflate.")
    with path.open("rb") as source:
        head = _LOCAL.unpack(source.read(_LOCAL.size))
    end = _LOCAL.size + head[9] + head[10] + member.compress_size
    if member.header_offset or list_start - end not in _DESCRIPTOR_SIZES:
        raise RefusedError("F_ARCHIVE", "It holds bytes that belong to no file of its list.")
    if head[2] & 1:
        raise RefusedError("F_ENCRYPTED")
