"""The figures of a fuzz run: its one line, its table and its page."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.bench import CHILD_EVERY, LANDED_EVERY, Verdict


@dataclass(kw_only=True)
class Figures:
    """What was counted so far."""

    run: int
    started: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    cases: int = 0
    lost: int = 0
    peak_mib: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    contained: Counter[str] = field(default_factory=Counter)
    faults: list[Verdict] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.started

    def add(self, verdicts: list[Verdict], peak_mib: int) -> None:
        """Counts what became of these cases."""
        self.ended = self.seconds
        self.peak_mib = max(self.peak_mib, peak_mib)
        for verdict in verdicts:
            self.cases += 1
            self.lost += verdict.lost
            taken = verdict.outcome in {"accepted", "warned"}
            code = "" if taken else (verdict.codes or ["?"])[0]
            aside = taken and any(found.startswith("Q_") for found in verdict.codes)
            self.outcomes[verdict.seed, "accepted in part" if aside else code or "accepted"] += 1
            self.counted["landed"] += verdict.path_of == "landed"
            self.counted["taken"] += taken
            self.counted["checked"] += verdict.checked
            self.counted["rows"] += verdict.rows
            if verdict.contained:
                self.contained[verdict.contained] += 1
            if verdict.fault:
                self.faults.append(verdict)

    def line(self) -> str:
        """Returns the run in one line."""
        hangs = sum(verdict.fault == "hang" for verdict in self.faults)
        crashes = sum(verdict.fault.startswith("crash") for verdict in self.faults)
        others = len(self.faults) - hangs - crashes
        more = f", {others} other faults" if others else ""
        return (
            f"fuzz: {self.cases} cases, {crashes} crashes, {hangs} hangs, {self.lost} rows lost{more}, "
            f"peak {self.peak_mib} MB, seed {self.run}, {self.cases / max(self.ended, 1):.0f} cases/s"
        )

    def table(self) -> str:
        """Returns what became of the cases, a row for each seed."""
        names = list(dict.fromkeys(name for name, _ in sorted(self.outcomes)))
        rows = ["| seed | cases | accepted | accepted in part | refused | by reason |", "|---|---|---|---|---|---|"]
        for name in names:
            of_seed = {outcome: count for (seed, outcome), count in self.outcomes.items() if seed == name}
            total = sum(of_seed.values())
            whole, part = of_seed.pop("accepted", 0), of_seed.pop("accepted in part", 0)
            reasons = ", ".join(f"`{code}` {count}" for code, count in sorted(of_seed.items()))
            rows.append(f"| {name} | {total} | {whole} | {part} | {sum(of_seed.values())} | {reasons} |")
        return "\n".join(rows)

    def page(self) -> str:
        """Returns the page that is kept beside the speed's."""
        contained = ", ".join(f"{what} {count}" for what, count in self.contained.most_common(20)) or "none"
        landed, taken, rows, checked = (self.counted[what] for what in ("landed", "taken", "rows", "checked"))
        lines = [
            "# Fuzzing landing",
            "",
            self.line() + ".",
            "",
            f"`make fuzz FUZZ_SEED={self.run} FUZZ_CASES={self.cases} FUZZ_SECONDS=86400` runs these cases again;",
            f"{os.cpu_count()} processors, Python {platform.python_version()}, {self.ended:.0f} s.",
            "",
            f"- {landed} cases (every {LANDED_EVERY}th) went through `land` to Parquet files and receipts,",
            "  the others through intake, archive and reader, up to their rows as text.",
            f"- {taken} were accepted, with {rows} rows. A second reader of the format could read {checked}",
            f"  of these, and found the same number of rows and the same texts in all but {len(self.faults)}.",
            f"- Parsers ran in the fuzzing process, in every {CHILD_EVERY}th case in their child process. Where a",
            f"  parser broke, the file was refused: {contained}.",
            "",
            self.table(),
            "",
        ]
        return "\n".join(lines)
