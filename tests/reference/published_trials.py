"""docs/published-trials.md: one and the same data under the parameters of published trials; `make trials` writes it.

The deliveries of the demonstration trial are landed once; each trial's parameters take the place of its own, and a cut
is built of each.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.land import land
from pipelines.simulate import simulate
from pipelines.study import Study, load_study
from tests.soaks import write_figure

ROOT = Path(__file__).resolve().parents[2]
TRIALS = sorted((ROOT / "docs" / "published-trials").glob("*.yml"))
PAGE = ROOT / "docs" / "published-trials.md"
OWN = ROOT / "studies" / "kap_demo" / "study.yml"
# Where the trials' visits differ, one visit shows what the definitions alone do.
COMMON = "W4"
HEAD = """# The same data under the definitions of published trials

Made by `make trials` from the files in `docs/published-trials/`. Each holds the parameters of one published trial, as
they take the place of those of the demonstration trial's study file; numbers that are not the trial's own say so in
their `section`. The data are the deliveries of `studies/kap_demo`: simulated, the same in every row, {people}.
**The rows do not compare treatments**: they show how far a definition moves a figure. Each cell is {arms}.

"""
COLUMNS = (
    *("trial", "baseline", "response", "remission", "missing data", "intercurrent events", "visit"),
    *("response", "remission", "response at {common}", "remission at {common}"),
)
RELAPSES = """
Under SUSTAIN-1's rule (from the first remission; two scores, or an event) {relapses} of those with a remission
relapsed ({arms}).

What the trials found in their own populations, with their own treatments:

"""


def trials() -> dict[str, dict[str, Any]]:
    """Returns the files by their stem."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in TRIALS}


def study_file(parameters: dict[str, Any]) -> str:
    """Returns the demonstration trial's study file with these parameters in the place of its own."""
    own: dict[str, Any] = yaml.safe_load(OWN.read_text(encoding="utf-8"))
    changed = parameters.get("visits", {})
    visits = [{**visit, **changed.get(visit["visit"], {})} for visit in own["visits"]]
    return yaml.safe_dump({**own, **parameters, "visits": visits}, sort_keys=False, allow_unicode=True)


def with_parameters(folder: Path, parameters: dict[str, Any]) -> Study:
    """Returns the study in this folder after its parameters were exchanged."""
    (folder / "study.yml").write_text(study_file(parameters), encoding="utf-8")
    return load_study(folder)


def landed(folder: Path) -> Path:
    """Returns the folder of the demonstration trial with its deliveries landed."""
    folder.mkdir(parents=True)
    shutil.copyfile(OWN, folder / "study.yml")
    simulate(folder)
    land(load_study(folder))
    return folder


@dataclass(frozen=True, kw_only=True)
class Line:
    """A trial's line of the page, and what else its cut tells: pairs of two counts, one for each arm."""

    cells: tuple[str, ...]
    people: dict[str, int]
    relapses: tuple[tuple[int, int], ...]


def line(study: Study, title: str) -> Line:
    """Returns what the page says of a study whose parameters are those of a trial."""
    cut = Cut(study.folder, build(study).cut_id)
    endpoint = study.endpoints[0]
    labels = {visit.visit: visit.label for visit in study.visits}
    baseline = next(visit.label for visit in study.visits if visit.baseline)
    response, remission = endpoint.response, endpoint.remission
    with duckdb.connect(str(cut.duckdb), read_only=True) as database:
        figures = [
            _shares(database.execute(_REACHED.format(table=table), [visit]).fetchall())
            for visit in (endpoint.visit, COMMON)
            for table in ("response", "remission")
        ]
        relapses = database.execute(_RELAPSED).fetchall()
        people = database.execute(_PEOPLE).fetchall()
    cells = (
        title,
        baseline,
        f"{'>' if response.strict else '>='} {response.min_reduction_pct:g} %",
        f"{endpoint.instrument} {'<' if remission.strict else '<='} {remission.max_score:g}",
        ", ".join(one.name for one in study.missing_rules),
        ", ".join(one.strategy.replace("_", " ") for one in study.estimands),
        labels[endpoint.visit or COMMON],
        *figures,
    )
    return Line(cells=cells, people=dict(people), relapses=tuple(relapses))


_REACHED = """
    select count_if(crit1fl = 'Y'), count(crit1fl) from {table} where avisit = ? group by trta order by trta
"""
_RELAPSED = "select count_if(cnsr = 0), count(*) from durability group by trta order by trta"
_PEOPLE = "select trta, count(*) from adsl where analysfl = 'Y' group by trta order by trta"


def _shares(counts: Iterable[tuple[int, int]]) -> str:
    return "; ".join(f"{reached}/{known} ({100 * reached / known:.1f} %)" for reached, known in counts)


def page(folder: Path) -> str:
    """Returns the page's text; `folder` takes the landed study and its cuts."""
    root = landed(folder)
    lines = {name: line(with_parameters(root, trial["parameters"]), trial["title"]) for name, trial in trials().items()}
    sustained = lines["sustain_1"]
    arms = "; ".join(sustained.people)
    people = " and ".join(f"{count} randomised to {arm}" for arm, count in sustained.people.items())
    common = next(visit.label for visit in load_study(root).visits if visit.visit == COMMON).lower()
    columns = [column.format(common=common) for column in COLUMNS]
    rows = [one.cells for one in lines.values()]
    reported = [one for one in trials().values() if one["published"]]
    found = [f"- {one['title']} ({one['source']}): {one['published']}." for one in reported]
    return (
        HEAD.format(people=people, arms=arms)
        + "".join(f"| {' | '.join(cells)} |\n" for cells in (columns, ["---"] * len(columns), *rows))
        + RELAPSES.format(relapses=_shares(sustained.relapses), arms=arms)
        + "\n".join([*found, ""])
    )


def main() -> int:
    """Writes the page; with `--check`, says whether it is what would be written, and returns 1 where it is not."""
    with tempfile.TemporaryDirectory(prefix="afterglow-trials-") as folder:
        made = page(Path(folder) / "kap_demo")
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
        sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
        return 0
    differs = made != PAGE.read_text(encoding="utf-8")
    said = "differs from what is made now: run `make trials`" if differs else "is what is made now"
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(trials())} trials, {said}\n")
    write_figure("published-trials", count=1, failed=int(differs), seed=0)
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
