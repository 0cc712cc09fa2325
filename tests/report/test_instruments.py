"""The report says of each instrument how its total is made, with the section of the protocol."""

from __future__ import annotations

from pathlib import Path

from pipelines.report.methods import parameters
from tests.small_study import STUDY_FILE, make_study

INSTRUMENTS = """instruments:
  MADRS: {missing_items_allowed: 1, prorate: items, prorated_decimals: 0, section: "7.3"}
  QIDS16: {analysed_total: collected}
  CALM: {label: Calmness, items: {"{1..3}": {range: [0, 4]}, "2": {reversed: true}}}
"""


def test_each_instrument_is_a_parameter_of_the_report_in_words(tmp_path: Path) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("instruments: [MADRS]\n", INSTRUMENTS))
    rows = {name: (value, section) for name, value, section in parameters(study)}
    assert rows["Instrument MADRS"] == (
        (
            "Montgomery-Asberg Depression Rating Scale: 10 items, 0 to 60; the items go before a collected total; "
            "up to 1 of 10 answers may be missing, prorated by the share of items answered, rounded to 0 decimals"
        ),
        "7.3",
    )
    assert rows["Instrument QIDS16"][0] == (
        "Quick Inventory of Depressive Symptomatology self-report (16 items): the highest item of sleep + the highest "
        "item of appetite and weight + the highest item of psychomotor + 6 items, 0 to 27; "
        "a collected total goes before the items; no answer may be missing"
    )
    assert rows["Instrument CALM"][0] == (
        "Calmness: 3 items, 0 to 12; the items go before a collected total; reversed: item 2; no answer may be missing"
    )
