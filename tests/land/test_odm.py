"""Clinical data in ODM-XML lands as rows with the keys of where it was collected; hostile XML is refused unread."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from lxml import etree

from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

KEYS = ["SiteOID", "StudyEventRepeatKey", "FormOID", "FormRepeatKey", "ItemGroupOID", "ItemGroupRepeatKey"]
STUDY = STUDY_FILE.replace(
    "layouts:\n  edc:\n",
    """layouts:
  edc:
    - file: edc_{date}.xml
      format: {type: odm}
      columns:
        SubjectKey: {class: pseudonym, to: subject, required: true}
        StudyEventOID: {to: visit, codes: {SE.BL: BL, SE.D2: D2}}
        TransactionType: {}
        IT.TOTAL: {type: integer, to: qs.MADRS.total}
        IT.NOTE: {class: free_text}
"""
    + "".join(f"        {key}: {{}}\n" for key in KEYS),
)
FILE = "edc_2026-02-01.xml"
GROUP = '<ItemGroupData ItemGroupOID="IG" {0}>{1}</ItemGroupData>'
ITEM = '<ItemData ItemOID="{0}" Value="{1}"/>'


def odm(subjects: str, *, before: str = "", root: str = "ODM", version: str = "1.3") -> str:
    """Returns an ODM file; a quotation mark of a value is the caller's to escape."""
    head = f'<?xml version="1.0"?>{before}<{root} xmlns="http://www.cdisc.org/ns/odm/v{version}" FileType="Snapshot">'
    return f'{head}<ClinicalData StudyOID="S" MetaDataVersionOID="1">{subjects}</ClinicalData></{root}>'


def subject(key: str, groups: str, event: str = "SE.BL", attributes: str = "", site: str = "") -> str:
    """Returns one subject with one form of `groups`."""
    return (
        f'<SubjectData SubjectKey="{key}" {attributes}>{site}<StudyEventData StudyEventOID="{event}" '
        f'StudyEventRepeatKey="1"><FormData FormOID="F">{groups}</FormData></StudyEventData></SubjectData>'
    )


def landed(folder: Path, content: str | bytes) -> tuple[Study, DeliveryReceipt]:
    study = make_study(folder, STUDY)
    deliver(study, "S01", FILE, content)
    (receipt,) = land(study).deliveries
    return study, receipt


def rows(study: Study, receipt: DeliveryReceipt, columns: str) -> list[tuple[object, ...]]:
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    return duckdb.execute(f"select {columns} from '{directory}/text.parquet' order by _source_row").fetchall()


def test_each_item_group_is_a_row_with_its_keys(tmp_path: Path) -> None:
    first = GROUP.format('ItemGroupRepeatKey="1"', ITEM.format("IT.TOTAL", "30") + ITEM.format("IT.NOTE", "a &lt; b"))
    typed = '<ItemDataInteger ItemOID="IT.TOTAL">12</ItemDataInteger><ItemDataString ItemOID="IT.NOTE" IsNull="Yes"/>'
    site = '<SiteRef LocationOID="LOC.1"/>'
    content = odm(subject("001", first, site=site) + subject("002", GROUP.format("", typed), event="SE.D2"))
    study, receipt = landed(tmp_path, content)
    assert (receipt.outcome, receipt.rows_in, receipt.rows_accepted) == ("accepted", 2, 2)
    columns = 'SubjectKey, SiteOID, StudyEventOID, ItemGroupRepeatKey, "IT.TOTAL", "IT.NOTE"'
    assert rows(study, receipt, columns) == [
        ("001", "LOC.1", "SE.BL", "1", "30", "a < b"),
        ("002", "", "SE.D2", "", "12", ""),
    ]


@pytest.mark.parametrize("at", ["group", "subject", "subject alone"])
def test_remove_is_a_value_that_is_kept_and_deletes_nothing(tmp_path: Path, at: str) -> None:
    group = GROUP.format('TransactionType="Remove"' if at == "group" else "", ITEM.format("IT.TOTAL", "30"))
    removed = 'TransactionType="Remove"'
    content = {
        "group": subject("001", group),
        "subject": subject("001", group, attributes=removed),
        "subject alone": f'<SubjectData SubjectKey="001" {removed}/>',
    }[at]
    study, receipt = landed(tmp_path, odm(content + subject("002", GROUP.format("", ""))))
    assert rows(study, receipt, "SubjectKey, TransactionType") == [("001", "Remove"), ("002", "")]


def test_what_the_layout_does_not_name_refuses_the_file(tmp_path: Path) -> None:
    _, receipt = landed(tmp_path, odm(subject("001", GROUP.format("", ITEM.format("IT.DOB", "1970-01-01")))))
    assert (receipt.codes, "IT.DOB" in receipt.detail, "1970" in receipt.detail) == (("F_CONTRACT",), True, False)


def nested(depth: int) -> str:
    return odm("<Annotation>" * depth + "</Annotation>" * depth)


SUBJECT = subject("001", GROUP.format("", ITEM.format("IT.TOTAL", "30")))
LAUGHS = '<!DOCTYPE ODM [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>'
OURS = '<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
REFUSED: list[tuple[str, str | bytes, str]] = [
    ("a document type", odm(SUBJECT, before="<!DOCTYPE ODM>"), "F_DTD"),
    ("an entity", odm(SUBJECT.replace("30", "&c;"), before=LAUGHS), "F_DTD"),
    ("an entity in the root", odm(SUBJECT, before=LAUGHS).replace("Snapshot", "&c;"), "F_DTD"),
    ("a file of ours as an entity", odm("&x;", before=OURS), "F_DTD"),
    ("a document type from the net", odm(SUBJECT, before='<!DOCTYPE ODM SYSTEM "http://127.0.0.1:9/x.dtd">'), "F_DTD"),
    ("a document type in UTF-16", odm(SUBJECT, before="<!DOCTYPE ODM>").replace("?>", ' encoding="UTF-16"?>', 1)
        .encode("utf-16"), "F_DTD"),
    ("65 levels", nested(63), "F_DEPTH"),
    ("10,000 levels", nested(10_000), "F_DEPTH"),
    ("a cut file", odm(SUBJECT)[:-30], "F_PARSE"),
    ("bytes after the end", odm(SUBJECT) + "<a/>", "F_PARSE"),
    ("an unknown entity", odm(SUBJECT.replace("30", "&nbsp;")), "F_PARSE"),
    ("an item twice", odm(subject("1", GROUP.format("", ITEM.format("IT.TOTAL", "1") * 2))), "F_PARSE"),
    ("another root", odm(SUBJECT, root="html"), "F_MAGIC"),
    ("ODM of version 2", odm(SUBJECT, version="2.0"), "F_MAGIC"),
    ("no clinical data", odm("").replace("ClinicalData", "AdminData"), "F_NO_CLINICAL_DATA"),
    ("a CSV", "a,b\n1,2\n", "F_PARSE"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "code"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_xml_that_is_not_plain_clinical_data_is_refused(tmp_path: Path, content: str | bytes, code: str) -> None:
    _, receipt = landed(tmp_path, content)
    assert (receipt.outcome, receipt.codes) == ("refused", (code,))


# The metadata's file, and how many rows the clinical data has; Dataset-XML goes by the items of a Define-XML.
REAL = {
    "odm-data-snapshot.xml": ("odm-data-snapshot.xml", 60),
    "ae.xml": ("define2-0-0-sdtm-test.xml", 16),
    "ae_test.xml": ("define2-0-0-sdtm-test.xml", 2),
    "dm.xml": ("define2-0-0-sdtm-test.xml", 5),
    "lb.xml": ("define2-0-0-sdtm-test.xml", 83),
}


@pytest.mark.parametrize("name", REAL)
def test_real_clinical_data_lands_with_its_metadata_in_place_of_columns(
    tmp_path: Path, shared_data: Path, name: str
) -> None:
    metadata, count = REAL[name]
    tmp_path.joinpath("m.xml").write_bytes((shared_data / "odm" / metadata).read_bytes())
    own = "IT.USUBJID: {to: usubjid, required: true}, IT.DM.BRTHDTC: {class: drop}" if count != 60 else ""
    entry = f"    - {{file: x.xml, format: {{type: odm}}, metadata: m.xml, columns: {{{own}}}}}\n"
    study = make_study(tmp_path, STUDY_FILE.replace("layouts:\n  edc:\n", f"layouts:\n  edc:\n{entry}"))
    content = (shared_data / "odm" / name).read_bytes()
    deliver(study, "S01", "x.xml", content)
    (receipt,) = land(study).deliveries
    assert (receipt.outcome, receipt.rows_in, receipt.rows_quarantined) == ("accepted", count, 0)
    expected = [
        {item.get("ItemOID"): item.get("Value") for item in group if item.get("ItemOID") != "IT.DM.BRTHDTC"}
        for group in etree.fromstring(content).iter("{http://www.cdisc.org/ns/odm/v1.3}ItemGroupData")
    ]
    path = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "text.parquet"
    found = pq.read_table(path).to_pylist()
    assert [{key: value for key, value in row.items() if key.startswith("IT.") and value} for row in found] == expected


def test_64_levels_are_read(tmp_path: Path) -> None:
    _, receipt = landed(tmp_path, nested(62))
    assert receipt.codes == ("W_NO_ROWS",)
