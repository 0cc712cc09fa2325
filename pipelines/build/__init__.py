"""Build: one dbt build into the candidate's own database, and its tables as Parquet."""

from pipelines.build.step import BuildReceipt, build

__all__ = ["BuildReceipt", "build"]
