"""A data cut: a pure function of (deliveries, study file, code, blinding), named by the SHA-256 of those inputs."""

from pipelines.cut.authority import role_of
from pipelines.cut.code_breaks import recorded_code_breaks
from pipelines.cut.config import check_config, record_study_file, signing_roles
from pipelines.cut.cut import Cut, cuts, find_cut, is_same_study, latest_cut, published_cut, short_id
from pipelines.cut.data_lock import LockRecord, data_lock, late_deliveries, lock_name, lock_statement
from pipelines.cut.inputs import CutInputs, LandedDelivery, check_held, cut_inputs, held_deliveries, uncleared_inputs
from pipelines.cut.readers import keep_readers, readers_of
from pipelines.cut.unblinding import (
    SIGNERS,
    Unblinding,
    bound_to,
    check_unblinded,
    read_unblinding,
    unblinding_directory,
    unblinding_id,
)

__all__ = [
    "SIGNERS",
    "Cut",
    "CutInputs",
    "LandedDelivery",
    "LockRecord",
    "Unblinding",
    "bound_to",
    "check_config",
    "check_held",
    "check_unblinded",
    "cut_inputs",
    "cuts",
    "data_lock",
    "find_cut",
    "held_deliveries",
    "is_same_study",
    "keep_readers",
    "late_deliveries",
    "latest_cut",
    "lock_name",
    "lock_statement",
    "published_cut",
    "read_unblinding",
    "readers_of",
    "record_study_file",
    "recorded_code_breaks",
    "role_of",
    "short_id",
    "signing_roles",
    "unblinding_directory",
    "unblinding_id",
    "uncleared_inputs",
]
