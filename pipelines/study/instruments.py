"""How a study uses a rating scale, and what it says of one that the catalogue lacks or has in another version."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipelines.study.layout import Settings

# A whole number stays one: it is printed as the study file has it.
Score = int | float
Prorate = Literal["none", "items", "points"]


class InstrumentItem(Settings):
    """What a study says of one item, or of a run of them; what it leaves out stays as the catalogue has it.

    `reversed`: lowest plus highest less the value counts. Of the items with one `highest_of` the highest counts; those
    with one `one_of` are answered when one of them is. `same_as` (`CADSS.05`) is the item of another instrument that
    stands for it. An item that is not `scored` is collected and counts for nothing. Its values
    are `whole` numbers unless the study file says otherwise.
    """

    label: str = ""
    range: tuple[Score, Score] = (0, 0)
    reversed: bool = False
    weight: Score = 1
    highest_of: str = ""
    one_of: str = ""
    scored: bool = True
    same_as: str = ""
    test_codes: tuple[str, ...] = ()
    whole: bool = True


class InstrumentUse(Settings):
    """How the study uses an instrument: which total counts, where it is planned, and how its items make a total.

    `items` maps an item's number, or a run of them (`{01..10}`), to what it is. `label` makes an own instrument of a
    code that the catalogue lacks. `derived`: items may be those of another instrument (`same_as`).
    """

    analysed_total: Literal["items", "collected"] = "items"
    visits: tuple[str, ...] | None = None
    label: str = ""
    items: dict[str, InstrumentItem] = Field(default_factory=dict)
    missing_items_allowed: Annotated[int, Field(ge=0)] | None = None
    prorate: Prorate | None = None
    prorated_decimals: Annotated[int, Field(ge=0, le=4)] | None = None
    bands: dict[str, tuple[Score, Score]] = Field(default_factory=dict)
    derived: bool = False
    total_codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    section: str = ""
