"""Instruments: the catalogue holds together, a study has its own version of one, and mistakes come with remedies."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.study.catalogue import SEEDS, catalogue
from tests.small_study import STUDY_FILE, make_study

CALM = """instruments:
  MADRS: {}
  CALM:
    label: Calmness
    items:
      "{01..03}": {range: [0, 4]}
      "02": {reversed: true, weight: 2}
"""


def with_instruments(text: str) -> str:
    """Returns the small study's file with these instruments."""
    return STUDY_FILE.replace("instruments: [MADRS]\n", text if text.endswith("\n") else f"instruments: {text}\n")


def test_the_stated_total_of_each_instrument_is_what_its_items_make() -> None:
    rows = [line.split(",") for line in (SEEDS / "instruments.csv").read_text(encoding="utf-8").splitlines()[1:]]
    stated = {row[0]: tuple(int(number) for number in row[2:5]) for row in rows}
    assert {code: (len(one.answers), *one.total_range) for code, one in catalogue().items()} == stated


def test_each_test_code_of_the_catalogue_means_one_thing() -> None:
    codes = Counter(code for one in catalogue().values() for code in one.ranges)
    assert [code for code, count in codes.items() if count > 1] == []
    assert catalogue()["PHQ9"].item_of["PHQ0109"].number == 9
    assert catalogue()["HAMD17"].item_of["HAMD116B"].number == 16


def test_the_bands_of_the_catalogue_go_from_the_lowest_to_the_highest_total() -> None:
    for one in catalogue().values():
        bands = sorted(one.bands.values())
        if bands:
            assert (bands[0][0], bands[-1][1]) == one.total_range
            assert all(first[1] + 1 == second[0] for first, second in itertools.pairwise(bands))


def test_what_a_study_says_of_an_item_goes_over_the_catalogue_and_leaves_the_rest(tmp_path: Path) -> None:
    study = make_study(tmp_path, with_instruments('{MADRS: {}, HAMD17: {items: {"08": {range: [0, 2]}}}}'))
    scale = study.scales["HAMD17"]
    assert (scale.item_ranges["HAMD1708"], scale.item_ranges["HAMD1709"], scale.total_range) == (
        (0, 2),
        (0, 4),
        (0, 50),
    )
    assert scale.items[7].label == catalogue()["HAMD17"].items[7].label
    assert catalogue()["HAMD17"].total_range == (0, 52)


def test_a_later_key_says_more_of_an_item_of_an_earlier_run(tmp_path: Path) -> None:
    scale = make_study(tmp_path, with_instruments(CALM)).scales["CALM"]
    assert [(item.range, item.reversed, item.factor, item.addend) for item in scale.items] == [
        ((0, 4), False, 1, 0),
        ((0, 4), True, -2, 8),
        ((0, 4), False, 1, 0),
    ]
    assert scale.total_range == (0, 16)


SEVEN_DOMAINS = "{{MADRS: {{items: {{{}}}}}}}".format(
    ", ".join(f'"{item}": {{highest_of: d{item}}}' for item in range(1, 8))
)
MISTAKES = [
    (
        '{MADRS: {}, calm: {label: x, items: {"1": {range: [0, 1]}}}}',
        "instruments.calm: a code is one to eight capitals",
    ),
    ('{MADRS: {}, CALM: {items: {"1": {range: [0, 1]}}}}', "instruments.CALM.label: this key is missing."),
    ("{MADRS: {}, CALM: {label: x}}", "instruments.CALM.items: this key is missing."),
    ('{MADRS: {}, CALM: {label: x, items: {"{01..02}": {}}}}', "instruments.CALM.items: item 1, 2: no `range`"),
    (
        '{MADRS: {items: {"01": {range: [6, 0]}}}}',
        "instruments.MADRS.items: item 1: no `range`, or one that ends before",
    ),
    ("{MADRS: {items: {first: {range: [0, 6]}}}}", "instruments.MADRS.items.first: the number of an item, 1 to 62"),
    ('{MADRS: {items: {"63": {range: [0, 6]}}}}', "instruments.MADRS.items.63: the number of an item, 1 to 62"),
    ('{MADRS: {items: {"01": {weight: 0}}}}', "items.01.weight: must be above 0."),
    ('{MADRS: {items: {"01": {same_as: HAMD17.18}}}}', "items.01.same_as: names no item."),
    ("{MADRS: {derived: true}}", "instruments.MADRS.derived: no item says `same_as`"),
    (
        "{MADRS: {}, HAMD6: {derived: true}}",
        "instruments.HAMD6.derived: takes items of HAMD17. Add it to the instruments.",
    ),
    ("{MADRS: {missing_items_allowed: 1}}", "instruments.MADRS.prorate: say how a total with a missing item is made"),
    ("{MADRS: {missing_items_allowed: 10, prorate: items}}", "missing_items_allowed: the total is made of 10 answers."),
    ("{MADRS: {prorate: items}}", "instruments.MADRS.prorate: no item may be missing."),
    ("{MADRS: {prorated_decimals: 1}}", "instruments.MADRS.prorated_decimals: nothing is prorated."),
    (
        "{MADRS: {}, QIDS16: {missing_items_allowed: 1, prorate: points}}",
        "QIDS16.prorate: `points` is for items from 0",
    ),
    ("{MADRS: {bands: {low: [0, 6], high: [6, 60]}}}", "instruments.MADRS.bands: one band must start where the one"),
    ("{MADRS: {bands: {low: [0, 6], high: [9, 60]}}}", "instruments.MADRS.bands: one band must start where the one"),
    (
        "{MADRS: {bands: {low: [0, 6], high: [7, 59]}}}",
        "instruments.MADRS.bands: must go from 0 to 60, as the total does.",
    ),
    ('{MADRS: {items: {"01": {test_codes: [PHQ0101]}}}}', "instruments.MADRS: the test code PHQ0101 stands for two"),
    ("{MADRS: {visits: [W9]}}", "instruments.MADRS.visits: no visit 'W9'."),
    (SEVEN_DOMAINS, "instruments.MADRS.items: `highest_of` names more than 6 domains."),
]


@pytest.mark.parametrize(("instruments", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_mistake_about_an_instrument_is_told_with_its_remedy(tmp_path: Path, instruments: str, said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, with_instruments(instruments))
    assert said in str(error.value)


def test_a_column_may_go_to_an_item_of_the_studys_own_instrument_and_to_no_other(tmp_path: Path) -> None:
    text = with_instruments(CALM).replace(
        "total: {type: integer, to: qs.MADRS.total}", "calm: {type: integer, to: qs.CALM.03}"
    )
    assert "qs.CALM.03" in text
    make_study(tmp_path, text)
    with pytest.raises(StudyFileError, match=r"CALM has items 1 to 3, or `total`"):
        make_study(tmp_path, text.replace("qs.CALM.03", "qs.CALM.04"))
