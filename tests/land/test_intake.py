"""What lies in the inbox is taken as it is, or refused: nothing is followed, and nothing hangs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.land import DeliveryReceipt, land
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
    (study.folder.inbox / "loose.csv").write_text("x")
    for _ in range(2):
        receipts = land(study).deliveries
        assert [(receipt.site, receipt.file, receipt.codes) for receipt in receipts] == [
            ("S01", SCORES, ()),
            ("", "S99", ("F_SITE_ID",)),
            ("", "loose.csv", ("F_SITE_ID",)),
        ]


def test_by_products_of_editors_are_ignored_and_recorded(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    for name in (".DS_Store", "~$scores.xlsx", "scores.csv.tmp"):
        deliver(study, "S01", name, "x")
    receipt = land(study)
    assert receipt.deliveries == ()
    assert receipt.ignored == ("S01/.DS_Store", "S01/scores.csv.tmp", "S01/~$scores.xlsx")


def test_links_pipes_and_folders_are_refused_without_hanging(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    secret = tmp_path / "secret.csv"
    secret.write_text(scores_file(scores_row()))
    folder = study.folder.inbox / "S01"
    folder.mkdir(parents=True)
    (folder / SCORES).symlink_to(secret)
    os.mkfifo(folder / "scores_2026-02-02.csv")
    (folder / "scores_2026-02-03.csv").mkdir()
    assert [receipt.codes for receipt in land(study).deliveries] == [("F_NOT_REGULAR",)] * 3


@pytest.mark.parametrize("name", ["sco\nres.csv", "-rf.csv", "a*b.csv", "http:__x.csv", "sc\udcff.csv"])
def test_a_name_that_could_be_read_as_something_else_is_refused_and_escaped(tmp_path: Path, name: str) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", name, "x")
    receipt = only(study)
    assert receipt.codes == ("F_NAME",)
    assert receipt.file.isascii()
    assert receipt.file.isprintable()
