from __future__ import annotations

from typing import Any


def test_each_site_with_a_delivery_is_landed_by_a_task_that_shows_its_name(studies: Any, run: Any) -> None:
    studies.add("trial")
    studies.deliver("trial", "A1")
    studies.deliver("trial", "C3")

    landed = run("land_exports.trial")

    assert landed.state == "success"
    assert landed.tasks == {
        "discover": "success",
        "land[A1]": "success",
        "land[C3]": "success",
        "announce": "success",
        "account": "success",
    }
    assert landed.returned["announce"] == {"new_accepted": 2}


def test_a_second_run_finds_nothing_new_and_wakes_no_cut(studies: Any, run: Any) -> None:
    studies.add("trial")
    studies.deliver("trial", "A1")
    run("land_exports.trial")

    again = run("land_exports.trial")

    assert again.state == "success"
    assert again.tasks["land[A1]"] == "success"
    assert again.tasks["announce"] == "skipped"


def test_an_empty_inbox_is_a_success_that_wakes_no_cut(studies: Any, run: Any) -> None:
    studies.add("trial")

    landed = run("land_exports.trial")

    assert (landed.state, landed.tasks["land"], landed.tasks["announce"]) == ("success", "skipped", "skipped")


def test_a_refused_file_makes_its_site_red_and_stops_nobody_else(studies: Any, run: Any) -> None:
    studies.add("trial")
    studies.deliver("trial", "A1")
    studies.deliver("trial", "B2", "subject,visit,madrs,unknown\n1,BL,30,x\n")

    landed = run("land_exports.trial")

    assert landed.tasks["land[B2]"] == "failed"
    assert landed.tasks["land[A1]"] == landed.tasks["announce"] == landed.tasks["account"] == landed.state == "success"


def test_a_folder_that_is_no_site_fails_the_run_and_the_others_data_goes_on(studies: Any, run: Any) -> None:
    studies.add("trial")
    studies.deliver("trial", "A1")
    studies.deliver("trial", "TYPO")

    landed = run("land_exports.trial")

    assert landed.state == "failed"
    assert landed.tasks["land[TYPO]"] == landed.tasks["account"] == "failed"
    assert landed.tasks["land[A1]"] == landed.tasks["announce"] == "success"


def test_xcom_holds_names_and_counts_and_no_value(studies: Any, run: Any) -> None:
    studies.add("trial")
    studies.deliver("trial", "A1", "subject,visit,madrs\n1,BL,47\n")

    told = run("land_exports.trial").xcoms

    assert {text for _, _, value in told for text in texts(value)} <= {"A1"}
    assert "47" not in str(told)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict | list | tuple):
        return [text for inner in (value.values() if isinstance(value, dict) else value) for text in texts(inner)]
    return [value] if isinstance(value, str) else []
