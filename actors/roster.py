"""The roles of the house, in the order in which they decide."""

from actors.core.role import Role
from actors.plugins import known_strategies
from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.executor import Executor
from actors.roles.notifier import Notifier
from actors.roles.portfolio import Portfolio
from actors.roles.risk_manager import RiskManager
from actors.roles.scorekeeper import Scorekeeper
from actors.roles.strategist import Strategist
from actors.roles.trading_day import TradingDay
from actors.roles.trend_analyst import TrendAnalyst

ROLES: tuple[type[Role], ...] = (
    Notifier,  # first, so that notices stand in the order in which things happened, each before what follows from it
    ConnectionSupervisor,
    TradingDay,
    TrendAnalyst,
    Portfolio,
    Strategist,
    RiskManager,
    Executor,
    Scorekeeper,  # last: nothing that trades waits for it
)


def make_roles() -> list[Role]:
    """Make every role fresh, not yet started as an actor."""
    return [role(known_strategies()) if role is Strategist else role() for role in ROLES]
