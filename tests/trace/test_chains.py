"""Each kind of row leads back to the rows that a site delivered, with the rule at each step."""

from __future__ import annotations

import pytest

from pipelines.core.hashing import sha256_file
from pipelines.study import Study
from pipelines.trace import Rule, Step
from tests.trace.traced import places, row_of, sources_of, step_of

SCORES = "scores_2026-03-01.csv"
SUBJECTS = "subjects_2026-03-01.csv"
TP = {"estimand": "treatment_policy", "endpoint": "primary"}


def rule(step: Step, begins: str) -> Rule:
    (found,) = [one for one in step.rules if one.text.startswith(begins)]
    return found


def test_a_response_leads_to_its_score_its_baseline_and_the_rows_of_both(traced: Study) -> None:
    row = row_of(traced, "response", "S01-002", avisit="D2", missing_rule="observed", **TP)
    assert (row.values["crit1fl"], row.values["aval"], row.values["base"]) == ("Y", 15.0, 30.0)
    assert rule(row, "crit1fl") == Rule(
        text="crit1fl: MADRS reduction from baseline >= 50 %; 30 to 15 is a change of -50 %", section="4.2"
    )
    assert places(step_of(row, "score of the visit: adqs, D2")) == {(SCORES, 5)}
    assert places(step_of(row, "baseline: adqs, BL")) == {(SCORES, 4)}
    assert len(row.steps) == 2


def test_a_score_leads_to_each_of_its_items(traced: Study) -> None:
    (items,) = row_of(traced, "adqs", "S01-002", avisit="BL").steps
    assert [one["testcd"] for one in items.records] == [*(f"MADRS{n:02d}" for n in range(1, 11)), "MADRSTOT"]
    assert [one["score"] for one in items.records] == [3.0] * 10 + [30.0]
    assert {one["state"] for one in items.records} == {"counted"}
    assert items.records[0]["item"] == "Apparent sadness"
    (source,) = items.sources
    assert (source.file, source.row, source.siteid, source.delivered_on) == (SCORES, 4, "S01", "2026-03-01")
    delivered = traced.folder.inbox / "S01" / SCORES
    assert source.delivery_id == sha256_file(delivered)
    assert (source.stored, source.stored_in) == ("intact", "store")
    assert source.text["madrs_01"] == "3"


def test_a_score_says_how_its_total_visit_and_baseline_came_about(traced: Study) -> None:
    row = row_of(traced, "adqs", "S01-002", avisit="BL")
    assert rule(row, "aval").text == ("aval: made of 10 items (Montgomery and Asberg 1979); with fewer there is no sum")
    assert rule(row, "avisit").text == "avisit BL, target day 1, window day -7 to 1"
    assert rule(row, "ablfl") == Rule(text="ablfl: the score of the baseline visit, before dosing", section="6.2")
    week = row_of(traced, "adqs", "S01-002", avisit="W1")
    assert rule(week, "aval").text.startswith("aval: the total as the site wrote it, as items are missing")
    assert rule(week, "avisit").section == "6.1"


def test_a_carried_forward_score_leads_to_the_visit_that_it_was_taken_from(traced: Study) -> None:
    row = row_of(traced, "response", "S01-006", avisit="W1", missing_rule="locf", **TP)
    assert row.values["dtype"] == "LOCF"
    assert places(step_of(row, "score carried forward: adqs, D2")) == {(SCORES, 10)}
    assert rule(row, "missing_rule") == Rule(
        text="missing_rule locf: a missing score is the last one before it in the same period (LOCF)", section="9.4"
    )


def test_a_baseline_carried_forward_leads_to_the_baseline_once(traced: Study) -> None:
    row = row_of(traced, "response", "S01-006", avisit="W1", missing_rule="bocf", **TP)
    assert (row.values["dtype"], len(row.steps)) == ("BLOCF", 1)
    assert places(step_of(row, "baseline carried forward: adqs, BL")) == {(SCORES, 9)}


def test_a_subject_imputed_as_no_responder_has_no_score_at_the_visit(traced: Study) -> None:
    row = row_of(traced, "response", "S01-006", avisit="W1", missing_rule="nri", **TP)
    assert (row.values["dtype"], row.values["crit1fl"]) == ("NRI", "N")
    assert step_of(row, "no score at W1 that counts: NRI").sources == ()
    assert places(row) == {(SCORES, 9)}


def test_a_composite_failure_leads_to_the_event_that_decides(traced: Study) -> None:
    row = row_of(traced, "response", "S01-003", avisit="W1", estimand="failure", missing_rule="observed")
    assert (row.values["aval"], row.values["crit1fl"]) == (12.0, "N")
    event = step_of(row, "intercurrent event of 2026-01-10")
    assert event.records[0]["dsdecod"] == "LACK OF EFFICACY"
    assert places(event) == {(SUBJECTS, 3)}
    assert "the answer is N (LACK OF EFFICACY)" in rule(row, "estimand").text
    policy = row_of(traced, "response", "S01-003", avisit="W1", missing_rule="observed", **TP)
    assert (policy.values["crit1fl"], len(policy.steps)) == ("Y", 2)


def test_a_remission_has_its_own_rule(traced: Study) -> None:
    row = row_of(traced, "remission", "S01-001", avisit="D2", missing_rule="observed", **TP)
    assert rule(row, "crit1fl").text.startswith("crit1fl: MADRS total <= 10")
    assert places(row) == {(SCORES, 1), (SCORES, 2)}


def test_a_loss_of_response_leads_to_its_start_and_its_event(traced: Study) -> None:
    row = row_of(traced, "durability", "S01-002")
    loss = rule(row, "loss of response")
    assert loss.text.startswith("loss of response: below the threshold at one assessment")
    assert loss.section == "4.3"
    assert places(step_of(row, "start: adqs, D2")) == {(SCORES, 5)}
    assert places(step_of(row, "end: event: adqs, W1")) == {(SCORES, 6)}
    assert [one["aval"] for one in step_of(row, "assessments from start to end").records] == [15.0, 16.0]


def test_a_censored_time_leads_to_the_last_assessment(traced: Study) -> None:
    row = row_of(traced, "durability", "S01-001")
    assert rule(row, "censored").text.startswith("censored: END OF FOLLOW-UP")
    assert places(step_of(row, "end: last known without the event: adqs, W1")) == {(SCORES, 3)}


def test_a_subject_leads_to_demographics_dispositions_and_doses(traced: Study) -> None:
    row = row_of(traced, "adsl", "S01-003")
    assert places(step_of(row, "demographics")) == {(SUBJECTS, 3)}
    assert places(step_of(row, "dispositions")) == {(SUBJECTS, 3), ("allocation_2026-03-01.csv", 3)}
    assert places(step_of(row, "doses")) == {(SUBJECTS, 3)}
    assert rule(row, "analysfl").text == "analysfl Y: randfl = 'Y'"


@pytest.mark.parametrize(
    ("table", "filters", "file", "values"),
    [
        ("adae", {"aeterm": "Nausea"}, "events_2026-03-01.csv", {"aeterm": "Nausea", "aestdtc": "2026-01-05"}),
        ("exposure", {"dose_number": "1"}, SUBJECTS, {"exstdtc": "2026-01-05"}),
        ("biomarkers", {"avisit": "D2"}, SCORES, {"lbtestcd": "CRP", "lbstresn": 1.5}),
    ],
)
def test_a_row_of_any_other_table_leads_to_its_record(
    traced: Study, table: str, filters: dict[str, str], file: str, values: dict[str, object]
) -> None:
    step = row_of(traced, table, "S01-001", **filters).steps[0]
    assert values.items() <= step.records[0].items()
    assert {name for name, _ in places(step)} == {file}


def test_a_change_from_baseline_leads_to_the_baseline_of_a_measurement_too(traced: Study) -> None:
    row = row_of(traced, "biomarkers", "S01-001", avisit="D2")
    assert places(step_of(row, "baseline: biomarkers, BL")) == {(SCORES, 1)}
    label, conversion = row.rules
    assert label.text.startswith("biomarkers: label C-reactive protein, unit mg/L")
    assert conversion.text == "biomarker_units: factor 1"


def test_a_corrected_value_is_shown_with_the_one_before(traced: Study) -> None:
    (items,) = row_of(traced, "adqs", "S01-001", avisit="BL").steps
    (change,) = items.changes
    assert (change["variable"], change["old_value"], change["new_value"]) == ("qsstresn", "4", "3")
    assert (change["old_source_file"], change["new_source_file"]) == ("scores_2026-02-01.csv", SCORES)


def test_items_of_a_transport_file_lead_to_a_row_each(traced: Study) -> None:
    row = row_of(traced, "adqs", "S03-001", avisit="BL")
    assert row.values["aval"] == 20.0
    assert places(row) == {("qs_2026-03-01.xpt", number) for number in range(1, 11)}
    assert next(sources_of(row)).text["QSTESTCD"] == "MADRS01"


def test_two_visits_in_one_row_of_a_wide_file_are_told_apart(traced: Study) -> None:
    for visit, total in (("BL", 28.0), ("W1", 11.0)):
        row = row_of(traced, "adqs", "S02-007", avisit=visit)
        assert [one["score"] for one in row.steps[0].records] == [total]
        assert places(row.steps[0]) == {("wide_2026-03-01.csv", 1)}


@pytest.mark.parametrize("table", ["response_episodes", "durability_intervals"])
def test_a_row_made_of_an_endpoint_leads_to_its_score_and_the_whole_course(traced: Study, table: str) -> None:
    row = row_of(traced, table, "S01-002")
    assert places(row) == {(SCORES, 6)}
    assert rule(row, "response").section == "4.2"
    assert [one["aval"] for one in step_of(row, "assessments").records] == [30.0, 15.0, 16.0]
