"""Airflow's FAB auth manager for a trial: a sign-off's form is answered by the logins that the register names.

Airflow (3.3.2, FAB provider 3.10.2) compares whom a form is for with `get_id()`, which in FAB is the number of a row of
the metadata database. Neither the parsing of DAGs nor a task may read that database, and the register of signers knows
people by their logins, so the comparison is by login here. Where it is not used, FAB lets everybody with the
permission answer, and the answer of anybody but the role's registered signers signs nothing.
"""

from __future__ import annotations

from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.providers.fab.auth_manager.models import User


class TrialAuthManager(FabAuthManager):
    """FAB's auth manager, in which a form is for logins and not for numbers."""

    def is_authorized_hitl_task(self, *, assigned_users: set[str], user: User) -> bool:
        """Whether the user's login is among those whom the form is for."""
        return user.username in assigned_users
