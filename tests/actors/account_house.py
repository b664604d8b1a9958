"""A trading day and a risk manager with limits on the account, and the facts these look at."""

from typing import Any

from actors.core.state import canonical, dump, load
from actors.roles.risk_manager import RiskManager
from actors.roles.trading_day import TradingDay
from domain.messages.link import HeartbeatReceived
from domain.messages.market import IndexReceived
from domain.messages.operator import ResumeRequested
from domain.messages.risk import LimitLevelChanged
from domain.messages.trading import (
    AccountOpened,
    EquityMarked,
    OrderApproved,
)
from domain.risk.account_watch import AccountWatch
from domain.risk_config import AccountConfig, RiskConfig
from domain.types import Krw, LinkName, Market, VenuePhase
from tests.actors.builders import (
    House,
    a_quote,
    a_run,
    broker_state,
    instruments,
    judged,
    link_is,
    only,
    opened,
    state_of,
    venue,
)
from tests.actors.money_builders import by_hand

START = 10_000_000


def a_risk(**account: Any) -> RiskConfig:
    fields = {"is_on": True, "drawdown_ppm": 100_000} | account
    return RiskConfig(max_position_ppm=1_000_000, duplicate_window_ms=0, account=AccountConfig(**fields))


def beat(seconds: float, phase: VenuePhase = VenuePhase.CONTINUOUS) -> HeartbeatReceived:
    return HeartbeatReceived(LinkName.QUOTES, venue(seconds), phase, True)


def marked(equity: int, exit_costs: int = 0, seconds: float = 2) -> EquityMarked:
    zero = Krw(0)
    return EquityMarked(Krw(START), Krw(equity + exit_costs), zero, zero, zero, 0, venue(seconds), Krw(exit_costs))


def account(day: str = "2026-01-13", equity: int = START) -> AccountOpened:
    return AccountOpened(day, Krw(equity), Krw(equity), venue(0))


def index(value: int, seconds: float = 2, market: Market = Market.KOSPI) -> IndexReceived:
    return IndexReceived(market, value, 0, venue(seconds))


def resume(note: str = "looked") -> ResumeRequested:
    return ResumeRequested("c", "kim", note)


class Account:
    """A trading day and a risk manager that trade, and what they said of limits."""

    def __init__(self, **account_config: Any) -> None:
        self.run = a_run(risk=a_risk(**account_config))
        self.house = House(TradingDay(), RiskManager())
        self.house.hear(self.run, opened(LinkName.QUOTES), instruments())
        self.house.hear(*[link_is(name) for name in LinkName], broker_state(), account())
        self.house.hear(beat(1), judged(a_quote(1)))

    @property
    def watch(self) -> AccountWatch:
        risk = self.house.core.kernel.role("risk_manager")
        assert isinstance(risk, RiskManager)
        return risk.state.watch

    @property
    def day(self) -> TradingDay:
        day = self.house.core.kernel.role("trading_day")
        assert isinstance(day, TradingDay)
        return day

    @property
    def codes(self) -> list[str]:
        return [cause.code for cause in self.watch.causes]

    def levels(self, name: str) -> list[str]:
        return [change.to_level for change in self.house.said(LimitLevelChanged) if change.limit == name]

    def may_enter(self) -> bool:
        """Tell whether a buy by hand passes now."""
        [verdict] = only(OrderApproved, self.house.hear(by_hand())) or [None]
        return verdict is not None

    def restarted(self) -> None:
        """Go on with roles that folded the log and came through a snapshot, in a new run."""
        folded = self.house.folded(lambda: [TradingDay(), RiskManager()])
        for role in folded.roles:
            saved = dump(role)
            assert canonical(saved) == canonical(dump(self.house.core.kernel.role(role.NAME)))
            fresh = type(role)()
            load(fresh, saved)
            assert state_of(fresh) == state_of(role)
        self.house.core.kernel = folded
        self.house.hear(self.run, opened(LinkName.QUOTES), *[link_is(name) for name in LinkName], judged(a_quote(3)))
