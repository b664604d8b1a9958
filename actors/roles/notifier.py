"""The notifier: what a person should know, in plain words and Korean time."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from actors.core.role import Role
from actors.roles import book_notices, link_notices
from actors.roles.limit_notices import LIMITS, LimitNews
from actors.roles.notices import Notice, Said, failure
from actors.roles.trend_notices import TrendNews
from domain.messages import Message, Stamp
from domain.messages.holdings import HoldingBooked
from domain.messages.link import (
    ConnectionChanged,
    ExternalOrderSeen,
    InstrumentsReceived,
    OrdersRouted,
    ReconcileReported,
    SourceChanged,
    SourcesCompared,
    SubscriptionProved,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.market import AttentionMeasured, FetchTrends
from domain.messages.orders import OrderStateChanged
from domain.messages.risk import HoldingsLeft
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, RunStarted, StateChecked
from domain.messages.trading import DayChanged, NoticeRaised, SessionPlanned, StopChanged, StrategyBenched
from domain.time import kst_text
from domain.types import Severity

MAX_TOPICS = 500  # remembered; the oldest is forgotten first
CLOCK = re.compile(r"^\d\d:\d\d:\d\d ")
DAY_SEVERITY = {"HALTED": Severity.ALERT, "PAUSED": Severity.WARNING}


class Notifier(Role):
    """Raise notices. A text is not repeated while it is the last said about its topic.

    Hears: run, day, links, loss limit, failures, steps of the machine's clock, reconciliation, orders in trouble,
        corporate actions, session plan, instruments, sources of quotes and what they prove, the orders' way, what is
        asked and known of search attention, limits on the account, stops and what they leave, money that came or went.
    Says: NoticeRaised.
    Keeps: the last text of each topic, Korean names, what is known of the date's attention, what was told of limits.
    """

    NAME: ClassVar[str] = "notifier"
    STATE_VERSION: ClassVar[int] = 3  # 2: search attention; 3: limits on the account
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        DayChanged,
        ConnectionChanged,
        RoleFailed,
        LogSpaceLow,
        StateChecked,
        InputRefused,
        ClockTicked,
        StrategyBenched,
        StopChanged,
        HoldingsLeft,
        ReconcileReported,
        OrderStateChanged,
        HoldingBooked,
        SessionPlanned,
        InstrumentsReceived,
        SourceChanged,
        SourcesCompared,
        SubscriptionProved,
        OrdersRouted,
        SymbolHalted,
        SymbolReleased,
        ExternalOrderSeen,
        FetchTrends,
        AttentionMeasured,
        *LIMITS,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (NoticeRaised,)

    def __init__(self) -> None:
        """Start having said nothing."""
        super().__init__()
        self.last_said: dict[str, str] = {}  # topic -> text without its time
        self.names: dict[str, str] = {}  # symbol -> Korean name
        self.trends = TrendNews()
        self.limits = LimitNews()

    def evolve(self, message: Any, stamp: Stamp) -> None:  # the signature of a role
        """Fold one message."""
        if isinstance(message, LIMITS):
            self.limits.fold(message, self._said())
        match message:
            case NoticeRaised(topic=topic, text=text):
                self.trends.say(topic)
                self.last_said.pop(topic, None)
                self.last_said[topic] = _body(text)
                if len(self.last_said) > MAX_TOPICS:
                    del self.last_said[next(iter(self.last_said))]
            case RunStarted():
                self.last_said = {}  # whoever starts the trader wants to hear how it stands
                self.trends.fold(message)
            case FetchTrends() | AttentionMeasured():
                self.trends.fold(message)
            case InstrumentsReceived(instruments=instruments):
                self.names.update({item.symbol: item.name for item in instruments})

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Say what is new."""
        notice = self._notice(message)
        if notice is None:
            return ()
        severity, topic, body = notice
        if self.last_said.get(topic) == body:
            return ()
        at = message.when()  # venue time; a replayed day has its own, the machine's would only confuse beside it
        return (NoticeRaised(severity, topic, f"{kst_text(at)} {body}" if at else body),)

    def _said(self) -> Said:
        return Said(self.last_said, self.names)

    def _notice(self, message: Any) -> Notice | None:
        found: Notice | None = None
        match message:
            case DayChanged(to_state=state, reason=reason):
                found = DAY_SEVERITY.get(state, Severity.INFO), "day", f"The trading day is {state}: {reason}."
            case ConnectionChanged():
                found = link_notices.connection(message, self._said())
            case SourceChanged() | SourcesCompared() | SubscriptionProved() | OrdersRouted():
                found = link_notices.sources(message, self._said())
            case OrderStateChanged():
                found = book_notices.order(message, self._said())
            case HoldingsLeft():
                found = book_notices.left(message, self._said())
            case HoldingBooked():
                found = book_notices.action(message, self._said())
            case SessionPlanned():
                found = _session(message)
            case InstrumentsReceived():
                found = link_notices.instruments(message, self._said())
            case ReconcileReported() | SymbolHalted() | SymbolReleased() | ExternalOrderSeen():
                found = book_notices.books(message, self._said())
            case AttentionMeasured(symbol=symbol):
                found = self.trends.notice(message, self._said().name(symbol))
            case _ if isinstance(message, LIMITS):
                found = self.limits.due
            case _:
                found = failure(message)
        return found


def _session(plan: SessionPlanned) -> Notice:
    if not plan.is_session:
        return Severity.INFO, "session", f"{plan.trading_date} is no trading day."
    times = f"{kst_text(plan.open_time)[:5]} to {kst_text(plan.close_time)[:5]} KST"
    late = ", a late opening" if plan.late else ""
    return Severity.INFO, "session", f"{plan.trading_date} trades from {times}{late}."


def _body(text: str) -> str:
    """Give a text without the venue time in front; it is not part of what was said."""
    return CLOCK.sub("", text)
