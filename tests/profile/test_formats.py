"""Every format that landing reads is proposed from a sample, with what the file says of its own columns."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from pipelines.core.errors import InputRefusedError
from pipelines.profile import Proposal, profile
from tests.small_workbook import packed, parts, row, value

Columns = dict[str, Any]
CSV = b"id,visit,madrs\n1,BL,30\n1,W4,12\n2,BL,28\n"


def one(path: Path) -> Proposal:
    """Returns the one entry that is proposed for a sample."""
    (proposal,) = profile(path)
    return proposal


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def xpt(path: Path, columns: Columns, *labels: str) -> Path:
    shown: list[str | None] = [*labels, *[""] * (len(columns) - len(labels))]
    pyreadstat.write_xport(pd.DataFrame(columns), str(path), column_labels=shown)
    return path


def test_a_sas_transport_file_gives_names_labels_and_formats(tmp_path: Path) -> None:
    columns = {"SUBJ": ["1", "2", "2"], "SCORE": [30.0, 20.0, 10.0]}
    proposal = one(xpt(tmp_path / "s_2026-06-30.xpt", columns, "Subject", "MADRS total score"))
    assert proposal.entry == {
        "file": "s_{date}.xpt",
        "format": {"type": "xpt", "encoding": "utf-8"},
        "columns": {
            "SUBJ": {"class": "pseudonym", "to": "subject"},
            "SCORE": {"type": "integer", "to": "qs.MADRS.total"},
        },
    }
    assert "SCORE: {type: integer, to: qs.MADRS.total}  # MADRS total score" in proposal.yaml()


def test_text_that_is_not_utf8_is_read_as_cp1252_and_said(tmp_path: Path) -> None:
    path = xpt(tmp_path / "s.xpt", {"SUBJ": ["1", "2"], "NOTE": ["one Za thing", "another Za"]})
    path.write_bytes(path.read_bytes().replace(b"Za", b"Z\xfc"))
    proposal = one(path)
    assert proposal.entry["format"] == {"type": "xpt", "encoding": "cp1252"}
    assert any("cp1252" in remark for remark in proposal.look_at)


def test_parquet_gives_labels_of_its_columns(tmp_path: Path) -> None:
    fields = [
        pa.field("participant", pa.string()),
        pa.field("seen_on", pa.date32(), metadata={"label": "Day of assessment"}),
    ]
    days = pa.array(["2026-01-05", "2026-01-06"]).cast(pa.date32())
    pq.write_table(pa.table([pa.array(["a", "b"]), days], schema=pa.schema(fields)), tmp_path / "x.parquet")
    proposal = one(tmp_path / "x.parquet")
    assert proposal.entry["format"] == {"type": "parquet"}
    assert proposal.columns["seen_on"] == {"type": "date", "to": "date"}
    assert proposal.comments == {"seen_on": "Day of assessment"}


def dataset_json(rows: list[list[str | None]], names: dict[str, str], dataset: str = "QX") -> dict[str, Any]:
    columns = [{"itemOID": name, "name": name, "label": label, "dataType": "string"} for name, label in names.items()]
    head = {"datasetJSONVersion": "1.1.0", "records": len(rows), "name": dataset, "label": "A data set"}
    return head | {"columns": columns, "rows": rows}


@pytest.mark.parametrize("kind", ["json", "ndjson", "dsjc"])
def test_dataset_json_in_its_three_forms_gives_the_same_proposal(tmp_path: Path, kind: str) -> None:
    document = dataset_json([["1", "3"], ["2", None]], {"SUBJID": "Subject", "PHQ9_1": "Item 1"})
    lines = [{key: part for key, part in document.items() if key != "rows"}, *document["rows"]]
    ndjson = "".join(json.dumps(line) + "\n" for line in lines).encode()
    content = {"json": json.dumps(document).encode(), "ndjson": ndjson, "dsjc": gzip.compress(ndjson, mtime=0)}[kind]
    proposal = one(written(tmp_path / f"x.{kind}", content))
    assert proposal.entry["format"] == {"type": "dataset_json"}
    assert proposal.columns["PHQ9_1"] == {"type": "integer", "to": "qs.PHQ9.01"}
    assert proposal.comments == {"SUBJID": "Subject", "PHQ9_1": "Item 1"}


def test_a_sheet_is_proposed_with_the_row_of_its_header(tmp_path: Path) -> None:
    cells = (
        row(1, "Scores of site 1")
        + row(3, "subject", "visit", "madrs")
        + row(4, "001", "BL", value("30"))
        + row(5, "001", "W1", value("20"))
    )
    proposal = one(written(tmp_path / "x.xlsx", packed(parts(cells, sheet="Scores"))))
    assert proposal.entry["format"] == {"type": "xlsx", "sheet": "Scores", "header_row": 3}
    assert list(proposal.columns) == ["subject", "visit", "madrs"]
    assert any("row 3" in remark for remark in proposal.look_at)


def test_odm_gives_the_keys_in_use_and_every_item(tmp_path: Path) -> None:
    rows = "".join(
        f'<SubjectData SubjectKey="{subject}"><StudyEventData StudyEventOID="SE.{visit}"><FormData FormOID="F">'
        f'<ItemGroupData ItemGroupOID="IG"><ItemData ItemOID="IT.MADRS" Value="{score}"/></ItemGroupData>'
        "</FormData></StudyEventData></SubjectData>"
        for subject, visit, score in (("01", "BL", 30), ("01", "W1", 20), ("02", "BL", 31))
    )
    content = f'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><ClinicalData>{rows}</ClinicalData></ODM>'
    proposal = one(written(tmp_path / "x.xml", content.encode()))
    assert proposal.entry["format"] == {"type": "odm"}
    assert proposal.columns["SubjectKey"] == {"class": "pseudonym", "to": "subject"}
    assert proposal.columns["StudyEventOID"] == {"to": "visit", "required": True, "codes": ["SE.BL", "SE.W1"]}
    assert proposal.columns["IT.MADRS"] == {"type": "integer", "to": "qs.MADRS.total"}
    assert "SiteOID" not in proposal.columns


def zipped(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "file"),
    [
        ("s_2026-06-30.csv.gz", gzip.compress(CSV, mtime=0), "s_{date}.csv"),
        ("s_2026-06-30.zip", zipped("s_2026-06-30.csv", CSV), "s_{date}.csv"),
        ("s_2026-06-30.csv.zip", zipped("s_2026-06-30.csv", CSV), "s_{date}.csv"),
        ("all.zip", zipped("scores.csv", CSV), "all.zip"),
    ],
)
def test_a_packed_sample_is_proposed_under_the_name_that_the_layout_gives_it(
    tmp_path: Path, name: str, content: bytes, file: str
) -> None:
    proposal = one(written(tmp_path / name, content))
    assert proposal.entry["file"] == file
    assert proposal.columns["madrs"] == {"type": "integer", "to": "qs.MADRS.total"}


def sdtm(domain: str, **columns: list[object]) -> Columns:
    rows = len(next(iter(columns.values())))
    return {"STUDYID": ["ST"] * rows, "DOMAIN": [domain] * rows, **columns}


def test_a_file_that_is_sdtm_is_proposed_as_its_domain(tmp_path: Path) -> None:
    columns = sdtm(
        "QS", USUBJID=["ST-1", "ST-1"], QSTESTCD=["A", "B"], VISITNUM=[1.0, 2.0], VISIT=["BASELINE", "WEEK 4"]
    )
    proposal = one(xpt(tmp_path / "qsma.xpt", columns))
    assert proposal.entry == {"file": "qsma.xpt", "format": {"type": "xpt", "encoding": "utf-8"}, "sdtm": "qsma"}
    assert [(visit.visit, visit.visitnum) for visit in proposal.visits] == [("BASELINE", 1), ("WEEK-4", 2)]


def test_a_data_set_of_sdtm_that_cannot_land_is_refused_by_its_name(tmp_path: Path) -> None:
    columns = sdtm("ZZ", USUBJID=["ST-1", "ST-1"])
    with pytest.raises(InputRefusedError, match="ZZ"):
        profile(xpt(tmp_path / "zz.xpt", columns))


REFUSED = {
    "x.xpt": (b"HEADER RECORD*******LIBRARY HEADER", "F_XPT_HEADER"),
    "x.parquet": (b"PAR1 and no footer", "F_TRUNCATED"),
    "x.json": (b'{"a": 1}', "F_JSON"),
    "x.xlsx": (b"PK\x03\x04 and no zip", "F_"),
    "x.xml": (b"<a/>", "F_MAGIC"),
    "x.gz": (b"no gzip", "F_MAGIC"),
    "x.csv": (b"\n", "F_EMPTY"),
    "x.txt": (b"one line without any delimiter\nand another\n", "F_DIALECT"),
    "y.html": (b"<!DOCTYPE html><html></html>", "F_MAGIC"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_landing_would_refuse_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    content, code = REFUSED[name]
    with pytest.raises(InputRefusedError, match=code):
        profile(written(tmp_path / name, content))


def test_a_sample_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(rooms))
    one(written(tmp_path / "x.csv", CSV))
    assert list(rooms.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir() if path != rooms] == ["x.csv"]


def test_every_real_file_gives_a_proposal_or_a_reason(shared_data: Path) -> None:
    folders = ("claus_2020", "dia_antidepressant", "beat_the_blues", "nimh_ketamine")
    outcomes = {path.name: outcome(path) for folder in folders for path in sorted((shared_data / folder).iterdir())}
    assert {name for name, code in outcomes.items() if code == "proposed"} == {
        *("claus-2020.xlsx", "claus_2020.csv", "chapter15_example.sas7bdat", "antidepressant_data.csv"),
        *("BtheB.csv", "participants.tsv", "phenotype.tsv"),
    }
    assert {code for code in outcomes.values() if code != "proposed"} <= {"F_JSON", "F_RAGGED", "F_DIALECT"}


def outcome(path: Path) -> str:
    try:
        profile(path)
    except InputRefusedError as refusal:
        return str(refusal).split(": ")[1]
    return "proposed"
