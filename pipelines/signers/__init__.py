"""Who may sign: the register of signers, their keys, and statements signed with them."""

from pipelines.signers.changing import add_signer, end_of_day, revoke_signer
from pipelines.signers.keys import (
    KEY_VARIABLE,
    PASSPHRASE_VARIABLE,
    SigningKey,
    fingerprint,
    key_from_seed,
    key_path,
    load_key,
    new_key,
    public_key,
)
from pipelines.signers.register import (
    ADMIN,
    DEMO,
    DEMO_KEY,
    EMPTY,
    SERVICE,
    Change,
    Register,
    Signer,
    check_register,
    register,
)
from pipelines.signers.statements import Meaning, check_statement, signed_statement

__all__ = [
    "ADMIN",
    "DEMO",
    "DEMO_KEY",
    "EMPTY",
    "KEY_VARIABLE",
    "PASSPHRASE_VARIABLE",
    "SERVICE",
    "Change",
    "Meaning",
    "Register",
    "Signer",
    "SigningKey",
    "add_signer",
    "check_register",
    "check_statement",
    "end_of_day",
    "fingerprint",
    "key_from_seed",
    "key_path",
    "load_key",
    "new_key",
    "public_key",
    "register",
    "revoke_signer",
    "signed_statement",
]
