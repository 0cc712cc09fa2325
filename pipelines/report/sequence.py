"""Crossover: who got what in which period, and what the reader must know about it."""

from __future__ import annotations

from pipelines.report.content import Record, Section, Table
from pipelines.report.formats import count
from pipelines.report.tables import CutData


def sequence_label(sequence: str | None) -> str:
    """Returns a sequence's name: `KET-PBO`, or `KET only` for a subject with one period."""
    if not sequence:
        return "not recorded"
    return sequence if "-" in sequence else f"{sequence} only"


def section(data: CutData) -> tuple[Section | None, list[Record]]:
    """Returns the period and sequence table, or None where there is nothing to cross over or the arms are blinded."""
    if not data.crossover or data.blinded:
        return None, []
    rows = data.rows(
        "select adsl.trtseqp as sequence, exposure.aperiod as period, exposure.trta,"
        " count(distinct exposure.usubjid) as treated,"
        " count(distinct exposure.usubjid) filter (where adsl.analysfl = 'Y') as analysed"
        " from exposure inner join adsl on exposure.usubjid = adsl.usubjid group by all order by all"
    )
    labels = {group.code: group.short for group in data.groups}
    made = [{**row, "group": labels.get(data.group_of(row["trta"]), "not recorded")} for row in rows]
    table = Table(
        caption="Subjects by sequence and period",
        columns=("Sequence", "Period", "Arm", "Treated", "Analysed"),
        rows=tuple(
            (
                sequence_label(row["sequence"]), str(row["period"]), row["group"], count(row["treated"]),
                count(row["analysed"]),
            )
            for row in made
        ),
        heads=3,
        grouped=True,
    )  # fmt: skip
    made_section = Section(
        anchor="sequence",
        title="Periods and sequences",
        sentence="A crossover: each subject is planned for every arm, one after the other, in one of two orders.",
        help=(
            (
                "The arm of a row is what the subject received in that period. Subjects are analysed in each period"
                " in which they have a dose; one with a single period counts in that period only."
            ),
        ),
        notes=(
            (
                "What this analysis does not do: one baseline, before the first period, serves both periods;"
                " carry-over from the first period into the second is not handled; arms are described side by side"
                " and not tested against each other, as they hold the same subjects."
            ),
        ),
        tables=(table,),
        sources=("exposure",),
    )
    return made_section, made
