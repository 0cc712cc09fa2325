"""What a layout must hold beyond its types: targets that exist, types that fit them, codes that the study knows."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.study.domains import DOMAINS, PROVENANCE, domain_of_dataset
from pipelines.study.layout import CodeValue, Column, ExportFile, spread
from pipelines.study.model import Study
from pipelines.study.problem import Problem
from pipelines.study.sdtm import is_verbatim
from pipelines.study.targets import TargetError, parse_target, value_type


def layout_problems(study: Study, name: str, files: tuple[ExportFile, ...]) -> Iterator[Problem]:
    """Yields what is wrong with the layout `name`."""
    for index, export in enumerate(files):
        where = ("layouts", name, index)
        if bool(export.columns) == bool(export.sdtm):
            yield Problem(
                where, "give `columns` or `metadata` or, for a file that is SDTM already, `sdtm: <data set>`."
            )
        yield from _sdtm(export, where)
        if export.file.count("{date}") > 1 or "/" in export.file:
            yield Problem((*where, "file"), "a file name, with `{date}` at most once and no folder.")
        for target in export.constants:
            yield from _target(study, target, (*where, "constants", target))
            if misfit := _misfit(study, Column(to=target)):
                yield Problem((*where, "constants", target), misfit)
        for pattern, column in export.columns.items():
            yield from _column(study, pattern, column, (*where, "columns", pattern))
        targets = {column.to for column in export.columns.values()}
        if export.columns and not targets & {"subject", "usubjid"}:
            yield Problem((*where, "columns"), "no column says `to: subject`. Which one holds the subject's key?")


def _sdtm(export: ExportFile, where: tuple[str | int, ...]) -> Iterator[Problem]:
    for dataset in export.sdtm:
        if domain_of_dataset(dataset) is None:
            text = f"'{dataset}' is no SDTM data set that can be landed. Domains: {', '.join(DOMAINS)}; "
            yield Problem((*where, "sdtm"), text + "splits of them (qsda) and their qualifiers (suppae) too.")
    if len({name.lower() for name in export.sdtm}) < len(export.sdtm):
        yield Problem((*where, "sdtm"), "a data set stands twice. Write each once.")
    if len(export.sdtm) > 1 and "{domain}" not in export.file:
        yield Problem((*where, "file"), "stands for several data sets. Write `{domain}` where their name is.")
    verbatim = {one.name for name in export.domains for one in DOMAINS[name].variables if is_verbatim(one.name, name)}
    for name in export.releasable:
        if not export.sdtm:
            yield Problem((*where, "releasable"), "is for a file with `sdtm`. Write `releasable: true` at the column.")
            break
        if name not in verbatim:
            text = f"'{name}' is not withheld. Withheld are: {', '.join(sorted(verbatim)) or 'none'}."
            yield Problem((*where, "releasable"), text)
    if not export.sdtm and "{domain}" in export.file:
        yield Problem((*where, "file"), "`{domain}` stands for the data sets that `sdtm` lists, and it lists none.")


def _column(study: Study, pattern: str, column: Column, where: tuple[str | int, ...]) -> Iterator[Problem]:
    if {name.casefold() for name in spread(pattern)} & set(PROVENANCE):
        yield Problem(where, f"{', '.join(PROVENANCE)} are columns of landing's own. Ask for another name.")
    if column.to is not None:
        if len(spread(pattern)) != len(spread(column.to)):
            yield Problem((*where, "to"), "must spread over as many names as the column does.")
        wrong = [problem for target in spread(column.to) for problem in _target(study, target, (*where, "to"))]
        yield from wrong
        if not wrong and (misfit := _misfit(study, column)):
            yield Problem((*where, "type"), misfit)
    if column.optional and column.to in {"subject", "usubjid"}:
        yield Problem((*where, "optional"), "no row can do without its subject. Leave `optional` out.")
    low, high = column.range or (None, None)
    if low is not None and high is not None and low > high:
        yield Problem((*where, "range"), "ends before it starts. Write [lowest, highest].")
    visits = {visit.visit for visit in study.visits} | {"UNSCHEDULED"}
    if column.visit is not None and column.visit not in visits:
        yield Problem((*where, "visit"), f"no visit '{column.visit}'. Visits: {', '.join(sorted(visits))}.")
    for code, meaning in (column.codes or {}).items():
        visit = meaning.visit if isinstance(meaning, CodeValue) else meaning if column.to == "visit" else None
        if visit is not None and visit not in visits:
            yield Problem((*where, "codes", code), f"no visit '{visit}'. Visits: {', '.join(sorted(visits))}.")
        arm = meaning.arm if isinstance(meaning, CodeValue) else None
        if (column.to or "").endswith(".arm") and isinstance(meaning, str):
            arm = meaning
        if arm is not None and arm not in study.arms:
            yield Problem((*where, "codes", code), f"no arm '{arm}'. Arms: {', '.join(study.arms)}.")


_FITTING = {"integer": ("integer", "number"), "number": ("integer", "number"), "date": ("date",)}


def _misfit(study: Study, column: Column) -> str | None:
    """Returns what is wrong where a column's type cannot fill its target, so that no value is ever forced into it."""
    fitting = _FITTING.get(value_type(parse_target(spread(column.to or "subject")[0], study.scales)))
    if fitting is None or column.type in fitting:
        return None
    return f"'{column.to}' takes {' or '.join(fitting)}. Write `type: {fitting[0]}`, or another target."


def _target(study: Study, text: str, where: tuple[str | int, ...]) -> Iterator[Problem]:
    try:
        parse_target(text, study.scales)
    except TargetError as error:
        yield Problem(where, str(error))
