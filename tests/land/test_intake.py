"""What lies in the inbox is taken as it is, or refused: nothing is followed, and nothing hangs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.core.errors import InputRefusedError
from pipelines.land import DeliveryReceipt, land
from pipelines.land.intake import Found, take_copy
from pipelines.land.receipts import RefusedError
from pipelines.land.store import delivered_path
from pipelines.study import Study
from tests.small_study import deliver, make_study, scores_file, scores_row

SCORES = "scores_2026-02-01.csv"


def only(study: Study) -> DeliveryReceipt:
    (receipt,) = land(study).deliveries
    return receipt


def test_one_sites_content_in_another_sites_folder_is_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    for site in ("S01", "S02"):
        deliver(study, site, SCORES, scores_file(scores_row()))
    receipts = {receipt.site: receipt for receipt in land(study).deliveries}
    assert (receipts["S01"].outcome, receipts["S02"].codes) == ("accepted", ("F_CROSS_SITE_DUP",))


def test_a_file_that_no_layout_names_is_refused_and_kept(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "holiday.csv", "a,b\n1,2\n")
    receipt = only(study)
    assert receipt.codes == ("F_FILE_UNKNOWN",)
    assert (study.folder.vault / "refused" / receipt.sha256 / "holiday.csv").read_text() == "a,b\n1,2\n"


def test_what_lies_under_no_site_is_said_at_each_run(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row()))
    deliver(study, "S99", SCORES, scores_file(scores_row()))
    deliver(study, "S01'; drop table x --", SCORES, scores_file(scores_row()))
    (study.folder.inbox / "loose.csv").write_text("x")
    for _ in range(2):
        receipts = land(study).deliveries
        assert [(receipt.site, receipt.file, receipt.codes) for receipt in receipts] == [
            ("S01", SCORES, ()),
            ("", "S01'; drop table x --", ("F_SITE_ID",)),
            ("", "S99", ("F_SITE_ID",)),
            ("", "loose.csv", ("F_SITE_ID",)),
        ]


def test_by_products_of_editors_are_ignored_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study(tmp_path)
    names = [
        *(".DS_Store", "._scores.csv", ".~lock.scores.csv#", ".scores.csv.swp", "Thumbs.db", "desktop.ini"),
        *("~$scores.xlsx", "scores.csv.tmp", "scores.csv.part", "scores.csv.filepart", "scores.csv.crdownload"),
        *("scores.csv.partial", "scores.csv.download", "scores.csv~", "README.txt"),
    ]
    for name in names:
        deliver(study, "S01", name, "x")
    receipt = land(study)
    assert receipt.deliveries == ()
    assert receipt.ignored == tuple(f"S01/{name}" for name in sorted(names))
    main(["land", str(study.folder.root)], standalone_mode=False)
    assert capsys.readouterr().err.splitlines() == [f"ignored  S01/{name}" for name in sorted(names)]


def test_whatever_is_no_file_of_one_name_is_refused_without_hanging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(tmp_path / "study")
    outside = tmp_path / "secret.csv"
    outside.write_text(scores_file(scores_row()))
    folder = study.folder.inbox / "S01"
    folder.mkdir(parents=True)
    (folder / "a_link_to_a_file.csv").symlink_to(outside)
    (folder / "a_link_to_a_folder.csv").symlink_to(tmp_path)
    (folder / "a_link_to_nothing.csv").symlink_to(tmp_path / "nothing")
    (folder / "a_link_to_a_device.csv").symlink_to("/dev/zero")
    (folder / "a_hard_link.csv").hardlink_to(outside)
    os.mkfifo(folder / "a_pipe.csv")
    (folder / "a_folder.csv").mkdir()
    # A socket's path has 100 characters at most: it is bound from where it lies.
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a_socket.csv")
    (study.folder.inbox / "S02").symlink_to(folder)
    receipts = land(study).deliveries
    assert len(receipts) == 9
    assert {receipt.codes for receipt in receipts} == {("F_NOT_REGULAR",)}
    assert [receipt.file for receipt in receipts if receipt.site == "S02"] == ["S02"]
    assert not (study.folder.root / "store" / "deliveries").exists()


def test_a_device_is_refused_without_being_read(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    folder = study.folder.inbox / "S01"
    folder.mkdir(parents=True)
    try:
        os.mknod(folder / SCORES, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("needs the right to make a device (root)")
    assert only(study).codes == ("F_NOT_REGULAR",)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_is_refused(tmp_path: Path, what: str) -> None:
    study = make_study(tmp_path)
    path = deliver(study, "S01", SCORES, scores_file(scores_row()))
    (path if what == "file" else path.parent).chmod(0)
    root = os.geteuid() == 0
    try:
        if root:
            # Root may read everything: for this it is nobody, who may not even enter the test's folder.
            os.seteuid(65534)
            with pytest.raises(RefusedError, match="F_PERMISSION"):
                take_copy(Found(site="S01", path=path), tmp_path / "copy")
        else:
            assert only(study).codes == ("F_PERMISSION",)
    finally:
        if root:
            os.seteuid(0)
        (path if what == "file" else path.parent).chmod(0o700)


def _grow(path: Path) -> None:
    with path.open("a") as file:
        file.write(scores_row("002") + "\n")


def _rewrite(path: Path) -> None:
    # As long as before, and with its time set back.
    before = path.stat()
    path.write_text(scores_file(scores_row("009")))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path) -> None:
    other = path.with_name(".other")
    other.write_text(scores_file(scores_row("009")))
    other.replace(path)


@pytest.mark.parametrize("change", [_grow, _rewrite, _replace, Path.unlink])
def test_a_file_that_changes_while_it_is_read_is_tried_again_at_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    study = make_study(tmp_path)
    path = deliver(study, "S01", SCORES, scores_file(scores_row()))
    beside = "scores_2026-02-02.csv"
    deliver(study, "S01", beside, scores_file(scores_row("801")))
    hashed = hashlib.sha256()

    class Slow:
        """Hashes as ever; what is delivered changes after its first piece."""

        def __init__(self) -> None:
            self.hexdigest = hashed.hexdigest
            self.changed = False

        def update(self, piece: bytes) -> None:
            hashed.update(piece)
            if not self.changed:
                self.changed = True
                change(path)

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.land.intake.hashlib.sha256", Slow)
        with pytest.raises(RefusedError, match="F_UNSTABLE"):
            take_copy(Found(site="S01", path=path), tmp_path / "copy")
        if path.exists():
            path.write_text(scores_file(scores_row()))
    receipts = {receipt.file: receipt.codes for receipt in land(study).deliveries}
    assert receipts == {beside: ()} | ({} if change == Path.unlink else {SCORES: ()})


NAMES = [
    *("sco\nres.csv", "-rf.csv", "--help.csv", "a*b.csv", "a?b.csv", "a[b].csv", "http:__x.csv", "sc\udcff.csv"),
    *("{{ 7*7 }}.csv", "$(id).csv", "a;b.csv", "a|b.csv", "a\\b.csv", "x\\..\\y.csv", "x.csv\u202e", "\x1b[2Jx.csv"),
    *(
        "scores_2026-02-01.csv\r",
        "scorés.csv",
        "\uff53cores.csv",
        "a\u200bb.csv",
        "<b>.csv",
        "'; drop--.csv",
        "x" * 201,
    ),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_could_be_read_as_something_else_is_refused_and_escaped(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", name, "x")
    deliver(study, "S01", SCORES, scores_file(scores_row()))
    receipts = land(study).deliveries
    assert sorted(receipt.codes for receipt in receipts) == [(), ("F_NAME",)]
    with contextlib.suppress(InputRefusedError):
        main(["land", str(study.folder.root)], standalone_mode=False)
    printed = capfd.readouterr()
    # The heading, one line a file, and the count; the reason on the other stream.
    assert (len(printed.out.splitlines()), printed.out.isascii()) == (5, True)
    assert all(receipt.file.isascii() and receipt.file.isprintable() for receipt in receipts)


def test_the_same_name_with_new_bytes_is_a_restatement_and_both_stay(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    first, second = scores_file(scores_row()), scores_file(scores_row(crp="2.5"))
    for content in (first, second):
        deliver(study, "S01", SCORES, content)
        receipts = land(study).deliveries
    assert [(receipt.file, receipt.outcome) for receipt in receipts] == [(SCORES, "accepted")] * 2
    kept = [delivered_path(study.folder, receipt.sha256, SCORES) for receipt in receipts]
    assert {path.read_text() for path in kept if path} == {first, second}
