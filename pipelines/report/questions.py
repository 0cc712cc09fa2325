"""Queries: what this cut asks of each site, counted, by severity and age; where each stands is in the table."""

from __future__ import annotations

from pipelines.report.content import Record, Section, Table
from pipelines.report.formats import count, number, text
from pipelines.report.tables import CutData

_SEVERITIES = ("critical", "major", "minor")


def section(data: CutData) -> tuple[Section | None, list[Record]]:
    """Returns the queries by site and by check, or None of a cut that was gated before there was the table."""
    if not data.rows("select 1 as there from duckdb_columns() where table_name = 'queries' limit 1"):
        return None, []
    severities = ", ".join(f"count(*) filter (where severity = '{name}') as {name}" for name in _SEVERITIES)
    by_site = data.rows(
        f"select queries.siteid, count(*) as asked, {severities}, count(days) as dated,"
        " median(days) as median_age_days, max(days) as oldest_days from ("
        " select *, date_diff('day', opened_on, (select max(delivered_on) from deliveries where outcome in"
        " ('accepted', 'warned'))) as days from queries) as queries group by queries.siteid order by siteid nulls last"
    )
    by_check = data.rows(
        "select check_id, severity, sentence, count(*) as asked, count(distinct siteid) as sites from queries"
        " group by all order by asked desc, check_id, sentence"
    )
    tables = (
        Table(
            caption="Queries by site",
            columns=("Site", "Queries", "Critical", "Major", "Minor", "Median age, days", "Oldest, days"),
            rows=tuple(
                (
                    data.site_label(row["siteid"]), count(row["asked"]), *(count(row[name]) for name in _SEVERITIES),
                    number(row["median_age_days"]), count(row["oldest_days"]),
                )
                for row in by_site
            ),
        ),
        Table(
            caption="Queries by check",
            columns=("Check or code", "What should hold", "Severity", "Queries", "Sites"),
            rows=tuple(
                (
                    text(row["check_id"]), text(row["sentence"]), text(row["severity"]), count(row["asked"]),
                    count(row["sites"]),
                )
                for row in by_check
            ),
            words=frozenset({1, 2}),
        ),
    )  # fmt: skip
    asked = sum(row["asked"] for row in by_site)
    made = Section(
        anchor="queries",
        title="Queries to sites",
        sentence=(
            f"{count(asked)} {'query is' if asked == 1 else 'queries are'} put to {count(len(by_site))}"
            f" {'site' if len(by_site) == 1 else 'sites and vendors'}."
            if asked
            else "Nothing is asked of any site."
        ),
        help=(
            (
                "A query is a row that fails a check which its site can do something about, or a value that landing set"
                " aside. Its age runs from the first delivery that held the data as they are now to the newest delivery"
                " of the study. What sites answered, and what later cuts closed, is no part of a cut:"
                " `afterglow queries` tells it."
            ),
        ),
        tables=tables if asked else (),
    )
    return made, by_site
