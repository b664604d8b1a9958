"""What the risk manager does about the account: levels of its limits, what reduces trading."""

from typing import Any

from domain.messages import Message, Stamp
from domain.messages.link import HeartbeatReceived
from domain.messages.market import IndexReceived, QuotesJudged
from domain.messages.risk import LimitLevelChanged, LimitsUnlocked, ReducingChanged
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import AccountOpened, EquityMarked, LossLimitHit, SessionPlanned
from domain.risk import RiskState
from domain.risk.account_watch import OPERATOR_SIGNS
from domain.risk.loss_levels import DAILY_LOSS, HALTED
from domain.types import UnixNanos

MOVES = frozenset(  # what may change a level or a cause
    {
        AccountOpened,
        ClockTicked,
        EquityMarked,
        HeartbeatReceived,
        IndexReceived,
        LimitsUnlocked,
        QuotesJudged,
        RunStarted,
        SessionPlanned,
        *OPERATOR_SIGNS,
    }
)
_ENDS = frozenset({QuotesJudged, *OPERATOR_SIGNS})  # end a cause and begin none: what time brings, the clock tells


def outputs(state: RiskState, message: Any, stamp: Stamp) -> list[Message]:
    """Say which level a limit came to, and what only lets exits pass.

    A halt comes last: what hears it may be heard by the risk manager before the rest of this list is said.
    """
    watch = state.watch
    if not watch.config.is_on or type(message) not in MOVES:
        return []
    if type(message) in _ENDS and not watch.causes:
        return []  # the hot path
    at = UnixNanos(state.venue_time)
    changes: list[LimitLevelChanged] = []
    match message:
        case EquityMarked(venue_time=at) | LimitsUnlocked(venue_time=at):
            changes = watch.due_changes(at)
        case AccountOpened():
            changes = watch.due_changes(at, only=DAILY_LOSS)  # whether money came or went overnight is told next
    causes = watch.due_causes(changes, stamp.system_time)
    told: list[Message] = [*changes]
    if causes != watch.causes:
        told.append(ReducingChanged(causes, at))
    return told + [_hit(change) for change in changes if change.to_level == HALTED]


def _hit(change: LimitLevelChanged) -> LossLimitHit:
    numbers = (change.equity, change.base_equity, change.loss, change.limit_krw)
    return LossLimitHit(change.limit, *numbers, change.venue_time)
