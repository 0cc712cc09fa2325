"""What the study file says of safety and blinding, in words."""

from __future__ import annotations

from pipelines.report.formats import plain
from pipelines.study import Study


def parameters(study: Study) -> list[tuple[str, str, str]]:
    """Returns (parameter, value, section) for each rule of doses, vital signs, safety and blinding."""
    rows: list[tuple[str, str, str]] = []
    for arm, dose in study.exposure.planned.items():
        amount = f"{plain(dose.mg)} mg" if dose.mg is not None else f"{plain(dose.mg_per_kg or 0)} mg/kg"
        words = f"{amount}, within {plain(dose.tolerance_pct)} %"
        rows.append((f"Planned dose {arm}", words, study.exposure.section))
    for code, sign in study.vital_signs.items():
        above, below = (">", "<") if sign.strict else ("\u2265", "\u2264")
        limits = (
            (above, sign.alert_above),
            (below, sign.alert_below),
            (f"rise {above}", sign.alert_rise),
            (f"fall {above}", sign.alert_fall),
        )
        rows += [
            (f"Alert {code}", f"{sign.label} {relation} {plain(limit)} {sign.unit}", sign.section)
            for relation, limit in limits
            if limit is not None
        ]
    emergent = study.safety.treatment_emergent
    words = "started on or after the first dose" + (", or worsened" if emergent.rule == "started_or_worsened" else "")
    if emergent.until_days_after_last_dose is not None:
        words += f", until {emergent.until_days_after_last_dose} days after the last"
    rows.append(("Treatment-emergent", words, emergent.section))
    rows += [
        (f"Special interest {one.name.lower()}", ", ".join(one.terms), one.section)
        for one in study.safety.special_interest
    ]
    for peak in study.safety.session_peaks:
        relation = {"highest": (">", "\u2265"), "lowest": ("<", "\u2264")}[peak.worst][not peak.strict]
        limit = "" if peak.limit is None else f" {relation} {plain(peak.limit)}"
        rows.append((f"Peak after a dose {peak.paramcd}", f"{peak.worst}{limit}", peak.section))
    rows += [
        (f"Alert {one.name.lower()}", f"{', '.join(one.tests)} \u2265 {plain(one.at_least)}", one.section)
        for one in study.safety.score_alerts
    ]
    rows += [(f"Blinding {one.testcd}", one.label, one.section) for one in study.blinding_assessments]
    return rows
