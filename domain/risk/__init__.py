"""Risk: what an order proposes, what is known when it is judged, the rules, sizes, and what open orders bind."""

from domain.risk.holds import Hold
from domain.risk.picture import Denial, Picture, Proposal
from domain.risk.rule import judge
from domain.risk.sizing import Size, cost, loss_limit_krw, size_entry, size_exit
from domain.risk.state import RiskState
from domain.risk.table import FITTED_RULES, RULES, SIZED_RULES, STATE_RULES, check_list

__all__ = [
    "FITTED_RULES",
    "RULES",
    "SIZED_RULES",
    "STATE_RULES",
    "Denial",
    "Hold",
    "Picture",
    "Proposal",
    "RiskState",
    "Size",
    "check_list",
    "cost",
    "judge",
    "loss_limit_krw",
    "size_entry",
    "size_exit",
]
