"""The blind: whose treatment became known, what subjects and raters guess and expect; by arm where the cut shows it."""

from __future__ import annotations

from pipelines.report.blinding_indices import bang_index, james_index
from pipelines.report.content import Record, Section, Table
from pipelines.report.estimates import spread
from pipelines.report.formats import count, interval, number, ratio
from pipelines.report.tables import CutData


def section(data: CutData) -> tuple[Section | None, dict[str, list[Record]]]:
    """Returns the section on blinding, or None of an open study where nobody was asked."""
    rows = data.rows(
        "select param, assessor, kind, avisit, trta, guess, correctfl, certainty, aval from blinding_assessment"
        " order by all"
    )
    guesses, guessed = _guesses(data, [row for row in rows if row["kind"] == "GUESS"])
    expected, expectancies = _expectancies(data, [row for row in rows if row["kind"] == "EXPECTANCY"])
    together, indices = _indices(data, guessed)
    known, unblinded = _unblinded(data)
    statistics = {
        "blinding_guesses": guessed, "blinding_indices": indices, "blinding_expectancies": expectancies,
        "blinding_treatments_unblinded": unblinded,
    }  # fmt: skip
    tables = tuple(table for table in (known, guesses, together, expected) if table)
    if not tables and data.study.blinding != "blinded":
        return None, statistics
    subjects = sum(row["subjects"] for row in unblinded)
    made = Section(
        anchor="blinding",
        title="Blinding",
        sentence=(
            f"The treatment of {count(subjects)} subject{'' if subjects == 1 else 's'} became known while the study was"
            " blinded."
            if known or not tables
            else "Whether subjects and raters could tell the treatment, and what was expected of it."
        ),
        help=(
            (
                "Guesses are laid beside the real arm only in an unblinded cut. Bang's index is the share that guesses"
                " its own arm less the share that guesses another, of all who were asked: 0 is what chance gives, 1"
                " is an arm that knows its treatment. Its interval is a 95 % Wald interval."
            ),
            (
                "James' index is of all arms together: 0 where everybody guesses right, 0.5 what chance gives, 1 where"
                " nobody knows; it grows with those who do not know. Weights: 0 right, 0.5 wrong, 1 does not know."
            ),
            (
                "A treatment became known where a code was broken (afterglow code-break) or where a site reported"
                " TREATMENT UNBLINDED; a subject counts once, by its first code break. adsl has flag and date of each."
            ),
        ),
        notes=("This cut is blinded: guesses of all arms together, none of them right or wrong.",)
        if data.blinded and (guesses or expected)
        else (),
        tables=tables,
        sources=("adsl", "blinding_assessment"),
    )
    return made, statistics


def _unblinded(data: CutData) -> tuple[Table | None, list[Record]]:
    """Returns how many subjects' treatment became known, by class of the reason; of all arms together in any cut."""
    rows = data.rows(
        "select treatment_unblinded_reason as reason, count(*) as subjects, count(*) filter (saffl = 'Y') as dosed"
        " from adsl where treatment_unblinded_fl = 'Y' group by treatment_unblinded_reason order by reason"
    )
    if not rows:
        return None, []
    table = Table(
        caption="Treatments that became known, by reason",
        columns=("Reason", "Subjects", "of them dosed"),
        rows=tuple((row["reason"], count(row["subjects"]), count(row["dosed"])) for row in rows),
    )
    return table, rows


def _guesses(data: CutData, rows: list[Record]) -> tuple[Table | None, list[Record]]:
    made: list[Record] = []
    codes = [*data.study.arms, "UNKNOWN"]
    for param, assessor, visit in sorted({(row["param"], row["assessor"], row["avisit"]) for row in rows}):
        for group in data.groups:
            cell = [
                row
                for row in rows
                if (row["param"], row["assessor"], row["avisit"]) == (param, assessor, visit)
                and data.group_of(row["trta"]) == group.code
            ]
            right, wrong = (sum(row["correctfl"] == flag for row in cell) for flag in ("Y", "N"))
            index = None if data.blinded else bang_index(right, wrong, len(cell))
            made.append(
                {
                    "question": param, "assessor": assessor, "avisit": visit, "trta": group.code,
                    "group": group.short, "n": len(cell),
                    "guesses": {code: sum(row["guess"] == code for row in cell) for code in codes},
                    "certainty_median": spread(
                        row["certainty"] for row in cell if row["certainty"] is not None
                    ).median,
                    "right": None if data.blinded else right, "wrong": None if data.blinded else wrong,
                    "bang": index[0] if index else None, "bang_low": index[1] if index else None,
                    "bang_high": index[2] if index else None,
                }
            )  # fmt: skip
    if not made:
        return None, []
    table = Table(
        caption="Guessed treatment",
        columns=(
            "Question, visit", "Arm", "n", *(f"Guess {code}" for code in data.study.arms), "Do not know",
            "Median certainty", "Right n/N", "Bang's index", "95 % interval",
        ),
        rows=tuple(
            (
                f"{record['question']}, {data.visit_label(record['avisit'])}", record["group"], count(record["n"]),
                *(count(record["guesses"][code]) for code in codes), number(record["certainty_median"], 0),
                ratio(record["right"], record["n"]), number(record["bang"], 2),
                interval(record["bang_low"], record["bang_high"], 2),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
    )  # fmt: skip
    return table, made


def _indices(data: CutData, guessed: list[Record]) -> tuple[Table | None, list[Record]]:
    """Returns James' index of each question and visit: of two arms or more, and where the cut shows them."""
    arms = [group.code for group in data.groups]
    if data.blinded or len(arms) < 2:
        return None, []
    made: list[Record] = []
    for key in dict.fromkeys((row["question"], row["assessor"], row["avisit"]) for row in guessed):
        rows = [row for row in guessed if (row["question"], row["assessor"], row["avisit"]) == key]
        guesses = [[row["guesses"][arm] for arm in arms] for row in rows]
        # An answer that the study file does not list is no guess of an arm.
        found = james_index(guesses, [row["n"] - sum(known) for row, known in zip(rows, guesses, strict=True)])
        made.append(
            {
                "question": key[0], "assessor": key[1], "avisit": key[2], "n": sum(row["n"] for row in rows),
                "james": found[0] if found else None, "james_low": found[1] if found else None,
                "james_high": found[2] if found else None,
            }
        )  # fmt: skip
    if not made:
        return None, []
    table = Table(
        caption="James' index of blinding, all arms",
        columns=("Question, visit", "n", "James' index", "95 % interval"),
        rows=tuple(
            (
                f"{record['question']}, {data.visit_label(record['avisit'])}", count(record["n"]),
                number(record["james"], 2), interval(record["james_low"], record["james_high"], 2),
            )
            for record in made
        ),
    )  # fmt: skip
    return table, made


def _expectancies(data: CutData, rows: list[Record]) -> tuple[Table | None, list[Record]]:
    made: list[Record] = []
    for param, visit in sorted({(row["param"], row["avisit"]) for row in rows}):
        for group in data.groups:
            values = spread(
                row["aval"]
                for row in rows
                if (row["param"], row["avisit"]) == (param, visit)
                and row["aval"] is not None
                and data.group_of(row["trta"]) == group.code
            )
            made.append(
                {
                    "question": param, "avisit": visit, "trta": group.code, "group": group.short, "n": values.n,
                    "median": values.median, "lower_quartile": values.lower_quartile,
                    "upper_quartile": values.upper_quartile, "min": values.low, "max": values.high,
                }
            )  # fmt: skip
    if not made:
        return None, []
    table = Table(
        caption="Expectancy",
        columns=("Question, visit", "Arm", "n", "Median", "Quartiles", "Range"),
        rows=tuple(
            (
                f"{record['question']}, {data.visit_label(record['avisit'])}", record["group"], count(record["n"]),
                number(record["median"]), interval(record["lower_quartile"], record["upper_quartile"]),
                interval(record["min"], record["max"], 0),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
    )  # fmt: skip
    return table, made
