"""What a column's `to` means: a key of the row, a variable of a domain, or a result by its test code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.study.catalogue import Instrument, catalogue
from pipelines.study.domains import DOMAINS
from pipelines.study.instruments import Score
from pipelines.study.layout import ROW_TARGETS
from pipelines.study.sdtm import VariableType

_TEST = re.compile(r"[A-Z][A-Z0-9]{0,7}")


class TargetError(ValueError):
    """A target that names nothing; its text says what would."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a value goes: `domain` and `variable`; `test` is set for a result that becomes a record of its own."""

    domain: str | None
    variable: str
    test: str | None = None
    category: str | None = None
    allowed: tuple[Score, Score] | None = None


def value_type(target: Target) -> VariableType:
    """Returns the type of what the target holds; keys of a row are text, but for its date."""
    variable = DOMAINS[target.domain].variable(target.variable) if target.domain else None
    return "date" if target.variable == "date" else variable.type if variable else "text"


def parse_target(text: str, scales: Mapping[str, Instrument] | None = None) -> Target:
    """Returns what `text` names; `scales` are the study's instruments, without them those of the catalogue.

    Raises:
        TargetError: it names nothing that a study file can fill.
    """
    if text in ROW_TARGETS:
        return Target(domain=None, variable=text)
    parts = text.split(".")
    domain = DOMAINS.get(parts[0])
    if domain is None or len(parts) == 1:
        message = f"'{text}' names nothing. Write {', '.join(ROW_TARGETS)}, or one of the domains {', '.join(DOMAINS)} "
        raise TargetError(message + "with a variable (dm.age) or a test (vs.SYSBP, qs.MADRS.total).")
    if len(parts) == 2:
        return _variable_or_test(parts[0], parts[1])
    known = catalogue() if scales is None else scales
    instrument = known.get(parts[1])
    if parts[0] != "qs" or len(parts) > 3 or instrument is None:
        message = f"'{text}': only qs.<instrument>.<item or total> has three parts. "
        raise TargetError(message + f"Instruments: {', '.join(sorted(known))}.")
    if parts[2] == "total":
        testcd = instrument.total_testcd
    elif parts[2].isascii() and parts[2].isdigit() and instrument.item_testcd(int(parts[2])) in instrument.item_ranges:
        testcd = instrument.item_testcd(int(parts[2]))
    else:
        message = f"'{text}': {parts[1]} has items {_listed(instrument)}, or `total`."
        raise TargetError(message)
    return Target(domain="qs", variable="qsstresn", test=testcd, category=parts[1], allowed=instrument.ranges[testcd])


def _listed(instrument: Instrument) -> str:
    numbers = [item.number for item in instrument.items]
    whole = numbers == list(range(1, len(numbers) + 1))
    return f"1 to {len(numbers)}" if whole else ", ".join(str(number) for number in numbers)


def _variable_or_test(domain_name: str, name: str) -> Target:
    domain = DOMAINS[domain_name]
    if domain.variable(name) is not None:
        return Target(domain=domain_name, variable=name)
    if domain.result is not None and domain_name != "qs" and _TEST.fullmatch(name):
        return Target(domain=domain_name, variable=domain.result, test=name)
    known = ", ".join(variable.name for variable in domain.variables)
    message = f"'{domain_name}.{name}': no such variable. {domain_name} has {known}"
    raise TargetError(message + (", or a test code in capitals (vs.SYSBP)." if domain.result else "."))
