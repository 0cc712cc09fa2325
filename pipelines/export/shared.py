"""Rows that may be shared: study days for dates, ages up to 90, coded keys; text only where it is of a list.

Rule    a text column is shared when it is named here, so that a new one is withheld until somebody has looked at it
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping

import pyarrow as pa

from pipelines.core.files import fsync_directory
from pipelines.study import Study

OLDEST = 90
# Codes, labels of the study file and rules in words; never what somebody typed at a site.
SHARED_TEXT = frozenset(
    {
        "studyid", "trta", "trt01p", "trt01a", "trtseqp", "paramcd", "param", "avisit", "atpt", "basetype", "avalcat1",
        "avalu", "dtype", "total_source", "missing_reason", "ablfl", "anl01fl", "adtf", "astdtf", "aendtf", "country",
        "sex", "dx", "protocol_version", "eosstt", "dcsreas", "enrlfl", "randfl", "saffl", "analysfl", "alert",
        "alertfl", "change_alert", "change_alertfl", "blqfl", "alqfl", "kind", "assessor", "guess", "correctfl",
        "endpoint", "evntdesc", "cnsdtdsc", "maintfl", "phase", "dose_deviation_fl", "stopped_early_fl", "estimand",
        "crit1", "crit2", "crit1fl", "crit2fl", "missing_rule", "srcvisit", "visit", "redosedfl", "landmark",
        "retainfl", "rule", "section", "after_first_dose_fl", "reason", "prtrt", "attendedfl", "integration_window_fl",
        "aedecod", "aebodsys", "aesev", "aeser", "aerel", "aeout", "aesi", "emergent_reason", "trtemfl",
        "treatment_unblinded_fl",
    }
)  # fmt: skip
# Keys that lead to a person or a place; each is coded with a key in the vault.
CODED = {"usubjid": "P", "siteid": "S", "therapist": "T"}


def shared_rows(table: pa.Table, day_one: Mapping[str, int], key: bytes) -> tuple[pa.Table, tuple[str, ...]]:
    """Returns a table as it may be shared, and the names of the columns that are withheld.

    Args:
        table: rows of subjects; a date becomes `<name>_day`, its study day (day 1 is day one itself; no day 0).
        day_one: by subject the day that is day 1, in days since 1970.
        key: what subjects, sites and therapists are coded with.
    """
    subjects = table["usubjid"].to_pylist()
    columns: dict[str, pa.Array] = {}
    withheld = []
    for name in table.column_names:
        column = table[name]
        if name in CODED:
            columns[name] = pa.array([_coded(key, CODED[name], value) for value in column.to_pylist()], pa.string())
        elif pa.types.is_date(column.type):
            days = [None if day is None else day.toordinal() - _EPOCH for day in column.to_pylist()]
            pairs = zip(days, subjects, strict=True)
            columns[f"{name}_day"] = pa.array([_study_day(day, day_one.get(who)) for day, who in pairs], pa.int32())
        elif name == "age":
            columns[name] = pa.array(
                [None if age is None else min(age, OLDEST) for age in column.to_pylist()], column.type
            )
        elif name == "srcseq" or not (_is_number(column.type) or name in SHARED_TEXT):
            withheld.append(name)
        else:
            columns[name] = column
    made = pa.table(columns)
    return made.sort_by([(name, "ascending") for name in made.column_names]), tuple(withheld)


def export_key(study: Study) -> bytes:
    """Returns the key that shared codes are made with: the vault's own, made at the first export."""
    path = study.folder.vault / "export.key"
    study.folder.vault.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        fsync_directory(path.parent)
    return path.read_bytes()


_EPOCH = 719163


def _coded(key: bytes, kind: str, value: str | None) -> str | None:
    if value is None:
        return None
    return f"{kind}-{hmac.new(key, f'{kind}|{value}'.encode(), hashlib.sha256).hexdigest()[:12]}"


def _study_day(day: int | None, first: int | None) -> int | None:
    if day is None or first is None:
        return None
    return day - first + 1 if day >= first else day - first


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
