"""How many rows a refused file has: by its reader, by its lines, or not to be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cut import cut_inputs
from pipelines.land import land
from tests.small_study import SCORES_HEADER, deliver, make_study, scores_file, scores_row

THREE = [scores_row(subject) for subject in ("001", "002", "003")]
UNDECLARED = "\n".join([f"{SCORES_HEADER},more", *(f"{row},x" for row in THREE), ""])


@pytest.mark.parametrize(
    ("content", "code", "rows"),
    [
        # Read, and refused for what is in it: 3 of 3 rows would be set aside.
        (scores_file(*(row.replace(",BL,", ",XX,") for row in THREE)), "F_QUARANTINE_SHARE", 3),
        # Refused before its rows are read, for its header.
        (UNDECLARED, "F_CONTRACT", 3),
        # The last line has no end, and is a line.
        (scores_file(*THREE).rstrip("\n"), "F_TRUNCATED", 3),
        (scores_file(*THREE).replace("001", "0\0001"), "F_NUL", None),
        ("", "F_EMPTY", None),
    ],
)
def test_a_refused_file_tells_its_rows_where_it_can_be_read(
    tmp_path: Path, content: str, code: str, rows: int | None
) -> None:
    study = make_study(tmp_path / "small")
    deliver(study, "S01", "subjects_2026-02-01.csv", "id,age,consent,dose_date\n001,40,2026-01-02,2026-01-05\n")
    deliver(study, "S01", "scores_2026-02-01.csv", content)
    (receipt,) = [one for one in land(study).deliveries if one.outcome == "refused"]
    assert (receipt.codes, receipt.rows_refused, receipt.rows_in) == ((code,), rows, 0)
    listed = {one["file"]: one["rows_refused"] for one in cut_inputs(study).document["deliveries"]}
    assert listed.pop("subjects_2026-02-01.csv") is None
    assert set(listed.values()) <= {rows}
