"""In which role somebody signs: the first of those asked for that the register gives them."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.core.errors import NotAllowedError
from pipelines.signers import SigningKey, public_key, register
from pipelines.study import Study


def role_of(study: Study, key: SigningKey, roles: Sequence[str]) -> str:
    """Returns the first of `roles` that the key's signer has.

    Raises:
        NotAllowedError: the register does not know the key, or gives its signer none of these roles.
    """
    public = public_key(key)
    has = {role for entry in register(study).entries().values() if entry.public_key == public for role in entry.roles}
    for role in roles:
        if role in has:
            return role
    msg = (
        f"{study.name}: this key may not sign that. The study file asks for {' or '.join(roles)}, in the register of "
        "signers."
    )
    raise NotAllowedError(msg)
