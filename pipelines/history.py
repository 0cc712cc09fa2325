"""History: the verdict of every check, and every failing row, over the cuts: what is new, still open, back or gone.

Reads   gate/checks.parquet and gate/failing_rows.parquet of the published cuts, and of the newest one if it was gated
Rule    a cut holds its own verdicts and never those of another; they are laid side by side here. A failing row has an
        id that is the same in every cut, and is that of its query (`pipelines.gate.row_ids`)
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipelines.core.hashing import sha256_json
from pipelines.cut import Cut, cuts, latest_cut
from pipelines.gate.waivers import gate_rows

if TYPE_CHECKING:
    from pipelines.study import Study

State = Literal["new", "open", "back", "gone"]
_SUBJECT = ("usubjid", "paramcd", "avisit", "srcdom")
_KEYS = ("siteid", *_SUBJECT)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A failing row over the cuts; it was `first_seen` in one cut, and in none before `since` without a break."""

    finding_id: str
    check_id: str
    siteid: str | None
    usubjid: str | None
    paramcd: str | None
    avisit: str | None
    srcdom: str | None
    state: State
    first_seen: str
    since: str
    last_seen: str


@dataclass(frozen=True, kw_only=True)
class CheckHistory:
    """A check over the cuts: `verdicts` oldest first, empty where a cut did not have it; how its findings stand."""

    check_id: str
    gate: str
    table_name: str
    severity: str
    sentence: str
    verdicts: tuple[str, ...]
    new: int
    open: int
    back: int
    gone: int


@dataclass(frozen=True, kw_only=True)
class HistoryReceipt:
    """The cuts that were compared, oldest first; checks that ever did not pass clean; findings by check and id."""

    study: str
    cuts: tuple[str, ...]
    checks: tuple[CheckHistory, ...]
    findings: tuple[Finding, ...]


def history(study: Study, *, until: Cut | None = None) -> HistoryReceipt:
    """Returns how checks and failing rows changed over the cuts that were published, and the newest one if gated.

    `until` is the last cut to look at, in place of the newest: those published before it come before it.

    Raises:
        IntegrityError: a verdict table is damaged or cannot be read.
    """
    chosen = _in_order(study, until)
    ids = tuple(cut.cut_id for cut in chosen)
    checks = [{row["check_id"]: row for row in gate_rows(cut, "checks")} for cut in chosen]
    found = [_named(cut, gate_rows(cut, "failing_rows")) for cut in chosen]
    findings = tuple(
        _finding(finding_id, [one.get(finding_id) for one in found], ids)
        for finding_id in sorted({name for one in found for name in one})
    )
    states = Counter((finding.check_id, finding.state) for finding in findings)
    listed = {check_id: row for one in checks for check_id, row in one.items()}
    return HistoryReceipt(
        study=study.study,
        cuts=ids,
        checks=tuple(
            CheckHistory(
                verdicts=tuple(one[check_id]["verdict"] if check_id in one else "" for one in checks),
                new=states[check_id, "new"],
                open=states[check_id, "open"],
                back=states[check_id, "back"],
                gone=states[check_id, "gone"],
                **{key: row[key] for key in ("check_id", "gate", "table_name", "severity", "sentence")},
            )
            for check_id, row in sorted(listed.items())
            if any(one[check_id]["verdict"] != "PASS" for one in checks if check_id in one)
        ),
        findings=tuple(sorted(findings, key=lambda finding: (finding.check_id, finding.finding_id))),
    )


def finding_id(check_id: str, keys: Sequence[object], number: int) -> str:
    """Returns the id of the `number`-th failing row of a check with these keys, for cuts whose rows have none."""
    return sha256_json([check_id, *("" if key is None else str(key) for key in keys), number])[:16]


def _in_order(study: Study, until: Cut | None) -> list[Cut]:
    known = [cut for cut in cuts(study.folder) if (cut.gate / "checks.parquet").is_file()]
    published = [cut for cut in known if cut.seal.exists()]
    chosen = sorted(published, key=lambda cut: (json.loads(cut.seal.read_bytes())["published_at"], cut.cut_id))
    last = until or (latest_cut(study) if known else None)
    if until in chosen:
        return chosen[: chosen.index(until) + 1]
    return [*chosen, last] if last in known and last not in chosen else chosen


def _named(cut: Cut, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns the failing rows by their ids; in a cut of a version that gave none, by their keys and order."""
    exports = {one["delivery_id"]: one.get("layout_file") or one["file"] for one in cut.inputs["deliveries"]}
    seen: Counter[tuple[object, ...]] = Counter()
    named = {}
    for row in rows:
        keys: tuple[object, ...] = tuple(row[key] for key in _KEYS)
        if row["usubjid"] is None:
            # Of nobody: the row itself, in the export whose newest file it stands in.
            keys = (*keys, exports.get(row["delivery_id"], row["source_file"]), row["srcseq"])
        seen[row["check_id"], *keys] += 1
        named[row.get("row_id") or finding_id(row["check_id"], keys, seen[row["check_id"], *keys])] = row
    return named


def _finding(name: str, rows: Sequence[dict[str, Any] | None], ids: tuple[str, ...]) -> Finding:
    present = [place for place, row in enumerate(rows) if row is not None]
    first, last = present[0], present[-1]
    since = last
    while since and rows[since - 1] is not None:
        since -= 1
    newest = len(rows) - 1
    state: State = "gone" if last < newest else "open" if since < newest else "new" if first == newest else "back"
    row = rows[last] or {}
    return Finding(
        finding_id=name,
        check_id=row["check_id"],
        state=state,
        first_seen=ids[first],
        since=ids[since],
        last_seen=ids[last],
        **{key: row[key] for key in _KEYS},
    )
