"""The notifier: what a person should know, in plain words and Korean time."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from actors.core.role import Role
from actors.roles.notices import MAX_NAMED, failure, few
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
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, RunStarted, StateChecked
from domain.messages.trading import DayChanged, LossLimitHit, NoticeRaised, SessionPlanned, StopChanged, StrategyBenched
from domain.time import kst_date, kst_text
from domain.types import Severity

MAX_TOPICS = 500  # remembered; the oldest is forgotten first
CLOCK = re.compile(r"^\d\d:\d\d:\d\d ")
AWAY = "The {} link is away for the broker's maintenance"
DAY_SEVERITY = {"HALTED": Severity.ALERT, "PAUSED": Severity.WARNING}


class Notifier(Role):
    """Raise notices. A text is not repeated while it is the last said about its topic.

    Hears: run, day, links, loss limit, failures, steps of the machine's clock, reconciliation, orders in trouble,
        corporate actions, session plan, instruments, sources of quotes and what they prove, the orders' way, what is
        asked and known of search attention.
    Says: NoticeRaised.
    Keeps: the last text of each topic, Korean names, what is known of the date's attention.
    """

    NAME: ClassVar[str] = "notifier"
    STATE_VERSION: ClassVar[int] = 2  # 2: search attention
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        DayChanged,
        ConnectionChanged,
        LossLimitHit,
        RoleFailed,
        LogSpaceLow,
        StateChecked,
        InputRefused,
        ClockTicked,
        StrategyBenched,
        StopChanged,
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
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (NoticeRaised,)

    def __init__(self) -> None:
        """Start having said nothing."""
        super().__init__()
        self.last_said: dict[str, str] = {}  # topic -> text without its time
        self.names: dict[str, str] = {}  # symbol -> Korean name
        self.trends = TrendNews()

    def evolve(self, message: Any, stamp: Stamp) -> None:  # the signature of a role
        """Fold one message."""
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

    def _notice(self, message: Any) -> tuple[Severity, str, str] | None:
        found: tuple[Severity, str, str] | None = None
        match message:
            case DayChanged(to_state=state, reason=reason):
                found = DAY_SEVERITY.get(state, Severity.INFO), "day", f"The trading day is {state}: {reason}."
            case ConnectionChanged():
                found = self._connection(message)
            case SourceChanged() | SourcesCompared() | SubscriptionProved() | OrdersRouted():
                found = self._sources(message)
            case OrderStateChanged():
                found = self._order(message)
            case HoldingBooked():
                found = self._action(message)
            case SessionPlanned():
                found = _session(message)
            case InstrumentsReceived():
                found = self._instruments(message)
            case ReconcileReported() | SymbolHalted() | SymbolReleased() | ExternalOrderSeen():
                found = self._books(message)
            case AttentionMeasured(symbol=symbol):
                found = self.trends.notice(message, self._listed((symbol,)))
            case _:
                found = failure(message)
        return found

    def _connection(self, change: ConnectionChanged) -> tuple[Severity, str, str] | None:
        link = change.link.value
        topic = f"connection/{link}"
        if change.to_state == "READY":
            return Severity.INFO, topic, f"The {link} link is ready."
        if change.to_state == "FAILED":
            return Severity.ALERT, topic, f"The {link} link failed and does not try again: {change.reason}."
        was_away = self.last_said.get(topic, "").startswith(AWAY.format(link))
        if change.to_state != "BACKING_OFF" or not (was_away or change.from_state in ("READY", "DEGRADED")):
            return None
        if change.planned:
            return Severity.INFO, topic, f"{AWAY.format(link)}: {change.reason}."
        if was_away:
            text = f"The {link} link is not back after the broker's maintenance and tries again: {change.reason}."
            return Severity.WARNING, topic, text
        return Severity.WARNING, topic, f"The {link} link is lost and tries again: {change.reason}."

    def _sources(self, message: Any) -> tuple[Severity, str, str] | None:
        match message:
            case SourceChanged(to_endpoint=to, is_backup=is_backup, reason=reason):
                severity, what = (Severity.WARNING, "the backup ") if is_backup else (Severity.INFO, "")
                return severity, "sources", f"Quotes come from {what}{to} now: {reason}."
            case OrdersRouted(to_endpoint=to, reason=reason):
                name = to or "the simulator beside the trader"
                return Severity.WARNING, "orders_route", f"Orders go to {name} from now on, {reason}."
            case SubscriptionProved(proved=proved, missing=missing):
                return self._proved(proved, missing)
            case SourcesCompared(endpoint=endpoint, contradicted=contradicted):
                if contradicted:
                    text = f"{endpoint} contradicts our quotes of {self._listed(contradicted)}, twice in a row."
                    return Severity.WARNING, "contradicted", text
                if "contradicted" in self.last_said:  # good news only after bad
                    return Severity.INFO, "contradicted", "No source contradicts our quotes any more."
        return None

    def _proved(self, proved: int, missing: tuple[tuple[str, str], ...]) -> tuple[Severity, str, str] | None:
        if missing:
            named = [f"{symbol} {self.names.get(symbol, '')}".rstrip() + f" ({why})" for symbol, why in missing]
            text = f"No quote of {len(missing)} of {proved + len(missing)} instruments yet: {few(tuple(named))}."
            is_odd = any(why.startswith("silent") for _, why in missing)
            return (Severity.WARNING if is_odd else Severity.INFO), "subscription", text
        if "subscription" in self.last_said:  # good news only after bad
            return Severity.INFO, "subscription", f"All {proved} instruments send quotes."
        return None

    def _order(self, change: OrderStateChanged) -> tuple[Severity, str, str] | None:
        status, topic = str(change.to_status), f"order/{change.client_order_id}"
        name = f"{change.symbol} {self.names.get(change.symbol, '')}".rstrip()
        what = f"Order {change.client_order_id} ({change.side.value} {change.quantity:,} {name})"
        if change.to_status == change.from_status:
            return None
        if status.startswith("UNKNOWN"):
            body = f"{what} is {status}: whether the broker has it is not known; it is not sent again. {change.reason}"
            return Severity.ALERT, topic, body.rstrip()
        if status == "QUARANTINED":
            body = (
                f"{what} is QUARANTINED: the evidence fits more than one order, a person must decide. {change.reason}"
            )
            return Severity.ALERT, topic, body.rstrip()
        if status == "REJECTED":
            return Severity.WARNING, topic, f"{what} was rejected: {change.reason}"
        return None

    def _action(self, booked: HoldingBooked) -> tuple[Severity, str, str]:
        name = f"{booked.symbol} {self.names.get(booked.symbol, '')}".rstrip()
        if booked.action == "CASH_DIVIDEND":
            withheld = f", {booked.tax:,} KRW tax withheld" if booked.tax else ", no tax withheld"
            body = f"Dividend of {name}, {booked.note}: {booked.received:,} KRW came in{withheld}"
        else:
            paid = f", {booked.received:,} KRW came in" if booked.received else ""
            shares = f"{booked.quantity_before:,} shares are {booked.position_qty:,}"
            body = f"Split of {name}, {booked.note}: {shares}{paid}"
        return Severity.INFO, f"holding/{booked.symbol}", f"{body} on {kst_date(booked.venue_time)}."

    def _books(self, message: Any) -> tuple[Severity, str, str] | None:
        match message:
            case ReconcileReported(kind=kind) if kind != "dry_run":  # who asked for a dry run reads its answer
                return self._reconcile(message)
            case SymbolHalted(symbol=symbol, reason=reason):
                text = f"No new orders in {self._listed((symbol,))} until books agree: {reason}."
                return Severity.ALERT, f"halted/{symbol}", text
            case SymbolReleased(symbol=symbol, reason=reason):
                return Severity.INFO, f"halted/{symbol}", f"Orders in {self._listed((symbol,))} pass again: {reason}."
            case ExternalOrderSeen(venue_order_id=number, symbol=symbol, side=side, leaves_qty=leaves) if leaves:
                what = f"{side.value} {message.quantity:,} {self._listed((symbol,))}"
                text = f"Order {number} ({what}) is not ours; it counts in exposure and is not touched."
                return Severity.WARNING, f"external/{number}", text
        return None

    def _reconcile(self, report: ReconcileReported) -> tuple[Severity, str, str] | None:
        if not report.agreed:
            return Severity.ALERT, "reconcile", f"Our books and the broker's differ: {few(report.differences)}."
        if report.unknown_orders:
            body = f"Books agree, but the fate of {report.unknown_orders} orders is not known."
            return Severity.WARNING, "reconcile", body
        if "reconcile" in self.last_said:  # good news only after bad
            return Severity.INFO, "reconcile", "Our books and the broker's agree."
        return None

    def _instruments(self, message: InstrumentsReceived) -> tuple[Severity, str, str] | None:
        unlimited = [item.symbol for item in message.instruments if None in (item.lower_limit, item.upper_limit)]
        parts = []
        if unlimited:
            parts.append(f"Daily price limits are unknown for {self._listed(unlimited)}; they are not checked.")
        if message.unknown_symbols:
            parts.append(f"The broker does not know {self._listed(message.unknown_symbols)}.")
        return (Severity.WARNING, "instruments", " ".join(parts)) if parts else None

    def _listed(self, symbols: Iterable[str]) -> str:
        ordered = sorted(symbols)
        named = [f"{symbol} {self.names.get(symbol, '')}".rstrip() for symbol in ordered[:MAX_NAMED]]
        more = f" and {len(ordered) - MAX_NAMED} more" if len(ordered) > MAX_NAMED else ""
        return ", ".join(named) + more


def _session(plan: SessionPlanned) -> tuple[Severity, str, str]:
    if not plan.is_session:
        return Severity.INFO, "session", f"{plan.trading_date} is no trading day."
    times = f"{kst_text(plan.open_time)[:5]} to {kst_text(plan.close_time)[:5]} KST"
    late = ", a late opening" if plan.late else ""
    return Severity.INFO, "session", f"{plan.trading_date} trades from {times}{late}."


def _body(text: str) -> str:
    """Give a text without the venue time in front; it is not part of what was said."""
    return CLOCK.sub("", text)
