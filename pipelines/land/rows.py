"""A file's rows while they are shaped: their checked columns and their own keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipelines.land.checked import Checked
from pipelines.land.coding import Coded, Flags
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class Rows:
    """`keys` holds studyid, siteid, usubjid, visit, visitnum and, where codes tell it, arm.

    `typed` flags the rows whose every value is as declared.
    """

    study: Study
    checked: list[Checked]
    count: int
    typed: Flags
    visit_numbers: dict[str, float]
    keys: dict[str, Coded] = field(default_factory=dict)

    def of_target(self, domain: str | None, variable: str) -> list[Checked]:
        """Returns the columns without a test that fill this variable."""
        return [
            one
            for one in self.checked
            if one.rule.target
            and one.rule.target.test is None
            and (one.rule.target.domain, one.rule.target.variable) == (domain, variable)
        ]

    def named(self, domain: str, variable: str) -> str:
        """Returns the file's own name of the column that fills this variable; the variable's name where none does."""
        found = self.of_target(domain, variable) or self.of_target(None, variable)
        return found[0].rule.name if found else variable.upper()

    def replace(self, number: int, value: Coded) -> None:
        """Puts other values in the place of a column's."""
        self.checked[number] = replace(self.checked[number], value=value, filling=value)
