"""Two made-up trials for the report's tests: a parallel one and a crossover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.cut import Cut
from pipelines.study import Study
from tests.report.cuts import DELIVERY, Row, make_cut

PARALLEL = """
study: PAR-1
title: "{title}"
design: parallel
blinding: open
signoff: {signoff}
simulated: {simulated}
sites:
  S01: {{name: Basel, country: CHE, layout: a}}
  S02: {{name: Lund, country: SWE, layout: a}}
  LAB: {{name: Central laboratory, kind: vendor, layout: a}}
arms:
  KET: {{label: "{label}", role: experimental}}
  MDZ: {{label: Midazolam, role: control}}
visits:
  - {{visit: BL, visitnum: 1, label: Baseline, day: 1, baseline: true}}
  - {{visit: D2, visitnum: 2, label: Day 2, day: 2}}
  - {{visit: W4, visitnum: 3, label: Week 4, day: 29}}
instruments: [MADRS, CADSS]
endpoints:
  instrument: MADRS
  response: {{min_reduction_pct: 50, section: "9.2"}}
  remission: {{max_score: 10, section: "9.3"}}
missing_rules: [observed, nri]
onset:
  - {{paramcd: TTRESP, param: Time to response, rapid: {{by_day: 2}}, kept: {{to_visit: W4}}, section: "9.4"}}
sustained:
  - {{paramcd: SUSRESP, param: Response kept, from_visit: D2, section: "9.4"}}
durability:
  - {{paramcd: TTRELAPS, param: Time to relapse, relapse: {{min_score: 22}}, section: "9.5"}}
biomarkers:
  CRP: {{label: C-reactive protein, unit: mg/L}}
vital_signs:
  SYSBP: {{label: Systolic blood pressure, unit: mmHg, alert_above: 180}}
safety: {{session_peaks: [{{paramcd: CADSS, limit: 4, section: "8.3"}}]}}
layouts:
  a:
    - file: a.csv
      columns: {{id: {{class: pseudonym, to: subject}}, age: {{class: quasi, type: integer, to: dm.age}},
                 madrs: {{type: integer, to: qs.MADRS.total}}}}
"""
CHECKS: list[Row] = [
    {
        "check_id": "adsl-keys", "gate": "curated", "table_name": "adsl", "verdict": "PASS", "severity": "critical",
        "sentence": "Every subject stands in adsl once.", "standard": "ADaM IG 1.3", "expectation": "ExpectCompound",
        "rows_checked": 12, "rows_failed": 0,
    },
    {
        "check_id": "response-flag", "gate": "published", "table_name": "response", "verdict": "PASS_WITH_ROWS",
        "severity": "minor", "sentence": "A flag is Y, N or empty.", "expectation": "ExpectInSet", "rows_checked": 20,
        "rows_failed": 2,
    },
]  # fmt: skip
RELAPSE: Row = {"evntdesc": "RELAPSE BY SCORE"}
FAILING: list[Row] = [{"check_id": "response-flag", "usubjid": "P01", "siteid": "S01", "srcseq": seq} for seq in (4, 5)]
FAILED: Row = {
    **CHECKS[0],
    "check_id": "qs-range",
    "gate": "landed",
    "table_name": "qs",
    "verdict": "FAIL",
    "rows_failed": 3,
}


def parallel(
    root: Path,
    *,
    title: str = "A parallel trial",
    label: str = "Ketamine",
    signoff: str = "none",
    simulated: bool = False,
    reason: str = "the value is outside its range",
    term: str = "Nausea",
    blinded: bool = False,
    blocking: bool = False,
    checks: list[Row] | None = None,
    **tables: list[Row],
) -> tuple[Study, Cut]:
    """Makes a cut of twelve subjects, of whom ten are randomised, five to each arm; keyword tables replace its own."""
    text = PARALLEL.format(title=title, label=label, signoff=signoff, simulated=str(simulated).lower())
    own = _parallel_tables(term=term, reason=reason)
    if blinded:
        own = {name: [_pooled(row) for row in rows] for name, rows in own.items()}
    found = [*CHECKS, FAILED] if blocking else CHECKS if checks is None else checks
    return make_cut(root, text, {**own, **tables}, checks=found, failing=FAILING, blinded=blinded, blocking=blocking)


def _pooled(row: Row) -> Row:
    hidden = {"trta": "BLINDED", "trt01p": None, "trt01a": None, "extrt": None, "dose_mg": None, "dose_mg_per_kg": None}
    return {key: (hidden[key] if key in hidden and value is not None else value) for key, value in row.items()}


def _parallel_tables(*, term: str, reason: str) -> dict[str, list[Row]]:
    """Baseline 30 for all. Week 4: in KET 10, 15, 16, missing, 20; in MDZ 15, 30, 30, 31, missing."""
    tables: dict[str, list[Row]] = {"adsl": [], "adqs": [], "response": [], "remission": [], "durability": []}
    weeks = {"KET": (10, 15, 16, None, 20), "MDZ": (15, 30, 30, 31, None)}
    for number in (11, 12):
        row = {"usubjid": f"P{number}", "siteid": "S02", "eosstt": "SCREEN FAILURE", "randfl": "N", "analysfl": "N"}
        tables["adsl"].append(row)
    for arm, scores in weeks.items():
        for place, score in enumerate(scores):
            subject = f"{arm}{place}"
            at: Row = {"usubjid": subject, "siteid": f"S0{1 + place % 2}", "trta": arm}
            gone = score is None
            tables["adsl"].append(
                at
                | {"eosstt": "DISCONTINUED" if gone else "COMPLETED", "dcsreas": "LOST TO FOLLOW-UP" if gone else None}
                | {"randfl": "Y", "saffl": "Y", "analysfl": "Y", "trt01p": arm}
            )
            tables["adqs"].append(at | _score("BL", 1, 30, None) | {"ablfl": "Y"})
            tables["adqs"].append(at | _score("D2", 2, 20, 30))
            tables["adqs"].append(at | {"paramcd": "CADSS", "avisit": "BL", "aval": float(3 * place), "anl01fl": "Y"})
            if score is not None:
                tables["adqs"].append(at | _score("W4", 3, score, 30))
            for rule in ("observed", "nri"):
                for visit, number, value in (("D2", 2, 20), ("W4", 3, score)):
                    key = at | {"endpoint": "primary", "paramcd": "MADRS", "avisit": visit, "avisitn": number}
                    key |= {"estimand": "treatment_policy", "missing_rule": rule, "aperiod": 1}
                    tables["response"].append(key | {"crit1fl": _flag(value, 15, rule)})
                    tables["remission"].append(key | {"crit1fl": _flag(value, 10, rule)})
    ket = {"trta": "KET", "paramcd": "TTRELAPS", "aperiod": 1}
    tables["durability"] = [
        ket | {"usubjid": "KET0", "aval": 6.0, "lower_days": 4.0, "upper_days": 6.0, "cnsr": 0, **RELAPSE},
        ket | {"usubjid": "KET1", "aval": 6.0, "lower_days": 6.0, "cnsr": 1, "cnsdtdsc": "WITHDRAWAL"},
        ket | {"usubjid": "KET2", "aval": 10.0, "lower_days": 7.0, "upper_days": 10.0, "cnsr": 0, **RELAPSE},
        ket
        | {
            "usubjid": "MDZ0",
            "trta": "MDZ",
            "aval": 12.0,
            "lower_days": 12.0,
            "cnsr": 1,
            "cnsdtdsc": "END OF FOLLOW-UP",
        },
    ]
    # KET: two soon, of whom one kept it, one late, two never; MDZ: one soon, who is not known to have kept it.
    never = ("N", "N")
    flags: dict[str, list[tuple[str, str | None]]] = {
        "KET": [("Y", "Y"), ("Y", "N"), never, never, never],
        "MDZ": [("Y", None), never, never, never, never],
    }
    of_onset = {"paramcd": "TTRESP", "crit1": "first response by day 2", "crit2": "kept to visit W4"}
    for arm, pairs in flags.items():
        for place, (soon, kept) in enumerate(pairs):
            at = {"usubjid": f"{arm}{place}", "trta": arm, "aperiod": 1}
            came = soon == "Y" or (arm, place) == ("KET", 2)
            found = {"aval": 2.0 if soon == "Y" else 29.0, "cnsr": 0 if came else 1, "crit1fl": soon}
            tables.setdefault("onset", []).append(at | of_onset | found | {"crit2fl": kept})
            tables.setdefault("sustained", []).append(at | {"paramcd": "SUSRESP", "crit1fl": kept})
    arm_rows: list[Row] = [{"usubjid": "KET0", "trta": "KET"}, {"usubjid": "MDZ0", "trta": "MDZ"}]
    tables["therapy"] = [row | {"prtrt": "PREPARATION", "minutes": 60.0, "attendedfl": "Y"} for row in arm_rows]
    tables["exposure"] = [row | {"excat": "INITIAL", "extrt": "KETAMINE", "dose_mg": 35.0} for row in arm_rows]
    tables["biomarkers"] = [row | {"paramcd": "CRP", "avisit": "W4", "aval": 2.0, "chg": -0.5} for row in arm_rows]
    tables["adae"] = [row | {"aedecod": term, "aebodsys": "Gastrointestinal", "trtemfl": "Y"} for row in arm_rows]
    tables["advs"] = [row | {"paramcd": "SYSBP", "aval": 181.0, "alertfl": "Y"} for row in arm_rows]
    tables["deliveries"] = [
        {"siteid": "S01", "file": "a.csv", "outcome": "accepted", "delivery_id": DELIVERY, "rows_in": 5}
        | {"rows_accepted": 4, "rows_quarantined": 1, "is_current": True}
    ]
    tables["quarantine"] = [
        {
            "siteid": "S01",
            "source_file": "a.csv",
            "column_name": "madrs",
            "code": "RANGE",
            "reason": reason,
            "source_row": 3,
        }
    ]
    return tables


def _score(visit: str, number: int, value: int, base: int | None) -> Row:
    row: Row = {"paramcd": "MADRS", "avisit": visit, "avisitn": float(number), "aval": float(value), "anl01fl": "Y"}
    return row if base is None else row | {"base": float(base), "chg": float(value - base)}


def _flag(value: int | None, limit: int, rule: str) -> Any:
    if value is None:
        return "N" if rule == "nri" else None
    return "Y" if value <= limit else "N"
