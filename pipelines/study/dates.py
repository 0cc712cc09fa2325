"""How dates that are known in part are completed (ADaM: ADTF, ASTDTF, AENDTF)."""

from __future__ import annotations

from typing import Literal

from pipelines.study.layout import Settings

NotBefore = Literal["first_dose", "consent"]
NotAfter = Literal["event_end", "end_of_study", "death", "data_cutoff"]


class PartialDate(Settings):
    """What a date becomes of which only a part is known; the text as collected stays beside it.

    `highest` is the highest part that may be completed. `not_before` and `not_after` name a date of the subject that
    the completed one does not pass, where what is known of it leaves that open.
    """

    impute: Literal["none", "first", "mid", "last"] = "none"
    highest: Literal["day", "month", "year"] = "month"
    not_before: NotBefore | None = None
    not_after: NotAfter | None = None
    section: str = ""


class PartialDates(Settings):
    """The rule of each kind of date: assessments (scores, vital signs, laboratory), start and end of adverse events."""

    assessment: PartialDate = PartialDate()
    adverse_event_start: PartialDate = PartialDate()
    adverse_event_end: PartialDate = PartialDate()
