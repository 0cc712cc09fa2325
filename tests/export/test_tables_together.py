"""A count that one table hides follows from no other table of the export: by solving all of them at once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import NotAllowedError
from pipelines.export.suppression import PROFILES, TOTAL, Cell, protected, protected_together
from tests.export.attack import Sum, intervals

# What a subject adds: response and remission as observed, or missing; and a sex.
ANSWERS = [("Y", "Y"), ("Y", "N"), ("N", "N"), ("missing", "missing")]
ARMS = ("A", "B")
Counts = dict[str, dict[Cell, int]]


def counted(subjects: dict[tuple[str, int, str], int]) -> Counts:
    """Returns the tables of subjects (arm, place in ANSWERS, sex): as observed, with missing as N (NRI), and by sex."""
    tables: dict[str, Counter[Cell]] = {}
    for (arm, place, sex), n in subjects.items():
        response, remission = ANSWERS[place]
        told = {
            "response observed": f"response: {response}" if response != "missing" else response,
            "response nri": f"response: {'Y' if response == 'Y' else 'N'}",
            "remission observed": f"remission: {remission}" if remission != "missing" else remission,
            "remission nri": f"remission: {'Y' if remission == 'Y' else 'N'}",
            "sex": sex,
        }
        for table, row in told.items():
            tables.setdefault(table, Counter())[row, arm] += n
    return {name: dict(cells) for name, cells in tables.items()}


def known(tables: Counts) -> list[Sum]:
    """Returns what a reader knows of how these tables hang together."""
    found: list[Sum] = []
    for column in (*ARMS, TOTAL):
        first = next(iter(tables))
        found += [[((first, TOTAL, column), 1), ((other, TOTAL, column), -1)] for other in tables if other != first]
        for measure in ("response", "remission"):
            yes, observed, nri = f"{measure}: Y", f"{measure} observed", f"{measure} nri"
            found.append([((observed, yes, column), 1), ((nri, yes, column), -1)])
        found.append([(("response observed", "missing", column), 1), (("remission observed", "missing", column), -1)])
    return found


def whole(tables: Counts) -> Counts:
    """Returns the tables with every row and arm, as some subject of another draw would have."""
    return {
        name: {(row, arm): cells.get((row, arm), 0) for row in {row for row, _ in cells} for arm in ARMS}
        for name, cells in tables.items()
    }


SUBJECTS = st.dictionaries(
    st.tuples(st.sampled_from(ARMS), st.integers(0, len(ANSWERS) - 1), st.sampled_from(["F", "M"])),
    st.integers(1, 24),
    min_size=8,
)


@pytest.mark.requirement("PRV-5")
@settings(max_examples=60, deadline=None)
@given(SUBJECTS, st.sampled_from(["cms", "opensafely"]))
def test_no_hidden_count_is_told_by_all_tables_together(
    subjects: dict[tuple[str, int, str], int], profile: str
) -> None:
    rule = PROFILES[profile]
    tables = whole(counted(subjects))
    if any(len({row for row, _ in cells}) < 2 or {arm for _, arm in cells} != {*ARMS} for cells in tables.values()):
        return
    if any(not sum(n for (_, of), n in cells.items() if of == arm) for cells in tables.values() for arm in ARMS):
        return
    if any("missing" not in {row for row, _ in tables[name]} for name in ("response observed", "remission observed")):
        return
    if any(f"{name}: Y" not in {row for row, _ in tables[f"{name} nri"]} for name in ("response", "remission")):
        return
    if any(f"{name}: Y" not in {row for row, _ in tables[f"{name} observed"]} for name in ("response", "remission")):
        return
    judged = {name: cells for name, cells in tables.items() if name != "sex"}
    shown = protected_together(judged, rule) | {"sex": protected(tables["sex"], rule)}
    assert not [n for cells in shown.values() for n in cells.values() if n is not None and rule.hides(n)]
    widths = intervals(shown, known(tables), rounded_to=rule.rounded_to, columns=ARMS)
    assert {place: width for place, width in widths.items() if width < 1} == {}


@pytest.mark.requirement("PRV-5")
def test_tables_protected_one_by_one_would_tell_and_the_attack_finds_it() -> None:
    # As observed 8 of arm A are missing, and N is hidden with them; with missing as N there is nothing small.
    small = whole(
        counted(
            {(arm, place, sex): 12 for arm in ARMS for place in (0, 1, 2) for sex in ("F", "M")}
            | {("A", 3, "F"): 8, ("B", 3, "M"): 20}
        )
    )
    cms = PROFILES["cms"]
    alone = {name: protected(cells, cms) for name, cells in small.items()}
    told = intervals(alone, known(small), rounded_to=1, columns=ARMS)
    assert [place for place, width in told.items() if width < 1]
    judged = {name: cells for name, cells in small.items() if name != "sex"}
    together = protected_together(judged, cms) | {"sex": protected(small["sex"], cms)}
    assert min(intervals(together, known(small), rounded_to=1, columns=ARMS).values()) >= 1


@pytest.mark.requirement("PRV-5")
def test_an_arm_of_few_subjects_is_not_told_apart_and_all_arms_together_are() -> None:
    counts: dict[Cell, int] = {("Y", "A"): 30, ("N", "A"): 25, ("Y", "B"): 4, ("N", "B"): 5}
    shown = protected(counts, PROFILES["cms"])
    assert {cell: n for cell, n in shown.items() if n is not None} == {
        ("Y", TOTAL): 34, ("N", TOTAL): 30, (TOTAL, TOTAL): 64,
    }  # fmt: skip


@pytest.mark.requirement("PRV-5")
@pytest.mark.parametrize("profile", ["cms", "opensafely"])
def test_a_blinded_and_an_unblinded_export_hide_the_same_totals(profile: str) -> None:
    counts: dict[Cell, int] = {("Y", "A"): 14, ("N", "A"): 25, ("missing", "A"): 2, ("Y", "B"): 19, ("N", "B"): 16}
    pooled = Counter[Cell]()
    for (row, _), n in counts.items():
        pooled[row, "BLINDED"] += n
    blinded = protected(pooled, PROFILES[profile])
    opened = protected(counts, PROFILES[profile])
    assert {row: n for (row, _), n in blinded.items()} == {row: n for (row, of), n in opened.items() if of == TOTAL}


@pytest.mark.requirement("PRV-5")
def test_what_cannot_be_hidden_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.export.suppression.told", lambda _, hidden, *__: hidden[0] if hidden else None)
    with pytest.raises(NotAllowedError, match="cannot be shared"):
        protected({("Y", "A"): 14, ("N", "A"): 3}, PROFILES["cms"])
