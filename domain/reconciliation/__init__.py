"""Own books against the broker's: which rows are ours, what they prove, what is missing, what nobody explains. Pure."""

from domain.reconciliation.before import differences_before
from domain.reconciliation.compare import Finding, count_absent, find, identity
from domain.reconciliation.own import Difference, Orphan, Own, Sighting, is_of_day

__all__ = [
    "Difference",
    "Finding",
    "Orphan",
    "Own",
    "Sighting",
    "count_absent",
    "differences_before",
    "find",
    "identity",
    "is_of_day",
]
