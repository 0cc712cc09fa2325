"""A packed export lands as if it were not packed; an archive that is damaged, hostile or ambiguous is refused."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import pandas as pd
import pytest

from pipelines.land import archives, land
from pipelines.land.receipts import DeliveryReceipt, RefusedError
from pipelines.land.store import delivered_path, landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

NAME = "scores_2026-02-01.csv"
TEXT = scores_file(scores_row(), scores_row("002")).encode()
PACKED = gzip.compress(TEXT, mtime=0)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns a zip of these names and contents."""
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def link(name: str, kind: int = stat.S_IFLNK) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (kind | 0o777) << 16
    return member


def flagged(content: bytes, bit: int) -> bytes:
    """Returns a zip with a flag set in the list of its one file."""
    position = content.rindex(b"PK\x01\x02") + 8
    flags = struct.unpack_from("<H", content, position)[0] | bit
    return content[:position] + struct.pack("<H", flags) + content[position + 2 :]


def locked(content: bytes) -> bytes:
    """Returns a zip that says at its one file, and not in its list, that it is encrypted."""
    return content[:6] + bytes([content[6] | 1]) + content[7:]


def landed(study: Study, file: str, content: bytes, site: str = "S01") -> DeliveryReceipt:
    deliver(study, site, file, content)
    (receipt,) = [receipt for receipt in land(study).deliveries if receipt.file == file]
    return receipt


def outcome(path: Path, content: bytes) -> str:
    """Returns the reason for which a zip is refused; nothing where it unpacks to the text."""
    path.write_bytes(content)
    try:
        with archives.unpacked(path, f"{NAME}.zip", NAME, "delimited", path.parent) as found:
            return "" if found.read_bytes() == TEXT else "another text"
    except RefusedError as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (f"{NAME}.gz", PACKED),
        (f"{NAME}.gz", gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0)),
        (f"{NAME}.zip", zipped((NAME, TEXT))),
        (f"{NAME}.zip", zipped((NAME, TEXT), method=zipfile.ZIP_STORED)),
        ("scores_2026-02-01.zip", zipped((NAME, TEXT))),
    ],
)
def test_a_packed_export_lands_to_the_rows_of_the_plain_one(tmp_path: Path, file: str, content: bytes) -> None:
    rows = []
    for root, name, delivered in (("plain", NAME, TEXT), ("packed", file, content)):
        study = make_study(tmp_path / root)
        receipt = landed(study, name, delivered)
        assert (receipt.outcome, receipt.rows_in, receipt.delivered_on) == ("accepted", 2, "2026-02-01")
        directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
        frame = pd.read_parquet(directory / "rows" / "qs.parquet")
        rows.append(frame.drop(columns=["_delivery_id", "_source_file"]))
    pd.testing.assert_frame_equal(rows[0], rows[1])


def test_the_delivered_bytes_stay_packed_and_nothing_unpacked_is_left_behind(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    receipt = landed(study, f"{NAME}.gz", PACKED)
    kept = delivered_path(study.folder, receipt.sha256, receipt.file)
    assert kept is not None
    assert kept.read_bytes() == PACKED
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert not list(study.folder.vault.rglob("*landing*"))
    assert not list(tmp_path.rglob("unpacked"))


def test_a_layout_may_name_the_archive_itself(tmp_path: Path) -> None:
    for suffix, content in (("gz", PACKED), ("zip", zipped(("any name.csv", TEXT)))):
        text = STUDY_FILE.replace("scores_{date}.csv", f"scores_{{date}}.{suffix}")
        assert landed(make_study(tmp_path / suffix, text), f"scores_2026-02-01.{suffix}", content).rows_accepted == 2


@pytest.mark.parametrize(
    "content",
    [
        *(PACKED[:length] for length in (3, 10, 12, len(PACKED) // 2, len(PACKED) - 9, len(PACKED) - 8, -1)),
        PACKED + b"x",
        PACKED + bytes(512),
        PACKED + PACKED[:20],
        PACKED[:-8] + bytes(4) + PACKED[-4:],
        PACKED[:-4] + bytes(4),
        b"\x1f\x8b" + bytes(100),
    ],
)
def test_a_damaged_gzip_is_refused(tmp_path: Path, content: bytes) -> None:
    receipt = landed(make_study(tmp_path), f"{NAME}.gz", content)
    assert (receipt.outcome, receipt.codes, receipt.rows_in) == ("refused", ("F_ARCHIVE",), 0)


def test_every_cut_and_every_flipped_byte_of_a_zip_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    content = zipped((NAME, TEXT))
    path = tmp_path / "copy"
    changed = [content[:length] for length in range(4, len(content))]
    changed += [content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :] for at in range(4, len(content))]
    outcomes = {outcome(path, bad) for bad in changed}
    assert {code for code in outcomes if not code.startswith(("F_ARCHIVE", "F_ZIP", "F_ENCRYPTED"))} <= {""}
    assert len(outcomes) > 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped((NAME, TEXT))[:-1], "F_ARCHIVE"),
        (zipped((NAME, TEXT)) + b"x", "F_ARCHIVE"),
        (zipped((NAME, TEXT)).replace(struct.pack("<L", zlib.crc32(TEXT)), bytes(4)), "F_ARCHIVE"),
        (zipped((NAME, TEXT), method=zipfile.ZIP_BZIP2), "F_ARCHIVE"),
        (zipped((NAME, TEXT)).replace(b"PK\x01\x02", b"hidden" + b"PK\x01\x02"), "F_ARCHIVE"),
        (zipped(("../" + NAME, TEXT)), "F_ZIP_PATH"),
        (zipped(("/" + NAME, TEXT)), "F_ZIP_PATH"),
        (zipped(("a\\" + NAME, TEXT)), "F_ZIP_PATH"),
        (zipped(("C:" + NAME, TEXT)), "F_ZIP_PATH"),
        (zipped((NAME, TEXT), ("a/../../b", b"")), "F_ZIP_PATH"),
        (zipped((link(NAME), b"/etc/passwd")), "F_ZIP_LINK"),
        (zipped((NAME, TEXT), (link("pipe", stat.S_IFIFO), b"")), "F_ZIP_LINK"),
        (zipped((NAME, TEXT), (NAME, TEXT + b"\n")), "F_ZIP_DUP"),
        (zipped((NAME, TEXT), (NAME.upper(), TEXT)), "F_ZIP_DUP"),
        (flagged(zipped((NAME, TEXT)), 1), "F_ENCRYPTED"),
        (flagged(zipped((NAME, TEXT)), 0x40), "F_ENCRYPTED"),
        (locked(zipped((NAME, TEXT))), "F_ENCRYPTED"),
        (zipped(("inner.zip", zipped((NAME, TEXT)))), "F_ARCHIVE_DEPTH"),
        (zipped((NAME, zipped((NAME, TEXT)))), "F_ARCHIVE_DEPTH"),
        (zipped((NAME, PACKED)), "F_ARCHIVE_DEPTH"),
        (zipped(), "F_ZIP_CONTENT"),
        (zipped(("other.csv", TEXT)), "F_ZIP_CONTENT"),
        (zipped(("scores_2026-02-02.csv", TEXT)), "F_ZIP_CONTENT"),
        (zipped(("folder/" + NAME, TEXT)), "F_ZIP_CONTENT"),
        (zipped((link(NAME, stat.S_IFDIR), b"")), "F_ZIP_CONTENT"),
        (zipped((NAME, TEXT), ("notes.txt", b"x")), "F_ZIP_CONTENT"),
        # A list of that length is not even read.
        (zipped(("../x", b""), *[(str(number), b"") for number in range(1200)]), "F_ZIP_CONTENT"),
        (zipped((NAME, b"")), "F_EMPTY"),
        (PACKED, "F_MAGIC"),
        (TEXT, "F_MAGIC"),
    ],
)
def test_a_zip_that_is_not_the_one_file_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    study = make_study(tmp_path)
    receipt = landed(study, f"{NAME}.zip", content)
    assert (receipt.outcome, receipt.codes, receipt.rows_in) == ("refused", (code,), 0)
    kept = delivered_path(study.folder, receipt.sha256, receipt.file)
    assert kept is not None
    assert kept.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (TEXT, "F_MAGIC"),
        (zipped((NAME, TEXT)), "F_MAGIC"),
        (gzip.compress(b"", mtime=0), "F_EMPTY"),
        (gzip.compress(PACKED, mtime=0), "F_ARCHIVE_DEPTH"),
        (gzip.compress(zipped((NAME, TEXT)), mtime=0), "F_ARCHIVE_DEPTH"),
        (gzip.compress(bytes(4 << 20), mtime=0), "F_BOMB"),
        (gzip.compress(TEXT[:-1], mtime=0), "F_TRUNCATED"),
    ],
)
def test_a_gzip_that_is_not_the_text_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    assert landed(make_study(tmp_path), f"{NAME}.gz", content).codes == (code,)


def test_an_export_packed_twice_and_plain_text_that_is_packed_are_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    assert landed(study, f"{NAME}.gz.gz", gzip.compress(PACKED, mtime=0)).codes == ("F_ARCHIVE_DEPTH",)
    assert landed(study, NAME, PACKED).codes == ("F_MAGIC",)
    assert landed(study, "other.csv.gz", PACKED + b"").codes == ("F_FILE_UNKNOWN",)


def test_a_zip_bomb_is_stopped_while_it_unpacks_whatever_size_it_states(tmp_path: Path) -> None:
    bomb = zipped((NAME, bytes(64 << 20)))
    assert landed(make_study(tmp_path / "a"), f"{NAME}.zip", bomb).codes == ("F_BOMB",)
    # It states ten bytes: what follows them is left, and the CRC does not fit.
    size = struct.pack("<L", 64 << 20)
    assert landed(make_study(tmp_path / "b"), f"{NAME}.zip", bomb.replace(size, struct.pack("<L", 10))).codes == (
        "F_ARCHIVE",
    )


def test_more_than_the_largest_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", len(TEXT) - 1)
    assert landed(make_study(tmp_path / "a"), f"{NAME}.gz", PACKED).codes == ("F_BOMB",)
    assert landed(make_study(tmp_path / "b"), f"{NAME}.zip", zipped((NAME, TEXT))).codes == ("F_BOMB",)
