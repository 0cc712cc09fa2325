"""Defects that are another value in one cell of a current export, each of another class."""

from __future__ import annotations

from pipelines.simulate.planting import Cell

CELLS = (
    Cell(
        site="S01", table="visits", where={"visit": "W3"}, nth=2, column="madrs_04", value="7",
        kind="item above its range", code="Q_RANGE",
    ),
    Cell(
        site="S02", table="visits", where={"visit": "W6"}, nth=4, column="madrs_total", value="61",
        kind="total above its range", code="Q_RANGE",
    ),
    Cell(
        site="S03", table="visits", where={"visit": "W2"}, nth=3, column="madrs_06", value="severe",
        kind="text in a number", code="Q_NUMBER",
    ),
    Cell(
        site="S03", table="visits", where={"visit": "W4"}, nth=6, column="phq9_3", value="1.5",
        kind="fraction in a whole number", code="Q_TYPE",
    ),
    Cell(
        site="S04", table="visits", where={"visit": "W8"}, nth=5, column="visit_date", value="2026-02-30",
        kind="date that the calendar does not have", code="Q_DATE",
    ),
    Cell(
        site="S04", table="dosing", where={"visit": "W1"}, nth=2, column="session_minutes", value="142,5",
        kind="decimal comma", code="Q_NUMBER",
    ),
    Cell(
        site="S05", table="visits", where={"visit": "W12"}, nth=7, column="visit_date", value="03/04/2026",
        kind="date of undeclared order", code="Q_DATE_AMBIGUOUS",
    ),
    Cell(
        site="S05", table="visits", where={"visit": "W20"}, nth=3, column="visit_date", value="2026-12-01",
        kind="date after the export", code="Q_DATE_RANGE",
    ),
    Cell(
        site="S02", table="events", where={"form": "THERAPY"}, nth=40, column="record_id", value="",
        kind="no subject key", code="Q_KEY",
    ),
    Cell(
        site="S06", table="visits", where={"visit": "W6"}, nth=6, column="visit", value="W5",
        kind="visit that is not planned", code="Q_FK",
    ),
    Cell(
        site="S06", table="events", where={"form": "AE"}, nth=5, column="ae_severity", value="SEVER",
        kind="code that is not declared", code="Q_CODE",
    ),
    Cell(
        site="S07", table="events", where={"form": "THERAPY"}, nth=30, column="record_id", value="00\u200b4",
        kind="invisible character in a subject key", code="Q_ID_CHARSET",
    ),
    Cell(
        site="S09", table="qs", where={"QSTESTCD": "MADRS03"}, nth=37, column="VISITNUM", value="77",
        also={"VISIT": "W22"}, kind="visit that is not planned (XPT)", code="Q_FK",
    ),
    Cell(
        site="S11", table="qs", where={"QSTESTCD": "MADRS08"}, nth=52, column="QSSTRESN", value="9",
        kind="item above its range (XPT)", code="Q_RANGE",
    ),
    Cell(
        site="S12", table="ae", where={"DOMAIN": "AE"}, nth=8, column="AESTDTC", value="2025-13-02",
        kind="month that the calendar does not have (XPT)", code="Q_DATE",
    ),
    Cell(
        site="LAB", table="labs", where={"analyte": "CRP", "unit": "mg/L"}, nth=100, column="unit", value="umol/L",
        kind="unit that is not declared", code="Q_UNIT",
    ),
    Cell(
        site="S04", table="events", where={"form": "AE"}, nth=3, column="ae_term",
        value="<script>alert(1)</script> dizzy",
        kind="markup in free text, kept as data", found_by="nobody", code="A",
    ),
    Cell(
        site="LAB", table="labs", where={"site": "S03", "analyte": "BDNF", "visit": "D2"}, nth=5, column="subject",
        value="099",
        kind="subject without demographics", found_by="check", code="CUR-BIOMARKERS-002",
    ),
)  # fmt: skip
