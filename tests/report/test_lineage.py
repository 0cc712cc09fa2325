"""The drawing of what a table is made from: everything behind it, from left to right, the same each time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError
from pipelines.report import report
from pipelines.report.dictionary import sections
from pipelines.report.lineage import ancestors, drawing, placed
from tests.report.trials import parallel

PARENTS = {
    "landed.qs": (),
    "study.endpoints": (),
    "staging.scores": ("landed.qs",),
    "intermediate.totals": ("staging.scores",),
    "marts.adqs": ("intermediate.totals",),
    "marts.response": ("marts.adqs", "study.endpoints"),
}


def test_everything_behind_a_table_is_found() -> None:
    assert ancestors("marts.response", PARENTS) == set(PARENTS)
    assert ancestors("marts.adqs", PARENTS) == {"marts.adqs", "intermediate.totals", "staging.scores", "landed.qs"}


def test_another_table_stands_for_all_behind_it() -> None:
    found = ancestors("marts.response", PARENTS, beyond_tables=False)
    assert found == {"marts.response", "marts.adqs", "study.endpoints"}


def test_each_table_stands_right_of_what_it_is_made_from_and_parameters_beside_their_first_use() -> None:
    columns = placed(PARENTS)
    assert columns == [
        ["landed.qs"],
        ["staging.scores"],
        ["intermediate.totals"],
        ["marts.adqs", "study.endpoints"],
        ["marts.response"],
    ]


def test_the_order_in_which_models_were_read_changes_nothing() -> None:
    backwards = dict(reversed(PARENTS.items()))
    svg, again = (drawing({name: own[name] for name in sorted(own)}, "title") for own in (PARENTS, backwards))
    assert svg == again
    assert (svg.count("<path"), svg.count("<rect")) == (5, 6)


def test_the_pages_show_columns_with_their_facts_and_the_drawing(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    report(study, cut.cut_id)
    dictionary = (cut.report / "dictionary.html").read_text(encoding="utf-8")
    for said in (
        '<h2 id="adsl-heading">adsl</h2>',
        "USUBJID",
        "Subject identifier.",
        "DM.USUBJID.",
        "A row is named by",
    ):
        assert said in dictionary
    lineage = (cut.report / "lineage.html").read_text(encoding="utf-8")
    assert re.findall(r"<text [^>]*>([^<]+)</text>", lineage) == ["landed.dm", "adsl"]
    assert '<a href="dictionary.html#adsl">' in lineage
    assert 'href="lineage.html"' in (cut.report / "index.html").read_text(encoding="utf-8")


def test_a_hostile_description_is_shown_as_text() -> None:
    facts = {"description": "<script>", "cdisc": "none", "unit": "none", "derivation": "`a` of <b>"}
    column = {"name": "x", "type": "double", "facts": facts}
    table = {"name": "t", "layer": "marts", "description": "t", "grain": [], "made_from": [], "columns": [column]}
    (shown, *_) = sections([table])
    assert shown.tables[0].rows == (("x", "", "double", "", "<script>", "a of <b>"),)
    assert "<b>" not in str(drawing({"marts.<b>": ()}, "<b>"))


@pytest.mark.parametrize("content", [None, "{", json.dumps({"tables_": []})])
def test_a_cut_without_its_catalogue_gets_no_report(tmp_path: Path, content: str | None) -> None:
    study, cut = parallel(tmp_path)
    path = cut.directory / "catalogue.json"
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"catalogue\.json"):
        report(study, cut.cut_id)
    assert not cut.report.exists()
