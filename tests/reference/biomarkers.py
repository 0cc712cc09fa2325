"""Laboratory results in one unit, beyond limits of quantification, and their change, from docs/study-file.md."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pipelines.study import Study
from tests.reference.assessments import Assessment, baseline, placed_in_visits
from tests.reference.records import Score, Subject
from tests.reference.safety_records import Result


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One row of `biomarkers`."""

    result: Result
    placed: Assessment
    base: Fraction | None
    is_below: bool
    is_above: bool

    @property
    def change(self) -> Fraction | None:
        """The change from baseline; none on the baseline itself."""
        if self.placed.is_baseline or self.base is None or self.placed.value is None:
            return None
        return self.placed.value - self.base

    @property
    def percent_change(self) -> Fraction | None:
        """The change in per cent of the baseline."""
        return 100 * self.change / self.base if self.change is not None and self.base else None

    @property
    def ratio(self) -> Fraction | None:
        """The result over the baseline."""
        return self.placed.value / self.base if self.placed.value is not None and self.base else None


def measured(study: Study, subject: Subject) -> list[Measured]:
    """Returns the subject's rows of `biomarkers`."""
    values = [_value(study, result) for result in subject.results]
    rows = [
        (Score(instrument=one.analyte, visit=one.visit, day=one.day, source=one.source), value, dtype)
        for one, (value, dtype, _, _) in zip(subject.results, values, strict=True)
    ]
    found = placed_in_visits(study, subject, rows)
    bases = {name: baseline(found, name, 1) for name in study.biomarkers}
    return [
        Measured(
            result=result,
            placed=next(one for one in found if one.score.source == result.source),
            base=base.value if (base := bases[result.analyte]) else None,
            is_below=is_below,
            is_above=is_above,
        )
        for result, (_, _, is_below, is_above) in zip(subject.results, values, strict=True)
    ]


def _value(study: Study, result: Result) -> tuple[Fraction | None, str | None, bool, bool]:
    """Returns what is analysed of a result, what that is made of, and whether it lies below or above the limits."""
    rule = study.biomarkers[result.analyte]
    factor = Fraction(1) if result.unit == rule.unit else Fraction(str(rule.conversions[result.unit]))
    value: Fraction | None = Fraction(result.thousandths, 1000) * factor
    lower = None if rule.lower_limit is None else Fraction(str(rule.lower_limit))
    upper = None if rule.upper_limit is None else Fraction(str(rule.upper_limit))
    is_below = result.mark == "<" or (lower is not None and value is not None and value < lower)
    is_above = result.mark == ">" or (upper is not None and value is not None and value > upper)
    if is_below and rule.below_limit == "missing":
        return None, None, is_below, is_above
    if is_below and lower is not None and rule.below_limit == "half_limit":
        return lower / 2, "HALF LLOQ", is_below, is_above
    if is_below and lower is not None and rule.below_limit == "limit":
        return lower, "LLOQ", is_below, is_above
    if is_above and rule.above_limit == "missing":
        return None, None, is_below, is_above
    if is_above and upper is not None and rule.above_limit == "limit":
        return upper, "ULOQ", is_below, is_above
    return value, None, is_below, is_above
