"""The schema `study`: the study file as tables, the only place where the models get a protocol's numbers from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.build.parameters import (
    dates,
    design,
    durability,
    endpoints,
    instruments,
    measures,
    monitoring,
    onset,
    safety,
    visits,
)
from pipelines.build.parameters.table import ParameterTable
from pipelines.core.duck import insert_rows
from pipelines.study import Study

if TYPE_CHECKING:
    import duckdb

    from pipelines.cut import CutInputs


def create_parameters(connection: duckdb.DuckDBPyConnection, study: Study, inputs: CutInputs) -> None:
    """Creates schema `study` in the connected database."""
    connection.execute("create schema study")
    for name, table in parameter_tables(study, inputs).items():
        columns = ", ".join(f"{column} {kind}" for column, kind in table.columns.items())
        connection.execute(f"create table study.{name} ({columns})")
        insert_rows(connection, f"study.{name}", table.rows)


def parameter_tables(study: Study, inputs: CutInputs) -> dict[str, ParameterTable]:
    """Returns every table of schema `study` by its name."""
    modules = (design, dates, instruments, endpoints, onset, durability, measures, monitoring, safety, visits)
    makers = {name: maker for module in modules for name, maker in module.TABLES.items()}
    tables = {name: maker(study) for name, maker in makers.items()}
    of_the_cut = {"settings": design.settings, "arms": design.arms, "planned_doses": design.planned_doses}
    return {name: maker(study, inputs) for name, maker in of_the_cut.items()} | tables
