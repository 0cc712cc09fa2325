"""The register: each query over all gated cuts, and what its site answered.

Reads   tables/queries.parquet and gate/checks.parquet of the cuts, in the order in which the audit trail says that they
        were gated; the answers
Rule    a cut holds what its own data ask, and nothing of another cut; what became of a query is told here, and is the
        same for the same cuts and answers. An answer closes nothing: a query is closed by a cut that no longer asks it

open        asked, and not answered since
answered    asked, and its site has said something since it was last opened
reopened    closed once and asked again, not answered since
closed      a later cut does not ask it any more
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from pipelines.cut import Cut, cuts
from pipelines.ledger import events
from pipelines.queries.answers import Answer, answers

if TYPE_CHECKING:
    from pipelines.study import Study

Status = Literal["open", "answered", "reopened", "closed"]
STATUSES: tuple[Status, ...] = ("open", "answered", "reopened", "closed")
OPEN: tuple[Status, ...] = ("open", "answered", "reopened")
_SHOWN = (
    "query_id", "siteid", "usubjid", "avisit", "item", "raised_by", "check_id", "severity", "sentence", "srcdom",
    "source_file", "srcseq",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Query:
    """One query, as the newest cut that asked it says; days are those of deliveries, ISO 8601.

    `opened_on` is since when the data are so, `closed_on` the day of the newest delivery of the cut that closed it;
    `age_days` runs from the one to the other, or to the newest delivery known. `cuts` are those that opened it, first
    and again; `answer` is its site's last one since then.
    """

    query_id: str
    siteid: str | None
    usubjid: str | None
    avisit: str | None
    item: str | None
    raised_by: str
    check_id: str
    severity: str
    sentence: str
    srcdom: str | None
    source_file: str | None
    srcseq: int | None
    status: Status
    opened_on: str | None
    closed_on: str | None = None
    age_days: int | None = None
    cuts: tuple[str, ...] = ()
    closed_by: str | None = None
    answer: str | None = None
    answered_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class SiteCounts:
    """How many queries of a site have which status, and the median age of those that are not closed, in days."""

    siteid: str
    open: int
    answered: int
    reopened: int
    closed: int
    median_age_days: float | None


@dataclass(frozen=True, kw_only=True)
class Register:
    """All queries of a study by site and id, over these cuts, oldest first."""

    study: str
    cuts: tuple[str, ...]
    queries: tuple[Query, ...]

    @property
    def sites(self) -> tuple[SiteCounts, ...]:
        """The counts of each site that was asked something."""
        named = sorted({one.siteid or "" for one in self.queries})
        return tuple(_counts(site, [one for one in self.queries if (one.siteid or "") == site]) for site in named)


@dataclass
class _Life:
    row: dict[str, Any]
    is_open: bool = True
    opened_at: int = 0
    cuts: list[str] = field(default_factory=list)
    closed_on: str | None = None
    closed_by: str | None = None


def queries(study: Study) -> Register:
    """Returns the register of a study.

    Raises:
        IntegrityError: a table of queries is damaged, or an answer is not as it came.
    """
    from pipelines.core.parquet import read_rows

    gated = _gated(study)
    lives: dict[str, _Life] = {}
    days = [_day(cut) for cut in gated]
    for place, cut in enumerate(gated):
        asked = {row["query_id"]: row for row in read_rows(cut.queries)}
        could_not_run = {row["check_id"] for row in read_rows(cut.gate / "checks.parquet") if row["verdict"] == "ERROR"}
        for query_id, row in asked.items():
            _asked(lives, query_id, row, place=place, cut_id=cut.cut_id)
        for query_id, life in lives.items():
            # A check that could not run says nothing of what it asked before.
            if life.is_open and query_id not in asked and life.row["check_id"] not in could_not_run:
                life.is_open, life.closed_on, life.closed_by = False, days[place], cut.cut_id
    places = {cut.cut_id: place for place, cut in enumerate(gated)}
    given = answers(study.folder)
    newest = max((day for day in days if day), default=None)
    found = [_query(life, given.get(query_id, []), places, newest) for query_id, life in lives.items()]
    return Register(
        study=study.study,
        cuts=tuple(cut.cut_id for cut in gated),
        queries=tuple(sorted(found, key=lambda one: (one.siteid or "", one.usubjid or "", one.query_id))),
    )


def selected(register: Register, *, sites: Iterable[str] = (), statuses: Iterable[str] = ()) -> Register:
    """Returns the register with the queries of these sites and statuses alone; none named is all."""
    wanted_sites, wanted = set(sites), set(statuses)
    kept = (
        one
        for one in register.queries
        if (not wanted_sites or one.siteid in wanted_sites) and (not wanted or one.status in wanted)
    )
    return replace(register, queries=tuple(kept))


def _asked(lives: dict[str, _Life], query_id: str, row: dict[str, Any], *, place: int, cut_id: str) -> None:
    life = lives.get(query_id)
    if life is None:
        lives[query_id] = _Life(row=row, opened_at=place, cuts=[cut_id])
        return
    if not life.is_open:
        life.is_open, life.opened_at, life.closed_on, life.closed_by = True, place, None, None
        life.cuts.append(cut_id)
    life.row = row


def _query(life: _Life, given: list[Answer], places: dict[str, int], newest: str | None) -> Query:
    opened_on = life.row["opened_on"].isoformat() if life.row["opened_on"] else None
    # An answer counts for the time of which it was given: to a cut since the query was last opened.
    since = [answer for answer in given if places.get(answer.cut_id, -1) >= life.opened_at]
    answer = since[-1] if since else None
    if not life.is_open:
        status: Status = "closed"
    elif answer:
        status = "answered"
    else:
        status = "reopened" if len(life.cuts) > 1 else "open"
    until = newest if life.is_open else life.closed_on
    age = (dt.date.fromisoformat(until) - dt.date.fromisoformat(opened_on)).days if until and opened_on else None
    return Query(
        **{name: life.row[name] for name in _SHOWN},
        status=status,
        opened_on=opened_on,
        closed_on=life.closed_on,
        age_days=age,
        cuts=tuple(life.cuts),
        closed_by=life.closed_by,
        answer=answer.answer if answer else None,
        answered_at=answer.received_at if answer else None,
    )


def _counts(site: str, of_site: list[Query]) -> SiteCounts:
    count = {status: sum(one.status == status for one in of_site) for status in STATUSES}
    ages = [one.age_days for one in of_site if one.status != "closed" and one.age_days is not None]
    return SiteCounts(
        siteid=site,
        open=count["open"],
        answered=count["answered"],
        reopened=count["reopened"],
        closed=count["closed"],
        median_age_days=float(median(ages)) if ages else None,
    )


def _gated(study: Study) -> list[Cut]:
    """Returns the cuts that tell the story: gated, and of all that was known.

    Of a blinded study they are the blinded ones, also after it was unblinded: what an open cut asks may tell an arm.
    """
    order: dict[str, int] = {}
    for each in events(study.folder):
        if each.action == "gate" and (event := each.event):
            order.setdefault(event.object.removeprefix("cut "), each.seq)
    whole = [
        cut
        for cut in cuts(study.folder)
        if cut.queries.is_file()
        and (cut.gate / "checks.parquet").is_file()
        and not (cut.inputs.get("as_of") or cut.inputs.get("data_cutoff"))
    ]
    # One that the audit trail does not know yet was gated just now.
    whole.sort(key=lambda cut: (order.get(cut.cut_id, len(order) + 1 + max(order.values(), default=0)), cut.cut_id))
    blinded = study.blinding == "blinded" or bool(whole and whole[-1].inputs.get("blinded"))
    return [cut for cut in whole if bool(cut.inputs.get("blinded")) == blinded]


def _day(cut: Cut) -> str | None:
    days = [one.get("delivered_on") for one in cut.inputs["deliveries"]]
    return max((str(day) for day in days if day), default=None)
