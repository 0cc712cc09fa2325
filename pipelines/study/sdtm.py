"""What SDTM says: which variables are legal, by observation class, which reveal the arm, and the forms of a domain.

Source  CDISC SDTM v1.8 (general observation classes, tables 2.2.1 to 2.2.6) and SDTMIG 3.3. `--` stands for the domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VariableType = Literal["text", "integer", "number", "date"]

_IDENTIFIERS = "--SEQ --GRPID --REFID --RECID --SPID --LNKID --LNKGRP SPDEVID POOLID FOCID"
_TIMING = (
    "VISITNUM VISIT VISITDY TAETORD EPOCH --DTC --STDTC --ENDTC --DY --STDY --ENDY --NOMDY --NOMLBL --DUR --TPT "
    "--TPTNUM --ELTM --TPTREF --RFTDTC --STRF --ENRF --EVLINT --EVINTX --STRTPT --STTPT --ENRTPT --ENTPT --STINT "
    "--ENINT --DETECT MIDS RELMIDS MIDSDTC"
)
_AROUND = f"{_IDENTIFIERS} {_TIMING}"
_QUALIFIERS = "--CAT --SCAT --STAT --REASND --LOC --LAT --DIR --PORTOT"
INTERVENTIONS = (
    f"{_AROUND} {_QUALIFIERS} --TRT --MODIFY --DECOD --MOOD --PRESP --OCCUR --REASOC --INDC --CLAS --CLASCD --DOSE "
    "--DOSTXT --DOSU --DOSFRM --DOSFRQ --DOSTOT --DOSRGM --ROUTE --LOT --FAST --PSTRG --PSTRGU --TRTV --VAMT "
    "--VAMTU --ADJ --RSDISC --USCHFL"
)
EVENTS = (
    f"{_AROUND} {_QUALIFIERS} --TERM --MODIFY --LLT --LLTCD --DECOD --PTCD --HLT --HLTCD --HLGT --HLGTCD --PRESP "
    "--OCCUR --BODSYS --BDSYCD --SOC --SOCCD --PARTY --PRTYID --SEV --SER --ACN --ACNOTH --ACNDEV --REL --RELNST "
    "--PATT --OUT --SCAN --SCONG --SDISAB --SDTH --SHOSP --SLIFE --SOD --SMIE --SINTV --UNANT --RLDEV --RLPRT "
    "--RLPRC --CONTRT --TOX --TOXGR --USCHFL"
)
FINDINGS = (
    f"{_AROUND} {_QUALIFIERS} --TESTCD --TEST --MODIFY --TSTDTL --OBJ --POS --BODSYS --ORRES --ORRESU --ORNRLO "
    "--ORNRHI --ORREF --STRESC --STRESN --STRESU --STNRLO --STNRHI --STNRC --STREFC --NRIND --RESCAT --RESLOC "
    "--CHRON --DISTR --XFN --NAM --LOINC --SPEC --ANTREG --SPCCND --SPCUFL --METHOD --RUNID --ANMETH --LEAD "
    "--CSTATE --BLFL --LOBXFL --FAST --DRVFL --EVAL --EVALID --ACPTFL --TOX --TOXGR --SEV --DTHREL --CLSIG --LLOQ "
    "--ULOQ --EXCLFL --REASEX --REPNUM --USCHFL"
)
_DEMOGRAPHICS = "SITEID INVID INVNAM AGEU AGETXT RFXSTDTC RFXENDTC RFPENDTC DTHFL --DTC --DY RFCSTDTC RFCENDTC"
# Which of them each domain may hold is left to its sponsor: SDTM lets any variable of its class into a domain.
LEGAL = frozenset(f"STUDYID DOMAIN {INTERVENTIONS} {EVENTS} {FINDINGS} {_DEMOGRAPHICS}".split())

# A lot or a device is given to one arm only, and an element, or its place, may be one arm's.
REVEALING = frozenset({"SPDEVID", "ETCD", "ELEMENT", "TAETORD", "--LOT"})
DOSING = "--TRT --DOSE --DOSTXT --DOSU --DOSFRM --DOSTOT --DOSRGM --LOT --PSTRG --PSTRGU --TRTV --VAMT --VAMTU --ADJ"

# What a person typed in words of their own. The study file says which of it may stand in tables.
_TYPED_IN = "--TERM --TRT --MODIFY --INDC --REASND --REASOC --REASEX --ACNOTH --RELNST --UPDES QVAL"
VERBATIM = frozenset(_TYPED_IN.split())

_INTEGERS = frozenset({"--SEQ", "--DY", "--STDY", "--ENDY", "--NOMDY", "--REPNUM", "VISITDY", "TAETORD"})
_NUMBERS = frozenset({"--DOSE", "--DOSTOT", "--VAMT", "--STRESN", "--STNRLO", "--STNRHI", "--TPTNUM", "VISITNUM"})


def typed(words: str, domain: str) -> dict[str, str]:
    """Returns variables of a class as those of a domain, by type: `text`, `integer`, `number` and `dates`, in words."""
    kinds: dict[str, list[str]] = {"text": [], "integer": [], "number": [], "dates": []}
    for word in words.split():
        if word in _INTEGERS:
            kind = "integer"
        elif word in _NUMBERS:
            kind = "number"
        else:
            kind = "dates" if word.endswith("DTC") else "text"
        kinds[kind].append(named(word, domain))
    return {kind: " ".join(names) for kind, names in kinds.items()}


def named(word: str, domain: str) -> str:
    """Returns the name that a variable has in a domain, in lower case: `--SEQ` in `ae` is `aeseq`."""
    return word.replace("--", domain.upper()).lower()


def general(name: str, domain: str) -> set[str]:
    """Returns how SDTM's tables write a variable of a domain: as it is, and with `--` in place of the domain."""
    return {name, f"--{name.removeprefix(domain.upper())}"} if name.startswith(domain.upper()) else {name}


def is_verbatim(variable: str, domain: str) -> bool:
    """Whether a variable of an SDTM file, in lower case, is free text; `prtrt`, the kind of a session, is of a list."""
    return variable != "prtrt" and not VERBATIM.isdisjoint(general(variable.upper(), domain))


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable of a domain; `treatment` marks what reveals the arm."""

    name: str
    type: VariableType = "text"
    treatment: bool = False


@dataclass(frozen=True, kw_only=True)
class Domain:
    """One SDTM domain: its variables and what makes a record unique within a subject.

    `test` and `result` name the variables that an unpivoted column fills (`qs.MADRS.01`, `vs.SYSBP`). `analysed`:
    models make tables of it; any other is a table of its own in the cut. `of_subjects`: each record names its subject.
    `in_vault`: how many records a subject has tells its arm already, so that all of them are in the vault only.
    """

    name: str
    label: str
    variables: tuple[Variable, ...]
    key: tuple[str, ...]
    date: str | None = None
    test: str | None = None
    result: str | None = None
    unit: str | None = None
    analysed: bool = True
    of_subjects: bool = True
    in_vault: bool = False

    @property
    def hidden(self) -> tuple[Variable, ...]:
        """The variables that only the vault holds."""
        return tuple(variable for variable in self.variables if self.in_vault or variable.treatment)

    def variable(self, name: str) -> Variable | None:
        """Returns the variable called `name`, or None."""
        return next((variable for variable in self.variables if variable.name == name), None)


def domain(  # noqa: PLR0913  (one argument a kind of variable: the catalogue below reads as a table)
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
    analysed: bool = True,
    of_subjects: bool = True,
    in_vault: bool = False,
) -> Domain:
    """Returns a domain; its variables are given by type, as words."""
    revealing = treatment.split()
    variables: tuple[tuple[str, VariableType], ...] = (
        *((word, "text") for word in text.split()),
        *((word, "integer") for word in integer.split()),
        *((word, "number") for word in number.split()),
        *((word, "date") for word in dates.split()),
    )
    return Domain(
        name=name,
        label=label,
        variables=tuple(Variable(name=word, type=kind, treatment=word in revealing) for word, kind in variables),
        key=tuple(key.split()),
        date=date,
        test=test,
        result=result,
        unit=unit,
        analysed=analysed,
        of_subjects=of_subjects,
        in_vault=in_vault,
    )


# What tells two results of one test at one visit and time apart, beside the position and the time point.
APART = "--cat --scat --spec --loc --lat --dir --method --eval --evalid --grpid --spid --refid"


def _class(name: str, label: str, words: str, key: str, date: str, *, in_vault: bool = False) -> Domain:
    """Returns a domain that holds all variables of its observation class."""
    revealing = " ".join([*REVEALING, DOSING if name == "ec" else ""])
    variables = typed(words, name)
    return domain(
        name,
        label,
        variables["text"],
        integer=variables["integer"],
        number=variables["number"],
        dates=variables["dates"],
        treatment=named(revealing, name),
        key=named(key, name),
        date=named(date, name),
        analysed=False,
        in_vault=in_vault,
    )


def interventions(name: str, label: str) -> Domain:
    """Returns a domain of the interventions class."""
    return _class(name, label, INTERVENTIONS, "--seq --trt --stdtc", "--stdtc")


def events(name: str, label: str) -> Domain:
    """Returns a domain of the events class."""
    return _class(name, label, EVENTS, "--seq --term --stdtc", "--stdtc")


def findings(name: str, label: str, *, in_vault: bool = False) -> Domain:
    """Returns a domain of the findings class."""
    key = f"--testcd --obj visitnum visit --dtc --tpt --tptnum --pos {APART} --repnum"
    return _class(name, label, FINDINGS, key, "--dtc", in_vault=in_vault)


def qualifiers(name: str, label: str, *, in_vault: bool = False) -> Domain:
    """Returns a domain of the form of SUPPQUAL."""
    text = "rdomain idvar idvarval qnam qlabel qval qorig qeval"
    return domain(name, label, text, key="rdomain idvar idvarval qnam", analysed=False, in_vault=in_vault)


def design(name: str, label: str, text: str, *, key: str, integer: str = "", number: str = "") -> Domain:
    """Returns a domain whose records name no subject, or need not: the design of the trial, relations."""
    return domain(name, label, text, key=key, integer=integer, number=number, analysed=False, of_subjects=False)
