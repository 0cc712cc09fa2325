"""The section of site monitoring: flags by site, figures with what they stand on, and no arm."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pipelines.report import report
from tests.report.test_assembly import rows
from tests.report.trials import parallel


def metric(siteid: str, name: str, **own: Any) -> dict[str, Any]:
    return {
        "studyid": "T", "siteid": siteid, "metric": name, "metric_version": "1", "label": name.title(), "unit": "%",
        "definition": "Share of something", "method": "A test", "n_unit": "subjects", "judged_by": "score",
        "direction": "high", "section": "4.2", "n": 20, "numerator": 5.0, "denominator": 20.0, "value": 25.0,
        "expected": 12.5, "score": 0.5, "min_n": 5, "threshold_amber": 2.0, "threshold_red": 3.0, "flag": "GREEN",
    } | own  # fmt: skip


METRICS = [
    metric("S01", "missing", flag="RED", score=3.25),
    metric("S02", "missing", n=0, value=None, score=None, flag=None, flag_reason="nothing to measure"),
    metric("S01", "events", flag="AMBER", judged_by="p_value", p_value=0.0321),
    metric("S02", "events"),
]


def test_a_site_s_flags_are_counted_and_what_stands_out_is_said_red_first(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, site_metrics=METRICS)
    report(study, cut.cut_id)
    page = (cut.report / "deliveries.html").read_text()
    assert "1 site has a red flag: 1 red and 1 amber flags among 3 figures that could be judged." in page
    first, second = rows(page, "Flags by site")[1:]
    assert first[:5] == ["S01 Basel", "1", "1", "0", "0"]
    assert first[5].startswith("Missing 25.00")
    assert "(red, study 12.50); Events 25.00" in first[5]
    assert second == ["S02 Lund", "0", "0", "1", "1", "\u2014"]


def test_a_figure_stands_with_its_definition_its_thresholds_and_the_section(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, site_metrics=METRICS)
    report(study, cut.cut_id)
    page = (cut.report / "deliveries.html").read_text()
    table = rows(page, "Missing, %")
    assert table[1:] == [
        ["S01 Basel", "20", "25.00", "12.50", "3.25", "\u2014", "red"],
        ["S02 Lund", "0", "\u2014", "12.50", "\u2014", "\u2014", "nothing to measure"],
    ]
    assert "Share of something. A test. Version 1; n counts subjects." in page
    assert "Judged by score, high: amber 2, red 3. Section 4.2." in page
    statistics = json.loads((cut.report / "statistics.json").read_text())["site_metrics"]
    assert statistics[0]["p_value"] == 0.0321


def test_a_study_without_metrics_has_no_section(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    report(study, cut.cut_id)
    assert not re.search("site-monitoring", (cut.report / "deliveries.html").read_text())
