"""Where the parts of a study lie on disk."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.files import study_lock
from pipelines.core.leftovers import remove_leftovers


@dataclass(frozen=True)
class StudyFolder:
    """The folder of one study; see docs/study-folder.md for what each part holds."""

    root: Path

    @property
    def study_file(self) -> Path:
        """The study file."""
        return self.root / "study.yml"

    @property
    def inbox(self) -> Path:
        """Where deliveries arrive, one folder a site; only ever read."""
        return self.root / "inbox"

    @property
    def deliveries(self) -> Path:
        """Landed deliveries, by the SHA-256 of their bytes; immutable."""
        return self.root / "store" / "deliveries"

    @property
    def arrivals(self) -> Path:
        """One small record for each (site, file name, content) that was seen; immutable."""
        return self.root / "store" / "arrivals"

    @property
    def sidecars(self) -> Path:
        """What the newest sidecar states of each of them, where the layout declares one."""
        return self.root / "store" / "sidecars"

    @property
    def cuts(self) -> Path:
        """Candidates and published cuts."""
        return self.root / "cuts"

    @property
    def published(self) -> Path:
        """The folder of the pointer to the published cut."""
        return self.root / "published"

    @property
    def pointer(self) -> Path:
        """The pointer to the published cut."""
        return self.published / "CURRENT"

    @property
    def unblinded_pointer(self) -> Path:
        """The pointer of the unblinded lineage: cuts that show the arms of a blinded study."""
        return self.published / "UNBLINDED"

    @property
    def unblindings(self) -> Path:
        """What each unblinding is bound to, and who signed it."""
        return self.root / "store" / "unblinding"

    @property
    def code_breaks(self) -> Path:
        """Who was told the arm of which subject, when and why."""
        return self.root / "store" / "code_breaks"

    @property
    def locks(self) -> Path:
        """The data locks and unlocks, in their order."""
        return self.root / "store" / "locks"

    @property
    def kept_blind(self) -> Path:
        """Says that deliveries landed while the study was blinded."""
        return self.root / "store" / "blinding.json"

    @property
    def vault(self) -> Path:
        """Treatment allocation and refused files that hold identifiers; mode 0700."""
        return self.root / "vault"

    @property
    def shared_exports(self) -> Path:
        """Which cuts were shared under which profile that hides small counts."""
        return self.vault / "exports"

    @property
    def pseudonym_key(self) -> Path:
        """The key of the study's pseudonyms; mode 0400."""
        return self.vault / "pseudonym.key"

    @property
    def key_commitment(self) -> Path:
        """What tells that the key is the one under which deliveries landed, and nothing else."""
        return self.root / "store" / "pseudonym_key.json"

    @property
    def ledger(self) -> Path:
        """The audit trail, unless $AFTERGLOW_LEDGER names another database."""
        return self.root / "ledger"

    @property
    def signers(self) -> Path:
        """The register of signers: one record for each change, each signed by an admin."""
        return self.root / "signers"

    @property
    def runs(self) -> Path:
        """How many runs began, and which of them published last."""
        return self.root / ".runs"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the study for one writing process; removes what killed ones left of cuts and pointer.

        Raises:
            BusyError: another process holds it.
        """
        with study_lock(self.root / ".lock"):
            for directory in (self.cuts, self.published, self.signers, self.locks, self.code_breaks):
                remove_leftovers(directory)
            for pattern in ("*", "*/signatures"):
                for directory in self.unblindings.glob(pattern):
                    remove_leftovers(directory)
            _remove_temporary_files()
            yield

    def remove_leftovers(self) -> None:
        """Removes what killed processes left in the store and the vault."""
        for pattern in (
            "store", "store/arrivals", "store/sidecars", "store/study_files", "store/answers", "store/deliveries/*",
            "vault/identities", "vault/answers/*",
            "store/deliveries/*/delivered", "vault", "vault/deliveries/*", "vault/refused/*", "vault/treatment/*",
        ):  # fmt: skip
            for directory in self.root.glob(pattern):
                remove_leftovers(directory)
        _remove_temporary_files()


def _remove_temporary_files() -> None:
    # What did not fit into memory lay there, and dbt's own files.
    remove_leftovers(Path(tempfile.gettempdir()), "afterglow-")
