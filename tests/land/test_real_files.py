"""Every file of many makes, odd and broken ones among them, gives rows or a reason code: no traceback, no hang."""

from __future__ import annotations

from pathlib import Path

import pyreadstat
import pytest
from lxml import etree

from pipelines.land import DeliveryReceipt, land
from pipelines.land.receipts import REASONS
from tests.real_files import real_files
from tests.small_study import STUDY_FILE, deliver, make_study

FILES = [
    path
    for source in ("parser_files", "odm")
    for path in sorted(real_files(source).rglob("*"))
    if path.is_file() and not path.name.startswith("LICENSE")
]
# What is no clinical data in ODM of version 1, or names no variable, gives its reason; all others give rows.
REFUSED = {
    "Columbia-Suicide_Severity_Scale_ODMv2.xml": "F_MAGIC",
    "test_odm_001.xml": "F_MAGIC",
    "zero_variables.sas7bdat": "F_PARSE",
}
# It holds dates of birth, and the layout made here does not drop them.
IDENTIFYING = {"dm.xml": "F_PII"}


def names(path: Path) -> list[str]:
    """Returns the columns that a layout of this file declares; an ODM file has its keys and items."""
    if path.name in REFUSED:
        return ["any"]
    if path.suffix == ".xml":
        items = {element.get("ItemOID") for _, element in etree.iterparse(str(path)) if "ItemOID" in element.attrib}
        keys = ["SubjectKey", "StudyEventOID", "StudyEventRepeatKey", "FormOID", "FormRepeatKey", "ItemGroupOID"]
        return [*keys, "ItemGroupRepeatKey", "TransactionType", *sorted(items)]
    read = pyreadstat.read_sas7bdat if path.suffix == ".sas7bdat" else pyreadstat.read_xport
    return list(read(str(path), metadataonly=True)[1].column_names)


def layout_entry(path: Path) -> str:
    kind = {".xml": "odm", ".sas7bdat": "sas7bdat"}.get(path.suffix, "xpt")
    first, *others = names(path)
    columns = "".join(f"        {name!r}: {{}}\n" for name in others)
    return f"""
    - file: {delivered_name(path)}
      format: {{type: {kind}}}
      columns:
        {first!r}: {{class: pseudonym, to: subject}}
{columns}"""


def delivered_name(path: Path) -> str:
    return f"{FILES.index(path):02d}_{path.name}"


@pytest.fixture(scope="module")
def receipts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DeliveryReceipt]:
    """Returns what became of each file; all are landed by one run, side by side."""
    layout = "layouts:\n  edc:" + "".join(map(layout_entry, FILES))
    text = STUDY_FILE.replace("quarantine_limit_pct: 60", "quarantine_limit_pct: 100")
    study = make_study(tmp_path_factory.mktemp("study"), text.replace("layouts:\n  edc:\n", layout))
    for path in FILES:
        deliver(study, "S01", delivered_name(path), path.read_bytes())
    return {receipt.file: receipt for receipt in land(study, workers=2).deliveries}


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_real_file_gives_rows_or_a_reason(receipts: dict[str, DeliveryReceipt], path: Path) -> None:
    receipt = receipts[delivered_name(path)]
    assert set(receipt.codes) <= set(REASONS)
    assert receipt.rows_in == receipt.rows_accepted + receipt.rows_quarantined
    if receipt.outcome == "refused":
        expected = REFUSED | IDENTIFYING
        assert receipt.codes == (expected.get(path.name, "F_NO_CLINICAL_DATA" if path.suffix == ".xml" else None),)
    else:
        assert path.name not in REFUSED
        if path.suffix != ".xml":
            read = pyreadstat.read_sas7bdat if path.suffix == ".sas7bdat" else pyreadstat.read_xport
            assert receipt.rows_in == len(read(str(path))[0])


def test_the_folder_of_real_files_is_whole(shared_data: Path) -> None:
    assert len(FILES) >= 66
