"""A delimited file is what its contract says, to the byte, or it is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.land import land
from tests.small_study import SCORES_HEADER, STUDY_FILE, deliver, make_study, scores_file, scores_row

GOOD = scores_file(scores_row("001"), scores_row("002"))

REFUSED = [
    ("nothing at all", "", "F_EMPTY"),
    ("no last line end", GOOD.rstrip("\n"), "F_TRUNCATED"),
    ("cut in a field", GOOD[:-20], "F_TRUNCATED"),
    ("a short last row", GOOD + "003,BL\n", "F_RAGGED"),
    ("a long last row", GOOD + scores_row("003") + ",x\n", "F_RAGGED"),
    ("a NUL byte", GOOD.replace("002", "0\x002"), "F_NUL"),
    ("latin-1 bytes", GOOD.encode().replace(b"002", b"\xe9\xe8\xff"), "F_ENCODING"),
    ("UTF-16", GOOD.encode("utf-16"), "F_ENCODING"),
    ("an open quote", GOOD.replace("30,1.5,\n", '30,1.5,"open\n', 1), "F_QUOTE"),
    ("semicolons", GOOD.replace(",", ";"), "F_DIALECT"),
    ("a column twice", GOOD.replace("note", "total"), "F_HEADER"),
    ("a column twice but for case", GOOD.replace("note", "Total "), "F_HEADER"),
    ("a column without a name", GOOD.replace("note", ""), "F_HEADER"),
    ("an undeclared column", GOOD.replace("note", "mood"), "F_CONTRACT"),
    ("an undeclared column of names", GOOD.replace("note", "patient_name"), "F_PII"),
    ("a missing column", "\n".join(line.rpartition(",")[0] for line in GOOD.splitlines()) + "\n", "F_CONTRACT"),
    ("an xlsx", b"PK\x03\x04" + b"x" * 99, "F_MAGIC"),
    ("a login page", "<!DOCTYPE html><html></html>\n", "F_MAGIC"),
]


@pytest.mark.parametrize(("content", "code"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_file_that_is_not_as_declared_is_refused_and_others_go_on(
    tmp_path: Path, content: str | bytes, code: str
) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "scores_2026-02-01.csv", content)
    deliver(study, "S01", "scores_2026-02-02.csv", GOOD)
    bad, good = land(study).deliveries
    assert (bad.outcome, bad.codes, bad.rows_accepted) == ("refused", (code,), 0)
    assert (good.outcome, good.rows_accepted) == ("accepted", 2)


ACCEPTED = [
    ("a byte order mark", "\ufeff" + GOOD, ("W_BOM",)),
    ("carriage returns", GOOD.replace("\n", "\r\n"), ()),
    ("mixed line ends", GOOD.replace("\n", "\r\n", 1), ()),
    ("a header alone", SCORES_HEADER + "\n", ("W_NO_ROWS",)),
]


@pytest.mark.parametrize(("content", "codes"), [case[1:] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_a_file_that_can_be_read_one_way_only_is_accepted(tmp_path: Path, content: str, codes: tuple[str, ...]) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "scores_2026-02-01.csv", content)
    (receipt,) = land(study).deliveries
    assert (receipt.codes, receipt.rows_quarantined) == (codes, 0)
    assert receipt.rows_accepted == (0 if "W_NO_ROWS" in codes else 2)


def test_columns_are_taken_by_name_whatever_their_order(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    turned = "\n".join(",".join(reversed(line.split(","))) for line in GOOD.splitlines()) + "\n"
    deliver(study, "S01", "scores_2026-02-01.csv", turned)
    (receipt,) = land(study).deliveries
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted", 2)


def test_the_row_that_is_too_long_is_named_by_its_number(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "scores_2026-02-01.csv", GOOD + scores_row("003") + ",x\n")
    (receipt,) = land(study).deliveries
    assert "First: row 3." in receipt.detail


@pytest.mark.parametrize(("declared", "encoding"), [("latin-1", "latin-1"), ("cp1252", "cp1252"), ("utf-16", "utf-16")])
def test_a_declared_encoding_delimiter_and_decimal_mark_are_read(tmp_path: Path, declared: str, encoding: str) -> None:
    form = f"{{type: delimited, delimiter: ';', decimal: ',', encoding: {declared}, missing: [\"\", \"NA\"]}}"
    study = make_study(tmp_path, STUDY_FILE.replace('{type: delimited, missing: ["", "NA"]}', form))
    content = GOOD.replace(",", ";").replace("1.5;", "1,5;é")
    deliver(study, "S01", "scores_2026-02-01.csv", content.encode(encoding))
    (receipt,) = land(study).deliveries
    assert (receipt.outcome, receipt.rows_accepted, receipt.codes) == ("accepted", 2, ())
