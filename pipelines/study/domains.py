"""The SDTM-shaped domains that landing writes, as data.

Names and meanings are SDTM's (CDISC SDTM v1.8 / SDTMIG 3.3), in lower case. A `treatment` variable reveals the arm:
landing writes it to the vault and nowhere else. Date variables (`...dtc`) stay ISO 8601 text, which may be partial.

Every landed row also has `studyid, siteid, usubjid` and its provenance `_delivery_id` (SHA-256 of the delivered file),
`_source_file`, `_source_row` (1 = first data row) and `_record` (position among the records made from that row).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VariableType = Literal["text", "integer", "number", "date"]

KEYS = ("studyid", "siteid", "usubjid")
PROVENANCE = ("_delivery_id", "_source_file", "_source_row", "_record")
SQL_TYPES: dict[VariableType, str] = {"text": "varchar", "integer": "bigint", "number": "double", "date": "varchar"}


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable of a domain; `treatment` marks what reveals the arm."""

    name: str
    type: VariableType = "text"
    treatment: bool = False


@dataclass(frozen=True, kw_only=True)
class Domain:
    """One SDTM domain: its variables and what makes a record unique within a subject.

    `test` and `result` name the variables that an unpivoted column fills (`qs.MADRS.01`, `vs.SYSBP`).
    """

    name: str
    label: str
    variables: tuple[Variable, ...]
    key: tuple[str, ...]
    date: str | None = None
    test: str | None = None
    result: str | None = None
    unit: str | None = None

    def variable(self, name: str) -> Variable | None:
        """Returns the variable called `name`, or None."""
        return next((variable for variable in self.variables if variable.name == name), None)


def _domain(  # noqa: PLR0913  (one argument a kind of variable: the catalogue below reads as a table)
    name: str,
    label: str,
    text: str,
    *,
    key: str,
    integer: str = "",
    number: str = "",
    dates: str = "",
    treatment: str = "",
    date: str | None = None,
    test: str | None = None,
    result: str | None = None,
    unit: str | None = None,
) -> Domain:
    revealing = treatment.split()
    typed: tuple[tuple[str, VariableType], ...] = (
        *((word, "text") for word in text.split()),
        *((word, "integer") for word in integer.split()),
        *((word, "number") for word in number.split()),
        *((word, "date") for word in dates.split()),
    )
    return Domain(
        name=name,
        label=label,
        variables=tuple(Variable(name=word, type=kind, treatment=word in revealing) for word, kind in typed),
        key=tuple(key.split()),
        date=date,
        test=test,
        result=result,
        unit=unit,
    )


# `dx` (diagnosis), `stratum`, `period`, `fidelity` and `therapist` are supplemental qualifiers kept beside their parent
# domain, so that a study needs no SUPP-- file for them.
DOMAINS: dict[str, Domain] = {
    domain.name: domain
    for domain in (
        _domain(
            "dm",
            "Demographics",
            "subjid sex race ethnic country dx stratum arm actarm",
            integer="age",
            dates="rficdtc rfstdtc rfendtc dthdtc",
            treatment="arm actarm",
            key="",
        ),
        _domain(
            "ex",
            "Exposure",
            "visit arm extrt exdosu exroute excat",
            integer="exseq period",
            number="visitnum exdose",
            dates="exstdtc exendtc",
            treatment="arm extrt exdose exdosu",
            key="visit exstdtc period exseq",
            date="exstdtc",
        ),
        _domain(
            "qs",
            "Questionnaires",
            "qscat qstestcd qstest qsorres qsstat visit qstpt arm",
            integer="qsseq period",
            number="visitnum qsstresn",
            dates="qsdtc",
            treatment="arm",
            key="qstestcd visit qsdtc qstpt period arm",
            date="qsdtc",
            test="qstestcd",
            result="qsstresn",
        ),
        _domain(
            "vs",
            "Vital signs",
            "vstestcd vstest vsorres vsstresu vsstat visit vstpt vspos",
            integer="vsseq",
            number="visitnum vsstresn",
            dates="vsdtc",
            key="vstestcd visit vsdtc vstpt vspos",
            date="vsdtc",
            test="vstestcd",
            result="vsstresn",
            unit="vsstresu",
        ),
        _domain(
            "lb",
            "Laboratory",
            "lbtestcd lbtest lborres lbstresu lbstat visit lbtpt",
            integer="lbseq",
            number="visitnum lbstresn",
            dates="lbdtc",
            key="lbtestcd visit lbdtc lbtpt",
            date="lbdtc",
            test="lbtestcd",
            result="lbstresn",
            unit="lbstresu",
        ),
        _domain(
            "ae",
            "Adverse events",
            "aeterm aedecod aebodsys aesev aeser aerel aeout aeacn",
            integer="aeseq",
            dates="aestdtc aeendtc",
            key="aeseq aeterm aestdtc",
            date="aestdtc",
        ),
        _domain(
            "ds",
            "Disposition",
            "dsterm dsdecod dscat arm",
            integer="dsseq period",
            dates="dsstdtc",
            treatment="arm",
            key="dsdecod dsstdtc period",
            date="dsstdtc",
        ),
        _domain(
            "pr",
            "Procedures: psychotherapy sessions",
            "prtrt prcat proccur visit therapist",
            integer="prseq",
            number="visitnum minutes fidelity",
            dates="prstdtc",
            key="prtrt visit prstdtc prseq",
            date="prstdtc",
        ),
        _domain(
            "ce",
            "Clinical events: relapse and its like",
            "ceterm cedecod cecat",
            integer="ceseq",
            dates="cestdtc ceendtc",
            key="ceterm cedecod cestdtc ceseq",
            date="cestdtc",
        ),
    )
}
