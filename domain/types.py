"""Names and enums of the field, shared by everything above. Money is whole KRW, quantities are shares."""

from enum import StrEnum
from typing import NewType

Krw = NewType("Krw", int)  # whole won
UnixNanos = NewType("UnixNanos", int)  # ns since 1970-01-01T00:00:00Z
Symbol = NewType("Symbol", str)  # KRX short code, six characters, letters occur
ClientOrderId = NewType("ClientOrderId", str)  # ours, unique for ever
VenueOrderId = NewType("VenueOrderId", str)  # the broker's order number of one leg
RequestId = NewType("RequestId", str)  # a client order id, or the id of one cancel or modify
TradeId = NewType("TradeId", str)  # the venue's, unique per venue order and day

NANOS_PER_SECOND = 1_000_000_000
PPM = 1_000_000  # rates are integers in parts per million


class Side(StrEnum):
    """Direction of an order or a fill."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """Give +1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderKind(StrEnum):
    """How an order is priced."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    CONDITIONAL_LIMIT = "CONDITIONAL_LIMIT"  # 조건부지정가: a market order once the closing auction begins
    BEST_LIMIT = "BEST_LIMIT"  # 최유리지정가: limit at the opposite best at arrival
    FIRST_LIMIT = "FIRST_LIMIT"  # 최우선지정가: limit at its own side's best at arrival
    MID = "MID"  # 중간가: trades at the middle of best bid and ask
    STOP_LIMIT = "STOP_LIMIT"  # 스톱지정가: a limit order once a trade reaches the stop price
    PRE_OPEN_CLOSE = "PRE_OPEN_CLOSE"  # 장전 시간외종가: at the previous close
    POST_CLOSE = "POST_CLOSE"  # 장후 시간외종가: at today's close
    OFF_HOURS_SINGLE = "OFF_HOURS_SINGLE"  # 시간외단일가, until 2026-09-13

    @property
    def has_limit_price(self) -> bool:
        """Tell whether an order of this kind carries a limit price of its own."""
        return self in _PRICED


_PRICED = frozenset({OrderKind.LIMIT, OrderKind.CONDITIONAL_LIMIT, OrderKind.STOP_LIMIT, OrderKind.OFF_HOURS_SINGLE})


class TimeInForce(StrEnum):
    """How long an order may stand."""

    DAY = "DAY"  # until the end of its session
    IOC = "IOC"  # what cannot trade at once is cancelled
    FOK = "FOK"  # trades completely at once or not at all


class Venue(StrEnum):
    """Where an order goes."""

    KRX = "KRX"
    NXT = "NXT"
    SOR = "SOR"  # the broker picks


class Purpose(StrEnum):
    """Why an order exists; decides which gate level lets it pass."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"


class Gate(StrEnum):
    """What may go onto the wire to the venue. Cancels always pass."""

    OPEN = "OPEN"
    EXITS_ONLY = "EXITS_ONLY"
    CANCELS_ONLY = "CANCELS_ONLY"

    def passes(self, purpose: Purpose) -> bool:
        """Tell whether a new order of this purpose may pass."""
        return self is Gate.OPEN or (self is Gate.EXITS_ONLY and purpose is Purpose.EXIT)


class ServerKind(StrEnum):
    """What stands behind a broker."""

    SIMULATED = "SIMULATED"
    MOCK = "MOCK"
    REAL = "REAL"


class VenuePhase(StrEnum):
    """Phase of the venue's day, from the broker's data."""

    CLOSED = "CLOSED"
    OPENING_AUCTION = "OPENING_AUCTION"
    CONTINUOUS = "CONTINUOUS"
    CLOSING_AUCTION = "CLOSING_AUCTION"
    DATA_ENDED = "DATA_ENDED"
    OFF_HOURS_CLOSE = "OFF_HOURS_CLOSE"  # 시간외종가, at the previous close or today's
    AFTER_MARKET = "AFTER_MARKET"  # KRX 16:00 to 20:00, continuous
    HALTED = "HALTED"  # a circuit breaker


class Market(StrEnum):
    """Listing market; decides ticks, limits and transaction tax."""

    KOSPI = "KOSPI"
    KOSDAQ = "KOSDAQ"
    KONEX = "KONEX"
    ETF = "ETF"
    ETN = "ETN"


class InstrumentFlag(StrEnum):
    """What to know of an instrument before it is bought."""

    HALTED = "HALTED"  # 거래정지
    ADMINISTRATIVE = "ADMINISTRATIVE"  # 관리종목
    SUPERVISED = "SUPERVISED"  # 감리종목
    CAUTION = "CAUTION"  # 투자주의, 투자유의종목
    WARNING = "WARNING"  # 투자경고
    RISK = "RISK"  # 투자위험
    ALERT = "ALERT"  # 투자주의환기종목
    LIQUIDATION = "LIQUIDATION"  # 정리매매
    OVERHEATED = "OVERHEATED"  # 단기과열


class Severity(StrEnum):
    """How loud a notice is."""

    INFO = "INFO"
    WARNING = "WARNING"
    ALERT = "ALERT"


class LinkName(StrEnum):
    """Which of the trader's two links to brokers."""

    QUOTES = "quotes"
    ORDERS = "orders"


class RequestOutcome(StrEnum):
    """What became of a request in the broker's journal."""

    SENT = "SENT"
    REFUSED = "REFUSED"
    VOID = "VOID"
    IN_DOUBT = "IN_DOUBT"


class CandleInterval(StrEnum):
    """Length of a bar."""

    MINUTE_1 = "1m"
    MINUTE_3 = "3m"
    MINUTE_5 = "5m"
    MINUTE_10 = "10m"
    MINUTE_15 = "15m"
    MINUTE_30 = "30m"
    MINUTE_45 = "45m"
    MINUTE_60 = "60m"
    DAY = "1d"

    @property
    def minutes(self) -> int:
        """Give its minutes, 0 for a day."""
        return 0 if self is CandleInterval.DAY else int(self.value[:-1])


class DayOrderAction(StrEnum):
    """What a venue order number of the day was given for."""

    NEW = "NEW"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"


class DayOrderState(StrEnum):
    """How far a venue order number of the day came, as the broker's lists tell it."""

    RECEIVED = "RECEIVED"  # 접수
    CONFIRMED = "CONFIRMED"  # 확인: a modify or cancel took effect
    REJECTED = "REJECTED"  # 거부
