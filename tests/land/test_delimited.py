"""A delimited file is what its contract says, to the byte, or it is refused with a reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pipelines.land import land
from tests.land.hostile import BAD, CANARY, land_beside_a_good_file
from tests.small_study import SCORES_HEADER, STUDY_FILE, deliver, make_study, scores_file, scores_row

GOOD = scores_file(scores_row("001"), scores_row("002"))

WIDE = ",".join(f"c{number}" for number in range(100_000)) + "\n"
C = CANARY

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
    ("a quote in the middle of a field", scores_file(scores_row(note=f'{C}"b')), "F_QUOTE"),
    ("two of them", scores_file(scores_row("001", note=f'{C}"b'), scores_row("002", note='c"d')), "F_QUOTE"),
    ("text after a closing quote", scores_file(scores_row(note=f'"{C}"b')), "F_QUOTE"),
    ("a quote escaped by a backslash", scores_file(scores_row(note=rf'"{C}\"b"')), "F_QUOTE"),
    ("an open quote that swallows a row", scores_file(scores_row(note='"b'), scores_row(note='"c')), "F_QUOTE"),
    ("cut in a quoted field after a line end", scores_file(scores_row(note=f'"{C}\nb')), "F_QUOTE"),
    ("semicolons", GOOD.replace(",", ";"), "F_DIALECT"),
    ("semicolons and quotes", GOOD.replace(",", '";"').replace("\n", '"\n"').removesuffix('"'), "F_DIALECT"),
    ("tabs", GOOD.replace(",", "\t"), "F_DIALECT"),
    ("blanks", GOOD.replace(",", " "), "F_DIALECT"),
    ("UTF-16 without a mark", GOOD.encode("utf-16-le"), "F_NUL"),
    ("UTF-32", GOOD.encode("utf-32"), "F_ENCODING"),
    ("overlong UTF-8", GOOD.encode().replace(b"002", b"\xc0\xaf1"), "F_ENCODING"),
    ("a surrogate in UTF-8", GOOD.encode().replace(b"002", b"\xed\xa0\x80"), "F_ENCODING"),
    ("two byte order marks", "\ufeff\ufeff" + GOOD, "F_CONTRACT"),
    ("a byte order mark alone", "\ufeff", "F_TRUNCATED"),
    ("a header without a line end", SCORES_HEADER, "F_TRUNCATED"),
    ("a form feed after the last line", GOOD + "\f", "F_TRUNCATED"),
    ("ctrl-Z after the last line", GOOD + "\x1a", "F_TRUNCATED"),
    ("ctrl-Z in a line of its own", GOOD + "\x1a\n", "F_RAGGED"),
    ("a line of blanks", scores_file(scores_row("001"), "   ", scores_row("002")), "F_RAGGED"),
    ("a carriage return within a field", scores_file(scores_row(note=f"{C}\rb")), "F_RAGGED"),
    ("a delimiter after each row", GOOD.replace(",\n", ",,\n"), "F_RAGGED"),
    ("a delimiter after each line", GOOD.replace("\n", ",\n"), "F_HEADER"),
    ("a row of a million fields", GOOD + "1," * 1_000_000 + "\n", "F_RAGGED"),
    ("100,000 columns", WIDE + "1," * 99_999 + "1\n", "F_TOO_WIDE"),
    ("a header of 8 MiB", "x,y" * (3 << 20) + "\n" + GOOD, "F_TOO_WIDE"),
    ("a name of 8 MiB", "x" * (8 << 20) + "," + GOOD, "F_HEADER"),
    ("no header", GOOD.partition("\n")[2], "F_HEADER"),
    ("a line before the header", "# exported today\n" + GOOD, "F_CONTRACT"),
    ("an empty line before the header", "\n" + GOOD, "F_CONTRACT"),
    ("SQL as a column's name", GOOD.replace("note", '"x""; drop table rows_text; --"'), "F_CONTRACT"),
    ("a terminal escape in a column's name", GOOD.replace("note", "\x1b[2Jnote"), "F_CONTRACT"),
    ("a line break in a column's name", GOOD.replace("note", '"no\nF_HASH: te"'), "F_CONTRACT"),
    ("a column's name with an invisible character", GOOD.replace("note", "note\u200b"), "F_CONTRACT"),
    ("an xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "F_MAGIC"),
    ("a PDF", b"%PDF-1.7\n", "F_MAGIC"),
    ("gzip under a plain name", gzip.compress(GOOD.encode(), mtime=0), "F_MAGIC"),
    ("JSON", f'{{"error": "{C}"}}\n', "F_MAGIC"),
    ("XML", f"<?xml version='1.0'?><a>{C}</a>\n", "F_MAGIC"),
    ("a login page in small letters after blanks", "\ufeff\n <!doctype html><html></html>\n", "F_MAGIC"),
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
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    content: str | bytes,
    code: str,
) -> None:
    if not content:
        # Without bytes there is nothing to keep, and nothing to know again.
        study = make_study(tmp_path)
        deliver(study, "S01", BAD, content)
        assert land(study).deliveries[0].codes == (code,)
        return
    landed = land_beside_a_good_file(make_study(tmp_path), content, capfd, caplog)
    assert (landed.receipt.outcome, landed.receipt.codes) == ("refused", (code,))


def test_the_byte_of_a_wrong_encoding_the_line_of_a_wrong_quote_and_the_row_that_is_ragged_are_named(
    tmp_path: Path,
) -> None:
    study = make_study(tmp_path)
    wrong = {
        "scores_2026-02-01.csv": (GOOD.encode().replace(b"002", b"\xe9\xe8\xff"), f"at byte {GOOD.index('002')}."),
        "scores_2026-02-02.csv": (scores_file(scores_row(), scores_row(note='a"b')).encode(), "Line 3."),
        "scores_2026-02-03.csv": ((GOOD + scores_row("003") + ",x\n").encode(), "First: row 3."),
        "scores_2026-02-04.csv": (GOOD.replace("002", "0\0002").encode(), f"First at byte {GOOD.index('002') + 1}."),
    }
    for file, (content, _) in wrong.items():
        deliver(study, "S01", file, content)
    for receipt in land(study).deliveries:
        assert receipt.detail.endswith(wrong[receipt.file][1])


# Rows that are set aside where the others land: content, and (row, column, code).
SET_ASIDE: list[tuple[str, str, list[tuple[int, str | None, str]]]] = [
    (
        "an empty line in the middle",
        scores_file(scores_row("001"), "", scores_row("002")),
        [(2, "id", "Q_KEY"), (2, "visit", "Q_KEY")],
    ),
    ("empty lines at the end", GOOD + "\n", [(3, "id", "Q_KEY"), (3, "visit", "Q_KEY")]),
    ("a row of nothing", GOOD + "," * 15 + "\n", [(3, "id", "Q_KEY"), (3, "visit", "Q_KEY")]),
    ("a totals row", GOOD + f"Total,,,{','.join(['6'] * 10)},60,3.0,\n", [(3, "visit", "Q_KEY")]),
    ("the header again", scores_file(scores_row("001"), SCORES_HEADER), [(2, None, "Q_HEADER_ROW")]),
    (
        "the header again, quoted",
        scores_file(scores_row(), '"' + SCORES_HEADER.replace(",", '","') + '"'),
        [(2, None, "Q_HEADER_ROW")],
    ),
    (
        "a field of 8 MB",
        scores_file(scores_row(), scores_row("002", note="x" * 8_000_000)),
        [(2, "note", "Q_FIELD_SIZE")],
    ),
    (
        "a field of 20 MiB with line ends",
        scores_file(scores_row("001", note='"' + f"{C}\n" * (2 << 20) + '"'), scores_row("002")),
        [(1, "note", "Q_FIELD_SIZE")],
    ),
    (
        "a byte order mark in the middle",
        scores_file(scores_row(), "\ufeff" + scores_row()),
        [(2, "id", "Q_ID_CHARSET")],
    ),
]


@pytest.mark.parametrize(("content", "aside"), [case[1:] for case in SET_ASIDE], ids=[case[0] for case in SET_ASIDE])
def test_a_row_that_is_none_is_set_aside_with_its_number(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    content: str,
    aside: list[tuple[int, str | None, str]],
) -> None:
    landed = land_beside_a_good_file(make_study(tmp_path), content, capfd, caplog)
    assert (landed.receipt.outcome, landed.quarantine) == ("warned", aside)


def test_a_field_of_exactly_the_largest_size_lands(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(
        study, "S01", BAD, scores_file(scores_row(note="x" * (1 << 20)), scores_row("002", note="x" * (1 << 20) + "y"))
    )
    (receipt,) = land(study).deliveries
    assert (receipt.rows_accepted, receipt.codes) == (1, ("Q_FIELD_SIZE",))


@pytest.mark.parametrize("names", [("visit", "day"), ("total", "crp"), ("madrs_01", "crp")])
def test_headers_swapped_against_the_data_are_found_by_type_and_range(tmp_path: Path, names: tuple[str, str]) -> None:
    first, second = names
    header = SCORES_HEADER.replace(first, "?").replace(second, first).replace("?", second)
    study = make_study(tmp_path)
    deliver(study, "S01", BAD, "\n".join([header, scores_row(crp="2.5"), scores_row("002", crp="0.5"), ""]))
    (receipt,) = land(study).deliveries
    assert (receipt.outcome, receipt.codes) == ("refused", ("F_QUARANTINE_SHARE",))


ACCEPTED = [
    ("a byte order mark", "\ufeff" + GOOD, ("W_BOM",)),
    ("carriage returns", GOOD.replace("\n", "\r\n"), ()),
    ("mixed line ends", GOOD.replace("\n", "\r\n", 1), ()),
    ("carriage returns alone", GOOD.replace("\n", "\r"), ()),
    ("every field in quotes", '"' + GOOD.replace(",", '","').replace("\n", '"\n"').removesuffix('"'), ()),
    ("a doubled quote, a line end and a delimiter in quotes", GOOD.replace("1.5,\n", '1.5,"a ""b"",\r\n c"\n'), ()),
    ("other line ends of Unicode in a field", GOOD.replace("1.5,\n", "1.5,a\u2028b\x85c\x0bd\n"), ()),
    ("a formula", GOOD.replace("1.5,\n", '1.5,"=HYPERLINK(""http:evil"")"\n'), ()),
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


@pytest.mark.parametrize(("declared", "encoding"), [("latin-1", "latin-1"), ("cp1252", "cp1252"), ("utf-16", "utf-16")])
def test_a_declared_encoding_delimiter_and_decimal_mark_are_read(tmp_path: Path, declared: str, encoding: str) -> None:
    form = f"{{type: delimited, delimiter: ';', decimal: ',', encoding: {declared}, missing: [\"\", \"NA\"]}}"
    study = make_study(tmp_path, STUDY_FILE.replace('{type: delimited, missing: ["", "NA"]}', form))
    content = GOOD.replace(",", ";").replace("1.5;", "1,5;é")
    deliver(study, "S01", "scores_2026-02-01.csv", content.encode(encoding))
    (receipt,) = land(study).deliveries
    assert (receipt.outcome, receipt.rows_accepted, receipt.codes) == ("accepted", 2, ())
