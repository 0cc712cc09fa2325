"""The audit review report: what a reviewer looks at before a database is locked (EMA 2023, 6.2; ICH E6(R3) 4.2.2).

endpoint    changes of what an endpoint is made of: items and totals of its instruments, doses, the ends of
            participation and clinical events
late        values changed and records vanished after a cut was published, or so many days after the delivery that
            they correct; after a lock records added too
who         changes by site and user, and actions by user
code breaks how often a code was broken, of how many subjects, by class of the reason
Rule    counts and places; never a value, an arm or a subject's key
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.audit.trail import cut_to_read, landings, rows_of
from pipelines.core.duck import literal
from pipelines.cut import cuts, recorded_code_breaks
from pipelines.ledger import Recorded, broken_links, events
from pipelines.study.domains import DOMAINS

if TYPE_CHECKING:
    from pipelines.study import Study

LATE_DAYS = 30
# What decides windows, baselines, censoring and relapse, beside the scores themselves.
_OF_ENDPOINTS = ("EX", "DS", "CE")
# A record's key starts with its test code where its domain has one, and is taken apart nowhere else: it may hold text.
_TESTED = tuple(name.upper() for name, domain in DOMAINS.items() if domain.key[:1] == (f"{name}testcd",))


@dataclass(frozen=True, kw_only=True)
class ChangeCount:
    """Changes of one variable at one site; `feeds_endpoint` where an endpoint is made of it."""

    siteid: str
    domain: str
    test: str
    variable: str
    feeds_endpoint: bool
    changed: int
    added: int
    vanished: int


@dataclass(frozen=True, kw_only=True)
class LateChanges:
    """Changes that came with one delivery, and why they are late."""

    siteid: str
    file: str
    landed_at: str
    user: str
    why: str
    changes: int
    of_endpoints: int


@dataclass(frozen=True, kw_only=True)
class Review:
    """The report; `by_user` counts values changed and records vanished by site and by whom, `actions` all events.

    `code_breaks` are class of the reason, subjects, and code breaks.
    """

    study: str
    cut_id: str | None
    events: int
    broken: tuple[str, ...]
    late_days: int
    changes: tuple[ChangeCount, ...]
    late: tuple[LateChanges, ...]
    by_user: tuple[tuple[str, str, int], ...]
    actions: tuple[tuple[str, str, int], ...]
    code_breaks: tuple[tuple[str, int, int], ...]

    @property
    def endpoint_changes(self) -> tuple[ChangeCount, ...]:
        """Those of what endpoints are made of."""
        return tuple(one for one in self.changes if one.feeds_endpoint)


def review(study: Study, *, late_days: int = LATE_DAYS) -> Review:
    """Returns the audit review report.

    Args:
        study: the study.
        late_days: a change is late that comes more than so many days after the delivery that it corrects.

    Raises:
        IntegrityError: the ledger or a table cannot be read; a chain that does not hold is told in `broken`.
    """
    recorded = events(study.folder)
    cut = cut_to_read(study)
    rows: list[dict[str, Any]] = []
    if cut:
        rows = rows_of(cut, _QUERY)
    for row in rows:
        row["feeds_endpoint"] = feeds_endpoint(study, row["domain"], row["test"])
    came = landings(recorded)
    by_user: Counter[tuple[str, str]] = Counter()
    for row in rows:
        by_user[row["siteid"], _user(came, row)] += row["changed"] + row["vanished"]
    actions = Counter((each.user, each.action) for each in recorded)
    return Review(
        study=study.study,
        cut_id=cut.cut_id if cut else None,
        events=len(recorded),
        broken=tuple(broken_links(recorded)),
        late_days=late_days,
        changes=_counted(rows),
        late=_late(rows, came, _published_at(study), _locks(recorded), late_days),
        by_user=tuple((site, user, n) for (site, user), n in sorted(by_user.items())),
        actions=tuple((user, action, n) for (user, action), n in sorted(actions.items())),
        code_breaks=_code_breaks(study),
    )


def _code_breaks(study: Study) -> tuple[tuple[str, int, int], ...]:
    broken: dict[str, list[str]] = {}
    for subject, _, why in recorded_code_breaks(study):
        broken.setdefault(why, []).append(subject)
    return tuple((why, len(set(subjects)), len(subjects)) for why, subjects in sorted(broken.items()))


def feeds_endpoint(study: Study, domain: str, test: str | None) -> bool:
    """Whether an endpoint of the study is made of these records."""
    if domain == "QS":
        return test in {code for one in study.endpoints for code in study.scales[one.instrument].ranges}
    return domain in _OF_ENDPOINTS


_QUERY = (
    "select coalesce(changes.siteid, '') as siteid, domain, coalesce(variable, '') as variable, "
    f"coalesce(case when domain in ({', '.join(map(literal, _TESTED))}) then split_part(record_key, ' | ', 1) end, '') "
    "as test, new_delivery_id, new_source_file, "
    "max(date_diff('day', older.delivered_on, changes.seen_on)) as days_after, "
    "count(*) filter (where change = 'changed') as changed, count(*) filter (where change = 'added') as added, "
    "count(*) filter (where change = 'vanished') as vanished "
    "from {record_changes} as changes left join ("
    "    select delivery_id, file, min(delivered_on) as delivered_on from {deliveries} group by all"
    ") as older on changes.old_delivery_id = older.delivery_id and changes.old_source_file = older.file "
    "group by all order by all"
)


def _counted(rows: list[dict[str, Any]]) -> tuple[ChangeCount, ...]:
    keys = ("siteid", "domain", "test", "variable", "feeds_endpoint")
    counts: dict[tuple[Any, ...], Counter[str]] = {}
    for row in rows:
        counted = counts.setdefault(tuple(row[key] for key in keys), Counter())
        counted.update({name: row[name] for name in ("changed", "added", "vanished")})
    made = [
        ChangeCount(
            **dict(zip(keys, key, strict=True)),
            changed=counted["changed"],
            added=counted["added"],
            vanished=counted["vanished"],
        )
        for key, counted in counts.items()
    ]
    return tuple(sorted(made, key=lambda one: (not one.feeds_endpoint, one.siteid, one.domain, one.test, one.variable)))


def _late(
    rows: list[dict[str, Any]],
    came: dict[tuple[str, str], Recorded],
    published: list[str],
    locks: list[tuple[str, str]],
    late_days: int,
) -> tuple[LateChanges, ...]:
    found: dict[tuple[str, ...], Counter[str]] = {}
    for row in rows:
        landed = came.get((row["new_delivery_id"], row["new_source_file"]))
        at = landed.at if landed else ""
        why = []
        # What is new is no correction; after a lock it is a change of the data all the same.
        n = row["changed"] + row["vanished"]
        if any(locked < at and (not unlocked or at < unlocked) for locked, unlocked in locks):
            why.append("after a lock")
            n += row["added"]
        if at and published and published[0] < at:
            why.append("after a cut was published")
        if row["days_after"] is not None and row["days_after"] > late_days:
            why.append(f"more than {late_days} days after what it corrects")
        if not why or not n:
            continue
        key = (row["siteid"], row["new_source_file"], at, landed.user if landed else "", "; ".join(why))
        found.setdefault(key, Counter()).update({"all": n, "endpoints": n if row["feeds_endpoint"] else 0})
    return tuple(
        LateChanges(
            siteid=site, file=file, landed_at=at, user=user, why=why, changes=n["all"], of_endpoints=n["endpoints"]
        )
        for (site, file, at, user, why), n in sorted(found.items())
    )


def _user(came: dict[tuple[str, str], Recorded], row: dict[str, Any]) -> str:
    landed = came.get((row["new_delivery_id"], row["new_source_file"]))
    return landed.user if landed else ""


def _published_at(study: Study) -> list[str]:
    """Returns when cuts were published, oldest first."""
    seals = (cut.seal for cut in cuts(study.folder) if cut.seal.exists())
    return sorted(str(json.loads(seal.read_bytes())["published_at"]) for seal in seals)


def _locks(recorded: list[Recorded]) -> list[tuple[str, str]]:
    """Returns from when to when the data were locked; the last one has no end while it holds."""
    found: list[tuple[str, str]] = []
    for each in recorded:
        is_open = bool(found) and not found[-1][1]
        if each.action == "lock" and not is_open:
            found.append((each.at, ""))
        elif each.action == "unlock" and is_open:
            found[-1] = (found[-1][0], each.at)
    return found
