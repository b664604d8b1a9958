"""Times, enums and refusals, both ways."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from broker.port import DiagnosisState
from domain.errors import RequestRefused
from domain.quotes import QuoteKind
from domain.types import (
    NANOS_PER_SECOND,
    CandleInterval,
    DayOrderAction,
    DayOrderState,
    Gate,
    InstrumentFlag,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestOutcome,
    ServerKind,
    Side,
    TimeInForce,
    UnixNanos,
    Venue,
    VenuePhase,
)
from hantrade.v1 import broker_pb2, types_pb2

INVALID_ARGUMENT = "INVALID_ARGUMENT"  # reason code of a request that cannot be read

D = TypeVar("D")
W = TypeVar("W", bound=int)


def bad_field(field: str, value: object, allowed: str) -> RequestRefused:
    """Make the refusal of one field."""
    text = f"{field} must be {allowed}, was {value!r}"
    return RequestRefused(INVALID_ARGUMENT, text, field=field, value=str(value), allowed=allowed)


class EnumTable(Generic[D, W]):
    """One enum of ours and its numbers on the wire."""

    def __init__(self, numbers: Mapping[D, W]) -> None:
        """Keep both directions."""
        self._numbers = dict(numbers)
        self._members: dict[int, D] = {int(number): member for member, number in numbers.items()}
        self._allowed = "one of " + ", ".join(str(member) for member in numbers)

    def write(self, member: D) -> W:
        """Give the number of a member."""
        return self._numbers[member]

    def read_or(self, number: int, field: str, unset: D) -> D:
        """Give the member of a number, `unset` for 0. Raises RequestRefused INVALID_ARGUMENT when it is not known."""
        return unset if number == 0 else self.read(number, field)

    def read(self, number: int, field: str) -> D:
        """Give the member of a number. Raises RequestRefused INVALID_ARGUMENT when it is unset or not known."""
        member = self._members.get(number)
        if member is None:
            raise bad_field(field, "unspecified" if number == 0 else number, self._allowed)
        return member


SIDE = EnumTable({Side.BUY: types_pb2.SIDE_BUY, Side.SELL: types_pb2.SIDE_SELL})
KIND = EnumTable(
    {
        OrderKind.LIMIT: types_pb2.ORDER_KIND_LIMIT,
        OrderKind.MARKET: types_pb2.ORDER_KIND_MARKET,
        OrderKind.CONDITIONAL_LIMIT: types_pb2.ORDER_KIND_CONDITIONAL_LIMIT,
        OrderKind.BEST_LIMIT: types_pb2.ORDER_KIND_BEST_LIMIT,
        OrderKind.FIRST_LIMIT: types_pb2.ORDER_KIND_FIRST_LIMIT,
        OrderKind.MID: types_pb2.ORDER_KIND_MID,
        OrderKind.STOP_LIMIT: types_pb2.ORDER_KIND_STOP_LIMIT,
        OrderKind.PRE_OPEN_CLOSE: types_pb2.ORDER_KIND_PRE_OPEN_CLOSE,
        OrderKind.POST_CLOSE: types_pb2.ORDER_KIND_POST_CLOSE,
        OrderKind.OFF_HOURS_SINGLE: types_pb2.ORDER_KIND_OFF_HOURS_SINGLE,
    }
)
TIME_IN_FORCE = EnumTable(
    {
        TimeInForce.DAY: types_pb2.TIME_IN_FORCE_DAY,
        TimeInForce.IOC: types_pb2.TIME_IN_FORCE_IOC,
        TimeInForce.FOK: types_pb2.TIME_IN_FORCE_FOK,
    }
)
VENUE = EnumTable({Venue.KRX: types_pb2.VENUE_KRX, Venue.NXT: types_pb2.VENUE_NXT, Venue.SOR: types_pb2.VENUE_SOR})
PURPOSE = EnumTable({Purpose.ENTRY: types_pb2.PURPOSE_ENTRY, Purpose.EXIT: types_pb2.PURPOSE_EXIT})
DAY_ACTION = EnumTable(
    {
        DayOrderAction.NEW: broker_pb2.DAY_ORDER_ACTION_NEW,
        DayOrderAction.MODIFY: broker_pb2.DAY_ORDER_ACTION_MODIFY,
        DayOrderAction.CANCEL: broker_pb2.DAY_ORDER_ACTION_CANCEL,
    }
)
DAY_STATE = EnumTable(
    {
        DayOrderState.RECEIVED: broker_pb2.DAY_ORDER_STATE_RECEIVED,
        DayOrderState.CONFIRMED: broker_pb2.DAY_ORDER_STATE_CONFIRMED,
        DayOrderState.REJECTED: broker_pb2.DAY_ORDER_STATE_REJECTED,
    }
)
GATE = EnumTable(
    {
        Gate.OPEN: types_pb2.GATE_OPEN,
        Gate.EXITS_ONLY: types_pb2.GATE_EXITS_ONLY,
        Gate.CANCELS_ONLY: types_pb2.GATE_CANCELS_ONLY,
    }
)
SERVER_KIND = EnumTable(
    {
        ServerKind.SIMULATED: types_pb2.SERVER_KIND_SIMULATED,
        ServerKind.MOCK: types_pb2.SERVER_KIND_MOCK,
        ServerKind.REAL: types_pb2.SERVER_KIND_REAL,
    }
)
PHASE = EnumTable(
    {
        VenuePhase.CLOSED: types_pb2.VENUE_PHASE_CLOSED,
        VenuePhase.OPENING_AUCTION: types_pb2.VENUE_PHASE_OPENING_AUCTION,
        VenuePhase.CONTINUOUS: types_pb2.VENUE_PHASE_CONTINUOUS,
        VenuePhase.CLOSING_AUCTION: types_pb2.VENUE_PHASE_CLOSING_AUCTION,
        VenuePhase.DATA_ENDED: types_pb2.VENUE_PHASE_DATA_ENDED,
        VenuePhase.OFF_HOURS_CLOSE: types_pb2.VENUE_PHASE_OFF_HOURS_CLOSE,
        VenuePhase.AFTER_MARKET: types_pb2.VENUE_PHASE_AFTER_MARKET,
        VenuePhase.HALTED: types_pb2.VENUE_PHASE_HALTED,
    }
)
MARKET = EnumTable(
    {
        Market.KOSPI: types_pb2.MARKET_KOSPI,
        Market.KOSDAQ: types_pb2.MARKET_KOSDAQ,
        Market.KONEX: types_pb2.MARKET_KONEX,
        Market.ETF: types_pb2.MARKET_ETF,
        Market.ETN: types_pb2.MARKET_ETN,
    }
)
FLAG = EnumTable(
    {
        InstrumentFlag.HALTED: types_pb2.INSTRUMENT_FLAG_HALTED,
        InstrumentFlag.ADMINISTRATIVE: types_pb2.INSTRUMENT_FLAG_ADMINISTRATIVE,
        InstrumentFlag.SUPERVISED: types_pb2.INSTRUMENT_FLAG_SUPERVISED,
        InstrumentFlag.CAUTION: types_pb2.INSTRUMENT_FLAG_CAUTION,
        InstrumentFlag.WARNING: types_pb2.INSTRUMENT_FLAG_WARNING,
        InstrumentFlag.RISK: types_pb2.INSTRUMENT_FLAG_RISK,
        InstrumentFlag.ALERT: types_pb2.INSTRUMENT_FLAG_ALERT,
        InstrumentFlag.LIQUIDATION: types_pb2.INSTRUMENT_FLAG_LIQUIDATION,
        InstrumentFlag.OVERHEATED: types_pb2.INSTRUMENT_FLAG_OVERHEATED,
    }
)
INTERVAL = EnumTable(
    {
        CandleInterval.MINUTE_1: broker_pb2.CANDLE_INTERVAL_MINUTE_1,
        CandleInterval.MINUTE_3: broker_pb2.CANDLE_INTERVAL_MINUTE_3,
        CandleInterval.MINUTE_5: broker_pb2.CANDLE_INTERVAL_MINUTE_5,
        CandleInterval.MINUTE_10: broker_pb2.CANDLE_INTERVAL_MINUTE_10,
        CandleInterval.MINUTE_15: broker_pb2.CANDLE_INTERVAL_MINUTE_15,
        CandleInterval.MINUTE_30: broker_pb2.CANDLE_INTERVAL_MINUTE_30,
        CandleInterval.MINUTE_45: broker_pb2.CANDLE_INTERVAL_MINUTE_45,
        CandleInterval.MINUTE_60: broker_pb2.CANDLE_INTERVAL_MINUTE_60,
        CandleInterval.DAY: broker_pb2.CANDLE_INTERVAL_DAY,
    }
)
DIAGNOSIS = EnumTable(
    {
        DiagnosisState.OK: broker_pb2.DIAGNOSIS_STATE_OK,
        DiagnosisState.WARNING: broker_pb2.DIAGNOSIS_STATE_WARNING,
        DiagnosisState.FAILED: broker_pb2.DIAGNOSIS_STATE_FAILED,
        DiagnosisState.NOT_KNOWN: broker_pb2.DIAGNOSIS_STATE_NOT_KNOWN,
    }
)
OUTCOME = EnumTable(
    {
        RequestOutcome.SENT: broker_pb2.REQUEST_OUTCOME_SENT,
        RequestOutcome.REFUSED: broker_pb2.REQUEST_OUTCOME_REFUSED,
        RequestOutcome.VOID: broker_pb2.REQUEST_OUTCOME_VOID,
        RequestOutcome.IN_DOUBT: broker_pb2.REQUEST_OUTCOME_IN_DOUBT,
    }
)
QUOTE_KIND = EnumTable(
    {
        QuoteKind.TRADE: types_pb2.QUOTE_KIND_TRADE,
        QuoteKind.BOOK: types_pb2.QUOTE_KIND_BOOK,
        QuoteKind.AUCTION_TRADE: types_pb2.QUOTE_KIND_AUCTION_TRADE,
    }
)


def timestamp(nanos: int) -> Timestamp:
    """Give the wire form of a time, exact to the nanosecond."""
    seconds, rest = divmod(nanos, NANOS_PER_SECOND)
    return Timestamp(seconds=seconds, nanos=rest)


def unix_nanos(time: Timestamp, field: str) -> UnixNanos:
    """Read a time. Raises RequestRefused INVALID_ARGUMENT on nanoseconds out of range."""
    if not 0 <= time.nanos < NANOS_PER_SECOND:
        raise bad_field(f"{field}.nanos", time.nanos, "0 to 999999999")
    return UnixNanos(time.seconds * NANOS_PER_SECOND + time.nanos)


def identifier(value: str, field: str, longest: int = 64) -> str:
    """Read an id. Raises RequestRefused INVALID_ARGUMENT unless it has 1 to `longest` characters."""
    if not 1 <= len(value) <= longest:
        raise bad_field(field, value[: longest + 1], f"1 to {longest} characters")
    return value


def positive(value: int, field: str) -> int:
    """Read a number above 0. Raises RequestRefused INVALID_ARGUMENT."""
    if value <= 0:
        raise bad_field(field, value, "above 0")
    return value


def check_prices(kind: OrderKind, limit_price: int | None, stop_price: int | None) -> None:
    """Check that an order has the prices its kind needs, and no others. Raises RequestRefused INVALID_ARGUMENT."""
    name = kind.lower().replace("_", " ")
    needed = (("limit_price_krw", limit_price, kind.has_limit_price),)
    for field, price, wanted in (*needed, ("stop_price_krw", stop_price, kind is OrderKind.STOP_LIMIT)):
        if not wanted and price is not None:
            raise bad_field(field, price, f"unset for the order kind {name}")
        if wanted and (price is None or price <= 0):
            raise bad_field(field, "unset" if price is None else price, f"above 0 for the order kind {name}")


def krw_or_none(message: object, field: str) -> Krw | None:
    """Read an optional amount: None when it is unset."""
    return Krw(getattr(message, field)) if message.HasField(field) else None  # type: ignore[attr-defined]
