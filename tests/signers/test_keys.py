"""A private key is its owner's alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import NotAllowedError, UsageError
from pipelines.signers import KEY_VARIABLE, PASSPHRASE_VARIABLE, key_path, load_key, new_key, public_key
from tests.small_cut import small_study

pytestmark = pytest.mark.requirement("SIG-3")


def test_a_key_is_written_for_its_owner_and_opens_with_its_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings" / "signing.key"
    made = new_key(path, "long and secret")
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    assert public_key(load_key(path, lambda: "long and secret")) == public_key(made)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "long and secret")
    assert public_key(load_key(path)) == public_key(made)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "another")
    with pytest.raises(NotAllowedError, match="passphrase is not this key's"):
        load_key(path)


def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "service.key"
    made = new_key(path, "")
    assert public_key(load_key(path)) == public_key(made)
    path.chmod(0o640)
    with pytest.raises(NotAllowedError, match="others may read this key"):
        load_key(path)


def test_a_key_is_never_written_over_nor_kept_in_a_study(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    before = public_key(new_key(path, ""))
    with pytest.raises(UsageError, match="there is a key already"):
        new_key(path, "")
    assert public_key(load_key(path)) == before
    study = small_study(tmp_path / "trial")
    for inside in (study.folder.root / "my.key", study.folder.signers / "my.key"):
        with pytest.raises(NotAllowedError, match="lies in a study's folder"):
            new_key(inside, "")
        assert not inside.exists()


def test_a_file_that_holds_no_key_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    with pytest.raises(UsageError, match="there is no key"):
        load_key(path)
    path.write_text("not a key")
    path.chmod(0o600)
    with pytest.raises(UsageError, match="holds no key"):
        load_key(path)


def test_the_key_is_where_the_option_or_else_the_environment_or_else_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert key_path() == tmp_path / "afterglow" / "signing.key"
    monkeypatch.setenv(KEY_VARIABLE, "service.key")
    assert key_path() == Path("service.key")
    assert key_path(Path("mine.key")) == Path("mine.key")
