"""The reference's totals with missing items, small enough to be checked by eye."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pipelines.study.instruments import InstrumentUse
from tests.reference.totals import of_items

ALLOWING = {"missing_items_allowed": 2, "prorate": "items"}


def madrs(items: int, value: int = 3) -> tuple[int | None, ...]:
    """Returns ten items of which the first ones are answered, all alike."""
    return (*[value] * items, *[None] * (10 - items))


@pytest.mark.parametrize(("answered", "expected"), [(10, 30), (9, 30), (8, 30), (7, None), (0, None)])
def test_a_total_stands_for_as_many_missing_items_as_are_allowed(answered: int, expected: int | None) -> None:
    assert of_items(madrs(answered), "MADRS", InstrumentUse.model_validate(ALLOWING)) == expected


@pytest.mark.parametrize(("decimals", "expected"), [(None, Fraction(250, 9)), (0, 28), (1, Fraction(278, 10))])
def test_a_prorated_total_is_rounded_as_the_study_says(decimals: int | None, expected: Fraction) -> None:
    items = (2, 3, 3, 3, 3, 3, 3, 3, 2, None)  # 25 of nine items
    use = InstrumentUse.model_validate(ALLOWING | {"prorated_decimals": decimals})
    assert of_items(items, "MADRS", use) == expected


def test_half_a_point_is_rounded_up() -> None:
    use = InstrumentUse.model_validate(ALLOWING | {"prorated_decimals": 0})
    assert of_items((2, 1, 1, 1, 1, 1, 1, 2, None, None), "MADRS", use) == 13  # 10 * 10 / 8 = 12.5


@pytest.mark.parametrize(("prorate", "expected"), [("none", 16), ("items", 17), ("points", Fraction(16 * 52, 48))])
def test_a_missing_item_counts_as_one_of_all_or_by_its_points(prorate: str, expected: Fraction) -> None:
    # HAM-D17: the first item, of 0 to 4, is missing; the sixteen others are 1 each.
    use = InstrumentUse.model_validate({"missing_items_allowed": 1, "prorate": prorate})
    assert of_items((None, *[1] * 16), "HAMD17", use) == expected
