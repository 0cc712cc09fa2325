"""Queries to sites: what became of each over the cuts, one file a site to answer in, and the answers that came back."""

from pipelines.queries.answers import Answer, ImportReceipt, import_answers
from pipelines.queries.export import ExportReceipt, export_queries
from pipelines.queries.register import OPEN, Query, Register, SiteCounts, queries

__all__ = [
    "OPEN",
    "Answer",
    "ExportReceipt",
    "ImportReceipt",
    "Query",
    "Register",
    "SiteCounts",
    "export_queries",
    "import_answers",
    "queries",
]
