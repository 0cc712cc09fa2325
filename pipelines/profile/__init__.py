"""Profile: propose the layout of a sample export, and scaffold a study from samples. A person corrects both.

Landing guesses nothing; here guessing is the purpose, so that nobody types a column list by hand.
"""

from pipelines.profile.profile import profile
from pipelines.profile.proposal import Proposal
from pipelines.profile.scaffold import NewReceipt, new

__all__ = ["NewReceipt", "Proposal", "new", "profile"]
