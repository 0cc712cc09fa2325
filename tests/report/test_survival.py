"""Kaplan-Meier by hand, and the log-rank test against a published one."""

from __future__ import annotations

import pytest

from pipelines.report.survival import curve, interval_curve, logrank_p

# Freireich 1963: weeks of remission under 6-MP and placebo; True is censored.
SIX_MP = [(6, 0), (6, 0), (6, 0), (6, 1), (7, 0), (9, 1), (10, 0), (10, 1), (11, 1), (13, 0), (16, 0), (17, 1), (19, 1)]
SIX_MP += [(20, 1), (22, 0), (23, 0), (25, 1), (32, 1), (32, 1), (34, 1), (35, 1)]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_a_curve_steps_at_events_and_keeps_the_censored_at_risk() -> None:
    found = curve([6.0, 6.0, 10.0], [False, True, False])
    assert (found.n, found.events, found.times) == (3, 2, (6.0, 10.0))
    assert found.survival == pytest.approx((2 / 3, 0.0))
    assert [found.at_risk(day) for day in (0, 6, 7, 10, 11)] == [3, 3, 1, 1, 0]
    ((day, share),) = found.censored_survival()
    assert day == 6.0
    assert share == pytest.approx(2 / 3)


def test_published_remission_times_give_the_published_curve_and_test() -> None:
    six_mp = curve([float(time) for time, _ in SIX_MP], [bool(censored) for _, censored in SIX_MP])
    placebo = curve([float(time) for time in PLACEBO], [False] * len(PLACEBO))
    assert six_mp.rate(10)[0] == pytest.approx(0.7529, abs=5e-5)
    # As R's survfit(conf.type = "log-log") gives: median 23 (13 to not reached), 8 (4 to 11).
    assert six_mp.median == (23.0, 13.0, None)
    assert placebo.median == (8.0, 4.0, 11.0)
    # survdiff: chi-squared 16.8 on 1 degree of freedom, p = 4e-05.
    assert logrank_p(six_mp, placebo) == pytest.approx(4.17e-05, rel=0.01)


def test_a_rate_after_the_follow_up_is_not_known_unless_nobody_was_left() -> None:
    assert curve([6.0, 8.0], [False, True]).rate(9) == (None, None, None)
    assert curve([6.0, 8.0], [True, False]).rate(9)[0] == 0.0
    assert curve([6.0], [False]).rate(5) == (1.0, None, None)


def test_nobody_gives_an_empty_curve_and_no_test() -> None:
    empty = curve([], [])
    assert (empty.n, empty.median, empty.rate(1)) == (0, (None, None, None), (None, None, None))
    assert logrank_p(empty, curve([6.0], [False])) is None
    assert logrank_p(curve([6.0], [True]), curve([6.0], [True])) is None


def test_turnbull_gives_the_published_curve_of_breast_retraction() -> None:
    # Finkelstein 1986, radiotherapy alone, months; R's icenReg and Peto 1973 give these shares without retraction.
    times = [(45, None), (25, 37), (37, None), (6, 10), (46, None), (0, 5), (0, 7), (26, 40), (18, None), (46, None)]
    times += [(46, None), (24, None), (46, None), (27, 34), (36, None), (7, 16), (36, 44), (5, 11), (17, None)]
    times += [(46, None), (19, 35), (7, 14), (36, 48), (17, 25), (37, 44), (37, None), (24, None), (0, 8), (40, None)]
    times += [(32, None), (4, 11), (17, 25), (33, None), (15, None), (46, None), (19, 26), (11, 15), (11, 18)]
    times += [(37, None), (22, None), (38, None), (34, None), (46, None), (5, 12), (36, None), (46, None)]
    found = interval_curve([float(low) for low, _ in times], [high for _, high in times])
    assert found.n == 46
    assert [found.rate(month)[1] for month in (5, 7, 8)] == pytest.approx([0.954, 0.920, 0.832], abs=0.002)
    assert list(found.rate(24.5)) == pytest.approx([0.668, 0.761], abs=0.002)


def test_an_exact_event_steps_and_a_bracketed_one_leaves_both_bounds() -> None:
    found = interval_curve([5.0, 10.0, 20.0, 20.0], [5.0, 14.0, None, None])
    shares = [share for day in (4, 5, 12, 14) for share in found.rate(day)]
    assert shares == pytest.approx([1.0, 1.0, 0.75, 0.75, 0.5, 0.75, 0.5, 0.5])
    assert interval_curve([], []).n == 0
