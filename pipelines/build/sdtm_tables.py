"""The schema `sdtm`: a table for each delivered domain that no model reads, so that a statistician can query it.

Rule    the current value of each key, as in the staging models: a later delivery of a record replaces the earlier one
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.build.project import DocumentedTable
from pipelines.core.duck import identifier
from pipelines.study import Study
from pipelines.study.domains import DOMAINS, Domain

if TYPE_CHECKING:
    import duckdb

_KEYS = ("studyid", "usubjid", "siteid")
_SOURCE = ("delivery_id", "source_file", "srcseq")


def table_domains(study: Study) -> list[Domain]:
    """Returns the domains of the study that are tables of their own, by name."""
    return [DOMAINS[name] for name in sorted(study.delivered_domains) if not DOMAINS[name].analysed]


def create_sdtm_tables(connection: duckdb.DuckDBPyConnection, study: Study) -> None:
    """Creates schema `sdtm` from schema `landed`; where a record names no site, it is the one that `adsl` has."""
    connection.execute("create schema sdtm")
    for domain in table_domains(study):
        variables = ", ".join(f"rows.{identifier(variable.name)}" for variable in domain.variables)
        key = ", ".join(f"rows.{identifier(name)}" for name in ("usubjid", *domain.key))
        connection.execute(
            f"create table sdtm.{identifier(domain.name)} as "
            "select rows.studyid, rows.usubjid, coalesce(rows.siteid, subjects.siteid) as siteid, "
            f"{variables}, rows._delivery_id as delivery_id, rows._source_file as source_file, "
            f"rows._source_row as srcseq from landed.{identifier(domain.name)} as rows "
            "left join marts.adsl as subjects on rows.usubjid = subjects.usubjid "
            f"qualify rank() over (partition by {key} order by rows.delivery_rank desc) = 1"
        )


def documented_domains(study: Study) -> list[DocumentedTable]:
    """Returns what is to say of each of these tables."""
    return [documented_domain(domain) for domain in table_domains(study)]


def documented_domain(domain: Domain) -> DocumentedTable:
    """Returns what is to say of a domain's table; keys and provenance are what they are in every table."""
    revealing = " It reveals the arm: null in a blinded cut."
    variables = {
        variable.name: {
            "description": f"{variable.name.upper()} as delivered." + (revealing if variable in domain.hidden else ""),
            "cdisc": variable.name.upper(),
            "derivation": f"{domain.name.upper()}.{variable.name.upper()}.",
        }
        for variable in domain.variables
    }
    around: dict[str, dict[str, str]] = {name: {} for name in (*_KEYS, *_SOURCE)}
    return DocumentedTable(
        name=domain.name,
        layer="sdtm",
        description=f"{domain.label} ({domain.name.upper()}) as delivered, restatements resolved. "
        "Grain: one row per record.",
        grain=("usubjid", *domain.key, *_SOURCE),
        made_from=(f"landed.{domain.name}", "marts.adsl"),
        columns=around | variables,
    )
