"""What landing says about a delivery: its receipt, and the reason codes it may carry.

Rule    a reason names file, row, column and what to do; it never holds a value
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["accepted", "warned", "refused", "held"]

# One sentence for each reason code, as a site would understand it. F_ refuses the file, H_ halts
# the study, Q_ sets a row aside, W_ warns.
REASONS = {
    "F_ARCHIVE": "The archive is damaged.",
    "F_ARCHIVE_DEPTH": "The archive holds another archive.",
    "F_BOMB": "The content unpacks to more than is allowed.",
    "F_CONTRACT": "The columns differ from what the study file declares.",
    "F_CROSS_SITE_DUP": "The same content was delivered by another site.",
    "F_DEPTH": "Its elements are nested more than 64 deep.",
    "F_DIALECT": "The delimiter is not the declared one.",
    "F_DTD": "The XML brings a document type or entities of its own.",
    "F_EMPTY": "The file is empty.",
    "F_ENCODING": "The text is not in the declared encoding.",
    "F_ENCRYPTED": "The file is encrypted.",
    "F_FILE_UNKNOWN": "No export of the site's layout has this file name.",
    "F_HASH": "The content does not match its checksum.",
    "F_HEADER": "Two columns have the same name, or a column has none.",
    "F_JSON": "The JSON is damaged, or is not as Dataset-JSON 1.1 asks.",
    "F_MACRO": "The workbook holds macros.",
    "F_MAGIC": "The content is not what the file name says.",
    "F_MERGED": "The sheet has merged cells.",
    "F_NAME": "The file name holds a character that is not allowed.",
    "F_NOT_REGULAR": "This is a link, a folder or a device, not a file.",
    "F_NO_CLINICAL_DATA": "The ODM file holds no clinical data.",
    "F_NO_SIDECAR": "The sidecar that states what the file holds is not there.",
    "F_NUL": "The text holds a NUL byte.",
    "F_PARSE": "The file cannot be read in its format.",
    "F_PERMISSION": "The file may not be read.",
    "F_PII": "A column is named like an identifier of a person.",
    "F_PII_TEXT": "The text of a column holds identifiers of persons.",
    "F_QUARANTINE_SHARE": "More rows than the study allows would be set aside.",
    "F_QUOTE": "A quotation mark does not enclose a whole field, or is never closed.",
    "F_RAGGED": "A row has more or fewer fields than the header.",
    "F_ROWCOUNT": "The number of rows is not the one that the delivery states.",
    "F_SIDECAR": "The sidecar states nothing that can be read.",
    "F_SITE_ID": "This lies in the inbox under no site of the study file.",
    "F_TIMEOUT": "To read the file took longer than is allowed.",
    "F_TOO_WIDE": "It has more columns than an export can have, or a cell far away from the others.",
    "F_TRAILING": "Bytes follow the last record.",
    "F_TRUNCATED": "The file ends in the middle of a record.",
    "F_UNSTABLE": "The file changed while it was read; it is tried again at the next run.",
    "F_XPT_HEADER": "This is no SAS transport file of version 5 or 8.",
    "F_ZIP_CONTENT": "The zip holds something other than the one file that the layout names.",
    "F_ZIP_DUP": "Two files in the zip have the same name.",
    "F_ZIP_LINK": "The zip holds a link.",
    "F_ZIP_PATH": "A name in the zip leads out of its folder.",
    "H_CONFIG": "The study file was changed after a signed cut was published, and nobody has signed the change.",
    "H_KEY": "The key of the study's pseudonyms is missing or was changed.",
    "H_UNBLIND": "This tells the arm in a blinded study; no cut is made or published until it is put right.",
    "Q_CODE": "The code is none of those the study file declares.",
    "Q_DATE": "This is no date of the calendar in ISO 8601.",
    "Q_DATE_AMBIGUOUS": "The order of day and month is not declared.",
    "Q_DATE_RANGE": "The date lies after the day of the export, before 1900 or after 2100.",
    "Q_DUP": "The same record stands twice with different values; both are set aside.",
    "Q_FIELD_SIZE": "The field holds more than 1 MiB.",
    "Q_FK": "The visit or site is not one of the study's.",
    "Q_FORMULA": "A formula was saved without its value.",
    "Q_HEADER_ROW": "The header is repeated among the rows.",
    "Q_ID_CASE": "The same key stands in the file in capitals and in small letters; all its rows are set aside.",
    "Q_ID_CHARSET": "The key holds a character other than letters, digits and . _ - /",
    "Q_KEY": "The key of the row is missing.",
    "Q_MISSING": "A required value is missing.",
    "Q_NUMBER": "This is no number as declared.",
    "Q_RANGE": "The value lies outside the allowed range.",
    "Q_SUBJECT_SITE": "The subject stands in the file under two sites; all its rows are set aside.",
    "Q_TYPE": "A whole number is expected.",
    "Q_UNIT": "The unit is not one the study file declares for this test.",
    "W_BOM": "The file starts with a byte order mark.",
    "W_DUP": "The same record stands twice with the same values; it counts once.",
    "W_LOGIC": "What is recorded cannot have happened: a dose after screen failure, data after withdrawal or death.",
    "W_NO_ROWS": "The file has a header and no rows.",
    "W_NO_SIDECAR": "No sidecar states what the file holds.",
    "W_ORDER": "It is dated before the subject gave consent.",
    "W_OUT_OF_ORDER": "A newer export arrived before this one; the newer one stays current.",
    "W_SUM": "A collected total is not the sum of its items.",
}


Difference = Literal["added", "removed", "renamed", "retyped", "code_unknown", "out_of_range"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference: what the contract expects, what was found, and in how many rows (None: it is of the header)."""

    change: Difference
    column: str
    expected: str
    found: str
    rows: int | None = None


class RefusedError(Exception):
    """A file cannot be landed; `code` is its reason, `detail` says where, `drift` how it differs, without values."""

    def __init__(self, code: str, detail: str = "", drift: tuple[Change, ...] = ()) -> None:
        super().__init__(f"{code}: {REASONS[code]} {detail}".rstrip())
        self.code = code
        self.detail = detail
        self.drift = drift
        # How many rows the file has, where it could be read.
        self.rows: int | None = None


class HeldError(RefusedError):
    """A file would unblind the study: it is not landed, and the study stops until it is put right."""


@dataclass(frozen=True, kw_only=True)
class DeliveryReceipt:
    """What became of one delivered file.

    `rows_refused`: of a refused or held file, how many rows it has, by its reader or else by the lines of a text file;
    None where it could not be read, and of a file that landed.
    """

    site: str
    file: str
    sha256: str
    outcome: Outcome
    codes: tuple[str, ...]
    detail: str
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    landing_key: str
    layout_file: str
    delivered_on: str
    new: bool
    drift: tuple[Change, ...] = ()
    rows_refused: int | None = None


@dataclass(frozen=True, kw_only=True)
class LandReceipt:
    """What landing found in the inbox."""

    deliveries: tuple[DeliveryReceipt, ...]
    ignored: tuple[str, ...]

    @property
    def new(self) -> tuple[DeliveryReceipt, ...]:
        """Deliveries that were not known before this run."""
        return tuple(delivery for delivery in self.deliveries if delivery.new)

    @property
    def refused(self) -> tuple[DeliveryReceipt, ...]:
        """Deliveries that were refused."""
        return tuple(delivery for delivery in self.deliveries if delivery.outcome == "refused")

    @property
    def held(self) -> tuple[DeliveryReceipt, ...]:
        """Deliveries that hold the study up."""
        return tuple(delivery for delivery in self.deliveries if delivery.outcome == "held")
