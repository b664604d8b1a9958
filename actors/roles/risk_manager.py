"""The risk manager: nothing goes to the market that it did not approve."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from actors.core.role import Role
from actors.roles import risk_account, risk_conduct, risk_exits, risk_sales
from actors.roles.risk_view import denials, risk_view
from actors.roles.verdicts import Verdict, approved, denied
from domain.messages import Message, Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, FlowBooked, HoldingBooked
from domain.messages.link import (
    BrokerStateReceived,
    ConnectionChanged,
    ExternalOrderSeen,
    HeartbeatReceived,
    InstrumentsReceived,
    SourcesCompared,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.market import HistoryReceived, IndexReceived, QuotesJudged, SymbolInterrupted
from domain.messages.operator import (
    AdjustmentRequested,
    ClaimRequested,
    CommandAnswered,
    FlattenRequested,
    HaltRequested,
    ManualCancelRequested,
    ManualModeRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    OrdersRouteRequested,
    PauseRequested,
    PresenceReported,
    ReconcileRequested,
    ReleaseRequested,
    ResumeRequested,
    StopRequested,
    StopsRequested,
)
from domain.messages.orders import CancelOrder, ModifyOrder, OrderStateChanged, SubmitOrder
from domain.messages.risk import (
    ExitStuck,
    HoldingClaimed,
    HoldingsLeft,
    LimitLevelChanged,
    LimitsUnlocked,
    ManualModeChanged,
    ReducingChanged,
    StopsSet,
    StopTriggered,
)
from domain.messages.run import ClockTicked, RunStarted
from domain.messages.trading import (
    AccountOpened,
    DayChanged,
    EquityMarked,
    FillBooked,
    GateChanged,
    LossLimitHit,
    ModifyApproved,
    OrderApproved,
    OrderDenied,
    SessionPlanned,
    SignalFormed,
    StopChanged,
)
from domain.risk import RULES, Proposal, RiskState, loss_limit_krw, size_entry, size_exit
from domain.risk.conduct import UNTOUCHED
from domain.risk.overrides import judge_by_hand
from domain.risk.picture import worst_price
from domain.risk.rule import BUY, ENTRY
from domain.risk.sizing import cost
from domain.risk.table import ALL_CHECKS, FITTED_CHECKS, SIZED_CHECKS, STATE_CHECKS
from domain.types import PPM, ClientOrderId, Krw, OrderKind, Purpose, Side, UnixNanos
from domain.views import DenialsQuery, RiskQuery
from fsm.client_order import CLOSED

# Heard for limits of the account, conduct and stops alone.
WATCHED = frozenset(
    {
        AdjustmentRequested,
        OrdersRouteRequested,
        ReconcileRequested,
        ReleaseRequested,
        StopRequested,
        ClockTicked,
        SessionPlanned,
        HeartbeatReceived,
        HistoryReceived,
        IndexReceived,
        SymbolInterrupted,
        FlowBooked,
        LimitsUnlocked,
        SubmitOrder,
        ModifyOrder,
        CancelOrder,
        ManualCancelRequested,
        PauseRequested,
        ResumeRequested,
        CommandAnswered,
        HaltRequested,
        StopsRequested,
        ClaimRequested,
        ManualModeRequested,
        PresenceReported,
    }
)
_LIMIT: Final = OrderKind.LIMIT  # named once: reading it off its Enum is a call


class RiskManager(Role):
    """Judge every order before it exists, size what signals ask for, watch limits and stops, sell out.

    Hears: signals, orders by hand, flatten, everything the rules, limits and stops look at.
    Says: OrderApproved, OrderDenied, ModifyApproved, LimitLevelChanged, ReducingChanged, LossLimitHit, StopTriggered,
        ExitStuck, StopsSet, HoldingClaimed, ManualModeChanged, CommandAnswered.
    Keeps: what open orders bind, others' in the account too, cash, holdings, prices, links, gate and day, symbols whose
        books differ, whose quotes are doubtful, the loss lock, who is being sold out.
    """

    NAME: ClassVar[str] = "risk_manager"
    STATE_VERSION: ClassVar[int] = 6  # 5: whose quotes are doubtful; 6: conduct, stops, limits of the account
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        InstrumentsReceived,
        ConnectionChanged,
        DayChanged,
        GateChanged,
        QuotesJudged,
        SignalFormed,
        ManualOrderRequested,
        ManualModifyRequested,
        FlattenRequested,
        StopChanged,
        StopTriggered,
        OrderStateChanged,
        FillBooked,
        FillRevised,
        HoldingBooked,
        AdjustmentBooked,
        ExternalOrderSeen,
        SymbolHalted,
        SymbolReleased,
        SourcesCompared,
        AccountOpened,
        EquityMarked,
        BrokerStateReceived,
        *sorted(WATCHED, key=lambda kind: kind.__name__),
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (
        OrderApproved,
        OrderDenied,
        ModifyApproved,
        LossLimitHit,
        CommandAnswered,
        StopTriggered,
        ExitStuck,
        StopsSet,
        HoldingClaimed,
        HoldingsLeft,
        ManualModeChanged,
        LimitLevelChanged,
        ReducingChanged,
    )

    def __init__(self) -> None:
        """Start with nothing known: every rule then denies."""
        super().__init__()
        self.state = RiskState()

    def evolve(self, message: Any, stamp: Stamp) -> None:  # the signature of a role
        """Fold one message."""
        self.state.fold(message, stamp.system_time)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Judge orders, answer people, watch limits and stops."""
        if type(message) is SignalFormed:
            return self._signal(message, stamp)  # nobody below has a word in what a strategy argues for
        outputs = [*risk_sales.left_by_stop(self.state), *self._own(message, stamp)]
        for more in (risk_exits.outputs, risk_conduct.outputs, risk_account.outputs):
            outputs += more(self.state, message, stamp)
        return outputs

    def _own(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        match message:
            case QuotesJudged() | ClockTicked():
                return risk_sales.put_off(self.state, stamp)
            case SourcesCompared():
                return ()
            case _ if type(message) in WATCHED:
                return ()  # what is being sold out waits for none of them
            case EquityMarked():
                return () if self.state.watch.config.is_on else self._loss(message)  # else risk_account says it
            case ManualOrderRequested():
                return self._by_hand(message, stamp)
            case ManualModifyRequested():
                return self._change(message)
            case FlattenRequested():
                return risk_sales.flatten(self.state, message, stamp)
            case StopTriggered(symbol=symbol):
                return risk_sales.sales(self.state, stamp, (symbol,))  # others reached at once are still to be told
            case OrderStateChanged(to_status=status) if status not in CLOSED:
                # It may be of a sale made just now, with the others of its list still to come: these would come twice.
                return ()
            case StopChanged(to_state=to_state) if to_state != "FLATTENING":
                return ()  # for the same reason: the stop moves on as soon as it hears of the first sale
        return risk_sales.sales(self.state, stamp)

    # ---- signals and orders by hand ----------------------------------------------------------------------------

    def _signal(self, signal: SignalFormed, stamp: Stamp) -> list[Message]:
        draft = Proposal(
            signal.symbol,
            signal.side,
            _LIMIT,
            signal.purpose,
            0,
            signal.limit_price,
            round(signal.confidence * PPM),
            signal.venue_time,
            quality=signal.quality,
        )
        verdict = self._judge(draft, stamp, signal.strategy, signal.rationale)
        if type(verdict) is OrderDenied and self._is_repeated_exit(verdict):
            return []
        return [verdict]

    def _by_hand(self, asked: ManualOrderRequested, stamp: Stamp) -> list[Message]:
        earlier = self.state.answers.get(asked.command_id)
        if earlier is not None:
            return [earlier]
        proposal = Proposal(
            asked.symbol,
            asked.side,
            asked.kind,
            ENTRY if asked.side is BUY else Purpose.EXIT,
            asked.quantity,
            asked.limit_price,
            None,
            UnixNanos(self.state.venue_time),
            asked.time_in_force,
            asked.venue,
            asked.stop_price,
            overrides=asked.overrides,
            note=asked.note,
        )
        verdict = self._judge(proposal, stamp, f"operator:{asked.caller}", asked.note)
        if isinstance(verdict, OrderApproved):
            text = f"approved, overriding {', '.join(verdict.overridden)}" if verdict.overridden else "approved"
            return [verdict, CommandAnswered(asked.command_id, True, "", text, verdict.client_order_id)]
        answer = (verdict.reason, verdict.message, verdict.client_order_id)
        return [verdict, CommandAnswered(asked.command_id, False, *answer)]

    def _change(self, asked: ManualModifyRequested) -> list[Message]:
        """Judge an open order anew at its new price, its own hold set aside; the executor knows if it can change."""
        state, now = self.state, UnixNanos(self.state.venue_time)
        hold = state.holds.get(asked.client_order_id)
        price = asked.limit_price if asked.limit_price is not None or hold is None else hold.limit_price
        reserved = Krw(0)
        if hold is not None and hold.is_open and price is not None:
            purpose = Purpose.EXIT if hold.side is Side.SELL else Purpose.ENTRY
            size = (hold.remaining, price, None, now)
            proposal = Proposal(hold.symbol, hold.side, OrderKind.LIMIT, purpose, *size)
            denial = ALL_CHECKS.judge(proposal, state.picture_without(hold, proposal))
            if denial is not None:
                return [CommandAnswered(asked.command_id, False, denial.code, denial.message, asked.client_order_id)]
            if hold.side is Side.BUY:
                reserved = cost(hold.quantity, price, state.config.costs.commission_ppm)
        size_and_price = (asked.quantity, asked.limit_price, reserved, now)
        return [ModifyApproved(asked.command_id, asked.client_order_id, *size_and_price)]

    def _judge(self, proposal: Proposal, stamp: Stamp, origin: str, rationale: str) -> Verdict:
        picture = self.state.picture(proposal)
        order_id = ClientOrderId(f"{stamp.log_id}-{stamp.seq}")
        overridden: tuple[str, ...] = ()
        if proposal.overrides:
            denial, overridden = judge_by_hand(proposal, picture, RULES)
        else:
            denial = STATE_CHECKS.judge(proposal, picture)
        if denial is None and not proposal.by_hand:
            price = worst_price(proposal, picture)
            size = size_entry(price, picture) if proposal.side is BUY else size_exit(picture)
            proposal.quantity = size.quantity  # the draft is nobody else's
            denial = size.binding if size.quantity == 0 else None
        if denial is None and not proposal.overrides:
            denial = (SIZED_CHECKS if proposal.by_hand else FITTED_CHECKS).judge(proposal, picture)
        if denial is not None:
            return denied(order_id, proposal, denial, origin, rationale)
        reserved = Krw(0)
        if proposal.side is BUY:
            reserved = cost(proposal.quantity, worst_price(proposal, picture), picture.commission_ppm)
        arrival = self.state.arrival_price(proposal.symbol)
        return approved(order_id, proposal, reserved, origin, rationale, overridden, arrival)

    def _is_repeated_exit(self, verdict: OrderDenied) -> bool:
        """Tell whether the same was said already about the sells that are open now, or about what is left alone."""
        if verdict.purpose is not Purpose.EXIT:
            return False
        if verdict.reason in UNTOUCHED:
            return self.state.conduct.has_refused(verdict.symbol, verdict.reason)
        if verdict.reason != "DUPLICATE":
            return False
        return self.state.denied_exits.get(verdict.symbol) == self.state.open_sells(verdict.symbol)

    # ---- daily loss --------------------------------------------------------------------------------------------

    def _loss(self, marked: EquityMarked) -> list[Message]:
        state = self.state
        limit = loss_limit_krw(state.start_equity, state.config.risk.daily_loss_ppm)
        loss = Krw(state.start_equity - marked.equity)
        if not state.loss_armed or not state.is_over_loss_limit:
            return []
        start = Krw(state.start_equity)
        return [LossLimitHit("daily_loss", marked.equity, start, loss, limit, marked.venue_time)]

    # ---- questions ---------------------------------------------------------------------------------------------

    def view(self, query: Any) -> Any:
        """Answer RiskQuery and DenialsQuery."""
        match query:
            case DenialsQuery():
                return denials(self.state, query)
            case RiskQuery():
                return risk_view(self.state)
        return super().view(query)
