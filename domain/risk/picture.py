"""What a rule looks at: the order proposed, and all that is known when it is judged."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from domain.instruments import Instrument
from domain.messages.risk import Cause
from domain.risk.conduct_facts import NO_CONDUCT, ConductFacts
from domain.risk.exposures import NO_EXPOSURES, Exposures
from domain.risk.holds import Hold
from domain.risk_config import RiskConfig
from domain.types import Gate, Krw, OrderKind, Purpose, Side, TimeInForce, UnixNanos, Venue

# A buy without a price of its own is reserved at the daily upper limit price, as Korean brokers do (facts: krx.md 5,
# unconfirmed); where the limit is unknown, at the mark plus the usual daily range.
DAILY_RANGE_PERCENT = 30
_CONDITIONAL: Final = OrderKind.CONDITIONAL_LIMIT  # named once: reading it off its Enum is a call


@dataclass(slots=True)  # not frozen, nor is the picture: one is made for every order, and freezing takes time
class Proposal:
    """One order somebody wants."""

    symbol: str
    side: Side
    kind: OrderKind
    purpose: Purpose
    quantity: int  # shares; 0 while a signal is not sized yet
    limit_price: Krw | None  # None for kinds without a price of their own
    confidence_ppm: int | None  # of a signal; None for an order by hand
    venue_time: UnixNanos
    time_in_force: TimeInForce = TimeInForce.DAY
    venue: Venue = Venue.KRX
    stop_price: Krw | None = None  # wakes a stop-limit order
    quality: str = "ok"  # of the quotes behind a signal, or the rules that flagged them
    overrides: tuple[str, ...] = ()  # codes of checks a person wants it to pass all the same
    note: str = ""  # of the person

    @property
    def by_hand(self) -> bool:
        """Tell whether a person asked for it."""
        return self.confidence_ppm is None

    def sized(self, quantity: int) -> "Proposal":
        """Give it with a quantity (shares)."""
        terms = (self.kind, self.purpose, quantity, self.limit_price, self.confidence_ppm, self.venue_time)
        more = (self.time_in_force, self.venue, self.stop_price, self.quality, self.overrides, self.note)
        return Proposal(self.symbol, self.side, *terms, *more)


@dataclass(slots=True)
class Picture:
    """Everything the rules need about one instrument and the house, at one moment.

    It is made by place, one for every order: a new field goes to the end, here and in `RiskKnown.picture`.
    """

    config: RiskConfig
    commission_ppm: int
    instrument: Instrument | None  # None when it is not known
    mark: int | None  # won of its last judged trade
    quoted_at: int | None  # venue time of its last judged quote
    gate: Gate
    day: str  # state of the trading day
    orders_link: str
    quotes_link: str
    equity: int  # won
    orderable: int  # won: cash less what open buys hold
    exposure: int  # won: holding at mark plus what open buys of it hold
    held: int  # shares
    selling: int  # shares bound by open sells
    open_orders: int  # of all instruments
    last_same_at: int | None  # venue time of the last approval of the same instrument and side
    unresolved: tuple[Hold, ...]  # orders of the instrument whose fate nobody knows
    loss_limit_hit: bool  # the loss stands at the limit or beyond, or a person has not lifted the halt it led to
    flattening: bool  # the instrument is being sold out
    sold_out_by: str = "an operator"  # while it is being sold out
    halted: str = ""  # why books differ in the instrument, and since when; empty while they agree
    doubt: str = ""  # why its quotes, or those behind the signal, are doubtful; empty while they are not
    exposures: Exposures = NO_EXPOSURES  # what is held and being bought, for limits on concentration
    conduct: ConductFacts = NO_CONDUCT  # pace, times and past trades, for limits on conduct
    reducing: tuple[Cause, ...] = ()  # why only exits pass
    selling_elsewhere: int = 0  # of `selling`, bound by sells that are not ours

    @property
    def sellable(self) -> int:
        """Give the shares no open sell has bound."""
        return max(0, self.held - self.selling)

    @property
    def ours_left(self) -> int | None:
        """Give the shares that are ours and in no open sell of ours; None: others' shares are not told apart."""
        ours = self.conduct.ours
        return None if ours is None else max(0, ours - (self.selling - self.selling_elsewhere))


class Denial(NamedTuple):
    """Why an order is refused."""

    code: str
    message: str  # value, limit and distance


def worst_price(proposal: Proposal, picture: Picture) -> int:
    """Give the price (won) an order is judged and reserved at; 0 when nothing is known."""
    # A conditional limit order may turn into a market order: its own price does not bound it.
    if proposal.limit_price is not None and proposal.kind is not _CONDITIONAL:
        return proposal.limit_price
    if proposal.side is Side.BUY and picture.instrument is not None and picture.instrument.upper_limit is not None:
        return picture.instrument.upper_limit
    percent = 100 + (DAILY_RANGE_PERCENT if proposal.side is Side.BUY else 0)
    return (picture.mark or 0) * percent // 100
