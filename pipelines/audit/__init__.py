"""The audit trail for people: what happened, and what deliveries changed, filtered; and what a reviewer looks at."""

from pipelines.audit.review import Review, review
from pipelines.audit.trail import Filters, Line, Trail, audit

__all__ = ["Filters", "Line", "Review", "Trail", "audit", "review"]
