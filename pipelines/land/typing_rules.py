"""Typing by full-match patterns, as SQL: DuckDB's own casts are lax ('5.6' as integer is 6, '0x1F' is 31).

Each function returns SQL over a text expression. RE2's classes are ASCII only, so full-width digits never pass.
"""

from __future__ import annotations

from pipelines.core.duck import literal
from pipelines.land.contract import ColumnRule
from pipelines.study.domains import DOMAINS
from pipelines.study.layout import CodeValue, Column
from pipelines.study.targets import Target

_INTEGER = "[+-]?[0-9]{1,18}"
_NUMBER = "[+-]?([0-9]+(MARK[0-9]*)?|MARK[0-9]+)([eE][+-]?[0-9]{1,3})?"
_ISO_DATE = "[0-9]{4}(-[0-9]{2}(-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2})?)?)?)?"
# SDTMIG 4.4.2 and 4.4.3: a month or year that is not known, an interval between two dates, each known to its month.
_DAY_OF_MONTH = "[0-9]{4}---[0-9]{2}"
_DAY_OF_YEAR = "--[0-9]{2}-[0-9]{2}"
_INTERVAL = "[0-9]{4}-[^/]+/[0-9]{4}-[^/]+"
_LOCAL_DATE = "[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}"
# Nobody is younger or was ever older; a study's own limits are in its file. In years, unless the column says otherwise.
_AGES = (0, 120)
_KEY = "[A-Za-z0-9][A-Za-z0-9._/-]{0,63}"


def present(text: str, rule: ColumnRule, missing: tuple[str, ...]) -> str:
    """Returns the column's text, or null where it holds one of the declared missing codes."""
    codes = list(dict.fromkeys((*missing, *rule.column.missing)))
    return f"case when {text} not in ({', '.join(map(literal, codes))}) then {text} end" if codes else text


def typed(text: str, column: Column, decimal: str) -> str:
    """Returns the typed value of `text`, null where it has the wrong form (then `error` says why)."""
    match column.type:
        case "integer":
            return f"case when regexp_full_match({text}, '{_INTEGER}') then try_cast({text} as bigint) end"
        case "number":
            decimal = column.decimal or decimal
            plain = text if decimal == "." else f"replace({text}, {literal(decimal)}, '.')"
            value = f"try_cast({plain} as double)"
            # 1e-400 casts to 0: what is too small for a double is no number that we can hold, like what is too large.
            held = f"isfinite({value}) and ({value} != 0 or not regexp_matches({text}, '^[^eE]*[1-9]'))"
            return f"case when regexp_full_match({text}, '{_number(decimal)}') and {held} then {value} end"
        case "date":
            return _date(text, column)
        case "text":
            return _decoded(text, column)


def error(text: str, value: str, rule: ColumnRule, exported_on: str | None) -> str:
    """Returns the reason code of a value, null where there is nothing wrong with it."""
    column, target = rule.column, rule.target
    variable = target.variable if target else None
    cases: list[tuple[str, str]] = []
    key = variable in {"subject", "usubjid"}
    if (key and not rule.may_lack_subject) or column.required:
        is_key = key or variable in {"visit", "visitnum", "site", "date"}
        cases.append((f"{text} is null or trim({text}) = ''", "Q_KEY" if is_key else "Q_MISSING"))
    if key:
        cases.append((f"not regexp_full_match({text}, '{_KEY}')", "Q_ID_CHARSET"))
    cases += _form_errors(text, value, column, exported_on)
    if column.codes is not None:
        listed = ", ".join(map(literal, column.codes))
        cases.append((f"{text} not in ({listed})", "Q_FK" if variable in {"visit", "site"} else "Q_CODE"))
    own = column.range or _age_limits(column, target)
    limits = [limit for limit in (own, target.allowed if target else None) if limit]
    if column.type == "number" and _is_whole(target):
        cases.append((f"{value} != floor({value})", "Q_TYPE"))
    if column.type in {"integer", "number"}:
        cases += [(f"{value} < {low!r}", "Q_RANGE") for low, _ in limits if low is not None]
        cases += [(f"{value} > {high!r}", "Q_RANGE") for _, high in limits if high is not None]
    if not cases:
        return "null"
    return "case " + " ".join(f"when {condition} then '{code}'" for condition, code in cases) + " end"


def _age_limits(column: Column, target: Target | None) -> tuple[int, int] | None:
    is_age = target is not None and (target.domain, target.variable) == ("dm", "age")
    return _AGES if is_age and column.unit in {None, "year", "years", "YEARS"} else None


def _is_whole(target: Target | None) -> bool:
    """Whether the target holds whole numbers only: a fraction would be rounded on its way there."""
    if target is None or target.domain is None:
        return False
    variable = DOMAINS[target.domain].variable(target.variable)
    return variable is not None and variable.type == "integer"


def arm_of(text: str, column: Column) -> str | None:
    """Returns the arm that a code stands for, where codes name arms beside visits."""
    arms = {
        code: meaning.arm
        for code, meaning in (column.codes or {}).items()
        if isinstance(meaning, CodeValue) and meaning.arm is not None
    }
    return _case(text, arms) if arms else None


def _form_errors(text: str, value: str, column: Column, exported_on: str | None) -> list[tuple[str, str]]:
    wrong = f"{text} is not null and {value} is null"
    match column.type:
        case "integer":
            # A number, but no whole one; a whole number with too many digits is none that we can hold.
            other = f"regexp_full_match({text}, '{_number('.')}') and not regexp_full_match({text}, '[+-]?[0-9]+')"
            return [(f"{wrong} and {other}", "Q_TYPE"), (wrong, "Q_NUMBER")]
        case "number":
            return [(wrong, "Q_NUMBER")]
        case "date":
            # Of an interval its end is the latest that it can be; a date without its year is never too early.
            end = f"split_part({value}, '/', -1)"
            latest = [f"substr({end}, 1, 10) > {literal(exported_on)}"] if exported_on else []
            early = f"({value} < '1900' and not starts_with({value}, '--'))"
            outside = " or ".join([early, f"{end} >= '2101'", *latest])
            undeclared = f"{wrong} and regexp_full_match({text}, '{_LOCAL_DATE}')"
            ambiguous = [(undeclared, "Q_DATE_AMBIGUOUS")] if column.date_order == "ymd" else []
            return [*ambiguous, (wrong, "Q_DATE"), (outside, "Q_DATE_RANGE")]
        case "text":
            return []


def _number(decimal: str) -> str:
    return _NUMBER.replace("MARK", f"[{decimal}]")


def _date(text: str, column: Column) -> str:
    iso = text
    if column.date_order != "ymd":
        names = "['day', 'month', 'year']" if column.date_order == "dmy" else "['month', 'day', 'year']"
        parts = f"regexp_extract({text}, '^([0-9]+)[./-]([0-9]+)[./-]([0-9]+)$', {names})"
        joined = f"{parts}.year || '-' || lpad({parts}.month, 2, '0') || '-' || lpad({parts}.day, 2, '0')"
        iso = f"case when regexp_full_match({text}, '{_LOCAL_DATE}') then {joined} else {text} end"
    return f"case when {_is_date(iso)} or {_is_partial(iso)} then replace({iso}, ' ', 'T') end"


def _is_partial(iso: str) -> str:
    """Returns whether it is `2026---15`, `--12-15` or an interval: a day that some month, or some year, has."""
    start, end = (f"split_part({iso}, '/', {place})" for place in (1, 2))
    shorter = f"least(length({start}), length({end}))"
    in_january = f"try_cast(left({iso}, 4) || '-01' || right({iso}, 3) as date) is not null"
    in_leap_year = f"try_cast('2000' || substr({iso}, 2) as date) is not null"
    in_order = f"left({start}, {shorter}) <= left({end}, {shorter})"
    forms = {
        _DAY_OF_MONTH: in_january,
        _DAY_OF_YEAR: in_leap_year,
        _INTERVAL: f"{_is_date(start)} and {_is_date(end)} and {in_order}",
    }
    return "(" + " or ".join(f"regexp_full_match({iso}, '{form}') and {rule}" for form, rule in forms.items()) + ")"


def _is_date(iso: str) -> str:
    # The calendar decides: 2024-02-30 and 23:60 cast to nothing. A partial date is completed only to be checked.
    completed = f"substr({iso}, 1, 10) || case length({iso}) when 4 then '-01-01' when 7 then '-01' else '' end"
    seconds = f"case length({iso}) when 16 then ':00' else '' end"
    time = f"(length({iso}) <= 10 or try_cast(substr({iso}, 12) || {seconds} as time) is not null)"
    return f"(regexp_full_match({iso}, '{_ISO_DATE}') and try_cast({completed} as date) is not null and {time})"


def _decoded(text: str, column: Column) -> str:
    if column.codes is None:
        return text
    meanings = {
        code: meaning.visit if isinstance(meaning, CodeValue) else meaning for code, meaning in column.codes.items()
    }
    if all(code == meaning for code, meaning in meanings.items()):
        return text
    return _case(text, {code: meaning for code, meaning in meanings.items() if meaning is not None})


def _case(text: str, meanings: dict[str, str]) -> str:
    return "case " + " ".join(f"when {text} = {literal(c)} then {literal(m)}" for c, m in meanings.items()) + " end"
