"""Definitions of onset and of sustained response in words, for the page Methods and inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.build.parameters.onset import kept_in_words, rapid_in_words, sustained_in_words

if TYPE_CHECKING:
    from pipelines.study.model import Study


def onset_parameters(study: Study) -> list[tuple[str, str, str]]:
    """Returns (parameter, value, section) for each definition."""
    rows = []
    for each in study.onset:
        rules = [rule for rule in (rapid_in_words(each), kept_in_words(each)) if rule]
        estimand = each.estimand or study.estimands[0].name
        words = [f"{each.param}; {each.of} of endpoint {each.endpoint}, estimand {estimand}", *rules]
        words += ["unscheduled assessments count"] * each.unscheduled
        rows.append((f"Onset {each.paramcd}", "; ".join(words), each.section))
    for steady in study.sustained:
        estimand, rule = steady.estimand or study.estimands[0].name, steady.missing_rule or study.missing_rules[0].name
        words = [f"{steady.param}; endpoint {steady.endpoint}, estimand {estimand}, missing data {rule}"]
        rows.append(
            (f"Sustained {steady.paramcd}", "; ".join([*words, sustained_in_words(study, steady)]), steady.section)
        )
    return rows
