import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Side(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIDE_UNSPECIFIED: _ClassVar[Side]
    SIDE_BUY: _ClassVar[Side]
    SIDE_SELL: _ClassVar[Side]

class OrderKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_KIND_UNSPECIFIED: _ClassVar[OrderKind]
    ORDER_KIND_LIMIT: _ClassVar[OrderKind]
    ORDER_KIND_MARKET: _ClassVar[OrderKind]
    ORDER_KIND_CONDITIONAL_LIMIT: _ClassVar[OrderKind]
    ORDER_KIND_BEST_LIMIT: _ClassVar[OrderKind]
    ORDER_KIND_FIRST_LIMIT: _ClassVar[OrderKind]
    ORDER_KIND_MID: _ClassVar[OrderKind]
    ORDER_KIND_STOP_LIMIT: _ClassVar[OrderKind]
    ORDER_KIND_PRE_OPEN_CLOSE: _ClassVar[OrderKind]
    ORDER_KIND_POST_CLOSE: _ClassVar[OrderKind]
    ORDER_KIND_OFF_HOURS_SINGLE: _ClassVar[OrderKind]

class TimeInForce(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_IN_FORCE_UNSPECIFIED: _ClassVar[TimeInForce]
    TIME_IN_FORCE_DAY: _ClassVar[TimeInForce]
    TIME_IN_FORCE_IOC: _ClassVar[TimeInForce]
    TIME_IN_FORCE_FOK: _ClassVar[TimeInForce]

class Venue(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VENUE_UNSPECIFIED: _ClassVar[Venue]
    VENUE_KRX: _ClassVar[Venue]
    VENUE_NXT: _ClassVar[Venue]
    VENUE_SOR: _ClassVar[Venue]

class Purpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURPOSE_UNSPECIFIED: _ClassVar[Purpose]
    PURPOSE_ENTRY: _ClassVar[Purpose]
    PURPOSE_EXIT: _ClassVar[Purpose]

class Gate(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GATE_UNSPECIFIED: _ClassVar[Gate]
    GATE_OPEN: _ClassVar[Gate]
    GATE_EXITS_ONLY: _ClassVar[Gate]
    GATE_CANCELS_ONLY: _ClassVar[Gate]

class ServerKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SERVER_KIND_UNSPECIFIED: _ClassVar[ServerKind]
    SERVER_KIND_SIMULATED: _ClassVar[ServerKind]
    SERVER_KIND_MOCK: _ClassVar[ServerKind]
    SERVER_KIND_REAL: _ClassVar[ServerKind]

class VenuePhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VENUE_PHASE_UNSPECIFIED: _ClassVar[VenuePhase]
    VENUE_PHASE_CLOSED: _ClassVar[VenuePhase]
    VENUE_PHASE_OPENING_AUCTION: _ClassVar[VenuePhase]
    VENUE_PHASE_CONTINUOUS: _ClassVar[VenuePhase]
    VENUE_PHASE_CLOSING_AUCTION: _ClassVar[VenuePhase]
    VENUE_PHASE_DATA_ENDED: _ClassVar[VenuePhase]
    VENUE_PHASE_OFF_HOURS_CLOSE: _ClassVar[VenuePhase]
    VENUE_PHASE_AFTER_MARKET: _ClassVar[VenuePhase]
    VENUE_PHASE_HALTED: _ClassVar[VenuePhase]

class Market(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MARKET_UNSPECIFIED: _ClassVar[Market]
    MARKET_KOSPI: _ClassVar[Market]
    MARKET_KOSDAQ: _ClassVar[Market]
    MARKET_ETF: _ClassVar[Market]
    MARKET_ETN: _ClassVar[Market]
    MARKET_KONEX: _ClassVar[Market]

class OrderStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATUS_UNSPECIFIED: _ClassVar[OrderStatus]
    ORDER_STATUS_NEW: _ClassVar[OrderStatus]
    ORDER_STATUS_DENIED: _ClassVar[OrderStatus]
    ORDER_STATUS_PENDING_SUBMIT: _ClassVar[OrderStatus]
    ORDER_STATUS_SUBMITTED: _ClassVar[OrderStatus]
    ORDER_STATUS_WORKING: _ClassVar[OrderStatus]
    ORDER_STATUS_PARTIAL: _ClassVar[OrderStatus]
    ORDER_STATUS_PENDING_CANCEL: _ClassVar[OrderStatus]
    ORDER_STATUS_PENDING_REPLACE: _ClassVar[OrderStatus]
    ORDER_STATUS_UNKNOWN_SUBMIT: _ClassVar[OrderStatus]
    ORDER_STATUS_UNKNOWN_CANCEL: _ClassVar[OrderStatus]
    ORDER_STATUS_UNKNOWN_REPLACE: _ClassVar[OrderStatus]
    ORDER_STATUS_FILLED: _ClassVar[OrderStatus]
    ORDER_STATUS_CANCELLED: _ClassVar[OrderStatus]
    ORDER_STATUS_REJECTED: _ClassVar[OrderStatus]
    ORDER_STATUS_EXPIRED: _ClassVar[OrderStatus]
    ORDER_STATUS_QUARANTINED: _ClassVar[OrderStatus]

class QuoteKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUOTE_KIND_UNSPECIFIED: _ClassVar[QuoteKind]
    QUOTE_KIND_TRADE: _ClassVar[QuoteKind]
    QUOTE_KIND_BOOK: _ClassVar[QuoteKind]
    QUOTE_KIND_AUCTION_TRADE: _ClassVar[QuoteKind]

class InstrumentFlag(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTRUMENT_FLAG_UNSPECIFIED: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_HALTED: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_ADMINISTRATIVE: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_SUPERVISED: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_CAUTION: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_WARNING: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_RISK: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_ALERT: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_LIQUIDATION: _ClassVar[InstrumentFlag]
    INSTRUMENT_FLAG_OVERHEATED: _ClassVar[InstrumentFlag]
SIDE_UNSPECIFIED: Side
SIDE_BUY: Side
SIDE_SELL: Side
ORDER_KIND_UNSPECIFIED: OrderKind
ORDER_KIND_LIMIT: OrderKind
ORDER_KIND_MARKET: OrderKind
ORDER_KIND_CONDITIONAL_LIMIT: OrderKind
ORDER_KIND_BEST_LIMIT: OrderKind
ORDER_KIND_FIRST_LIMIT: OrderKind
ORDER_KIND_MID: OrderKind
ORDER_KIND_STOP_LIMIT: OrderKind
ORDER_KIND_PRE_OPEN_CLOSE: OrderKind
ORDER_KIND_POST_CLOSE: OrderKind
ORDER_KIND_OFF_HOURS_SINGLE: OrderKind
TIME_IN_FORCE_UNSPECIFIED: TimeInForce
TIME_IN_FORCE_DAY: TimeInForce
TIME_IN_FORCE_IOC: TimeInForce
TIME_IN_FORCE_FOK: TimeInForce
VENUE_UNSPECIFIED: Venue
VENUE_KRX: Venue
VENUE_NXT: Venue
VENUE_SOR: Venue
PURPOSE_UNSPECIFIED: Purpose
PURPOSE_ENTRY: Purpose
PURPOSE_EXIT: Purpose
GATE_UNSPECIFIED: Gate
GATE_OPEN: Gate
GATE_EXITS_ONLY: Gate
GATE_CANCELS_ONLY: Gate
SERVER_KIND_UNSPECIFIED: ServerKind
SERVER_KIND_SIMULATED: ServerKind
SERVER_KIND_MOCK: ServerKind
SERVER_KIND_REAL: ServerKind
VENUE_PHASE_UNSPECIFIED: VenuePhase
VENUE_PHASE_CLOSED: VenuePhase
VENUE_PHASE_OPENING_AUCTION: VenuePhase
VENUE_PHASE_CONTINUOUS: VenuePhase
VENUE_PHASE_CLOSING_AUCTION: VenuePhase
VENUE_PHASE_DATA_ENDED: VenuePhase
VENUE_PHASE_OFF_HOURS_CLOSE: VenuePhase
VENUE_PHASE_AFTER_MARKET: VenuePhase
VENUE_PHASE_HALTED: VenuePhase
MARKET_UNSPECIFIED: Market
MARKET_KOSPI: Market
MARKET_KOSDAQ: Market
MARKET_ETF: Market
MARKET_ETN: Market
MARKET_KONEX: Market
ORDER_STATUS_UNSPECIFIED: OrderStatus
ORDER_STATUS_NEW: OrderStatus
ORDER_STATUS_DENIED: OrderStatus
ORDER_STATUS_PENDING_SUBMIT: OrderStatus
ORDER_STATUS_SUBMITTED: OrderStatus
ORDER_STATUS_WORKING: OrderStatus
ORDER_STATUS_PARTIAL: OrderStatus
ORDER_STATUS_PENDING_CANCEL: OrderStatus
ORDER_STATUS_PENDING_REPLACE: OrderStatus
ORDER_STATUS_UNKNOWN_SUBMIT: OrderStatus
ORDER_STATUS_UNKNOWN_CANCEL: OrderStatus
ORDER_STATUS_UNKNOWN_REPLACE: OrderStatus
ORDER_STATUS_FILLED: OrderStatus
ORDER_STATUS_CANCELLED: OrderStatus
ORDER_STATUS_REJECTED: OrderStatus
ORDER_STATUS_EXPIRED: OrderStatus
ORDER_STATUS_QUARANTINED: OrderStatus
QUOTE_KIND_UNSPECIFIED: QuoteKind
QUOTE_KIND_TRADE: QuoteKind
QUOTE_KIND_BOOK: QuoteKind
QUOTE_KIND_AUCTION_TRADE: QuoteKind
INSTRUMENT_FLAG_UNSPECIFIED: InstrumentFlag
INSTRUMENT_FLAG_HALTED: InstrumentFlag
INSTRUMENT_FLAG_ADMINISTRATIVE: InstrumentFlag
INSTRUMENT_FLAG_SUPERVISED: InstrumentFlag
INSTRUMENT_FLAG_CAUTION: InstrumentFlag
INSTRUMENT_FLAG_WARNING: InstrumentFlag
INSTRUMENT_FLAG_RISK: InstrumentFlag
INSTRUMENT_FLAG_ALERT: InstrumentFlag
INSTRUMENT_FLAG_LIQUIDATION: InstrumentFlag
INSTRUMENT_FLAG_OVERHEATED: InstrumentFlag

class Quote(_message.Message):
    __slots__ = ("symbol", "venue_time_unix_ns", "price_krw", "last_qty", "cumulative_volume", "bid_price_krw", "ask_price_krw", "bid_qty", "ask_qty", "kind")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    LAST_QTY_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_VOLUME_FIELD_NUMBER: _ClassVar[int]
    BID_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    ASK_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    BID_QTY_FIELD_NUMBER: _ClassVar[int]
    ASK_QTY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue_time_unix_ns: int
    price_krw: int
    last_qty: int
    cumulative_volume: int
    bid_price_krw: int
    ask_price_krw: int
    bid_qty: int
    ask_qty: int
    kind: QuoteKind
    def __init__(self, symbol: _Optional[str] = ..., venue_time_unix_ns: _Optional[int] = ..., price_krw: _Optional[int] = ..., last_qty: _Optional[int] = ..., cumulative_volume: _Optional[int] = ..., bid_price_krw: _Optional[int] = ..., ask_price_krw: _Optional[int] = ..., bid_qty: _Optional[int] = ..., ask_qty: _Optional[int] = ..., kind: _Optional[_Union[QuoteKind, str]] = ...) -> None: ...

class Depth(_message.Message):
    __slots__ = ("symbol", "venue_time_unix_ns", "bid_prices_krw", "bid_qtys", "ask_prices_krw", "ask_qtys")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    BID_PRICES_KRW_FIELD_NUMBER: _ClassVar[int]
    BID_QTYS_FIELD_NUMBER: _ClassVar[int]
    ASK_PRICES_KRW_FIELD_NUMBER: _ClassVar[int]
    ASK_QTYS_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue_time_unix_ns: int
    bid_prices_krw: _containers.RepeatedScalarFieldContainer[int]
    bid_qtys: _containers.RepeatedScalarFieldContainer[int]
    ask_prices_krw: _containers.RepeatedScalarFieldContainer[int]
    ask_qtys: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, symbol: _Optional[str] = ..., venue_time_unix_ns: _Optional[int] = ..., bid_prices_krw: _Optional[_Iterable[int]] = ..., bid_qtys: _Optional[_Iterable[int]] = ..., ask_prices_krw: _Optional[_Iterable[int]] = ..., ask_qtys: _Optional[_Iterable[int]] = ...) -> None: ...

class Instrument(_message.Message):
    __slots__ = ("symbol", "name", "market", "base_price_krw", "lower_limit_krw", "upper_limit_krw", "tradable", "flags", "state_words")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    BASE_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    LOWER_LIMIT_KRW_FIELD_NUMBER: _ClassVar[int]
    UPPER_LIMIT_KRW_FIELD_NUMBER: _ClassVar[int]
    TRADABLE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    STATE_WORDS_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    name: str
    market: Market
    base_price_krw: int
    lower_limit_krw: int
    upper_limit_krw: int
    tradable: bool
    flags: _containers.RepeatedScalarFieldContainer[InstrumentFlag]
    state_words: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbol: _Optional[str] = ..., name: _Optional[str] = ..., market: _Optional[_Union[Market, str]] = ..., base_price_krw: _Optional[int] = ..., lower_limit_krw: _Optional[int] = ..., upper_limit_krw: _Optional[int] = ..., tradable: _Optional[bool] = ..., flags: _Optional[_Iterable[_Union[InstrumentFlag, str]]] = ..., state_words: _Optional[_Iterable[str]] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("symbol", "name", "quantity", "cost_basis_krw", "mark_price_krw", "unrealized_pnl_krw", "realized_pnl_krw", "sellable_qty")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COST_BASIS_KRW_FIELD_NUMBER: _ClassVar[int]
    MARK_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    SELLABLE_QTY_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    name: str
    quantity: int
    cost_basis_krw: int
    mark_price_krw: int
    unrealized_pnl_krw: int
    realized_pnl_krw: int
    sellable_qty: int
    def __init__(self, symbol: _Optional[str] = ..., name: _Optional[str] = ..., quantity: _Optional[int] = ..., cost_basis_krw: _Optional[int] = ..., mark_price_krw: _Optional[int] = ..., unrealized_pnl_krw: _Optional[int] = ..., realized_pnl_krw: _Optional[int] = ..., sellable_qty: _Optional[int] = ...) -> None: ...

class Fill(_message.Message):
    __slots__ = ("trade_id", "client_order_id", "venue_order_id", "symbol", "side", "last_qty", "last_px_krw", "notional_krw", "commission_krw", "tax_krw", "fill_time", "realized_pnl_krw")
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    LAST_QTY_FIELD_NUMBER: _ClassVar[int]
    LAST_PX_KRW_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_KRW_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_KRW_FIELD_NUMBER: _ClassVar[int]
    TAX_KRW_FIELD_NUMBER: _ClassVar[int]
    FILL_TIME_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    trade_id: str
    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    last_qty: int
    last_px_krw: int
    notional_krw: int
    commission_krw: int
    tax_krw: int
    fill_time: _timestamp_pb2.Timestamp
    realized_pnl_krw: int
    def __init__(self, trade_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[Side, str]] = ..., last_qty: _Optional[int] = ..., last_px_krw: _Optional[int] = ..., notional_krw: _Optional[int] = ..., commission_krw: _Optional[int] = ..., tax_krw: _Optional[int] = ..., fill_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., realized_pnl_krw: _Optional[int] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("client_order_id", "symbol", "side", "kind", "purpose", "quantity", "limit_price_krw", "filled_qty", "leaves_qty", "filled_notional_krw", "status", "live_venue_order_ids", "reason", "decided_at", "changed_at", "origin", "rationale", "legs", "time_in_force", "venue", "stop_price_krw")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    FILLED_QTY_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QTY_FIELD_NUMBER: _ClassVar[int]
    FILLED_NOTIONAL_KRW_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LIVE_VENUE_ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    RATIONALE_FIELD_NUMBER: _ClassVar[int]
    LEGS_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    symbol: str
    side: Side
    kind: OrderKind
    purpose: Purpose
    quantity: int
    limit_price_krw: int
    filled_qty: int
    leaves_qty: int
    filled_notional_krw: int
    status: OrderStatus
    live_venue_order_ids: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    decided_at: _timestamp_pb2.Timestamp
    changed_at: _timestamp_pb2.Timestamp
    origin: str
    rationale: str
    legs: _containers.RepeatedCompositeFieldContainer[OrderLeg]
    time_in_force: TimeInForce
    venue: Venue
    stop_price_krw: int
    def __init__(self, client_order_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[Side, str]] = ..., kind: _Optional[_Union[OrderKind, str]] = ..., purpose: _Optional[_Union[Purpose, str]] = ..., quantity: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., filled_qty: _Optional[int] = ..., leaves_qty: _Optional[int] = ..., filled_notional_krw: _Optional[int] = ..., status: _Optional[_Union[OrderStatus, str]] = ..., live_venue_order_ids: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., origin: _Optional[str] = ..., rationale: _Optional[str] = ..., legs: _Optional[_Iterable[_Union[OrderLeg, _Mapping]]] = ..., time_in_force: _Optional[_Union[TimeInForce, str]] = ..., venue: _Optional[_Union[Venue, str]] = ..., stop_price_krw: _Optional[int] = ...) -> None: ...

class OrderLeg(_message.Message):
    __slots__ = ("venue_order_id", "leaves_qty", "limit_price_krw", "can_trade")
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QTY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    CAN_TRADE_FIELD_NUMBER: _ClassVar[int]
    venue_order_id: str
    leaves_qty: int
    limit_price_krw: int
    can_trade: bool
    def __init__(self, venue_order_id: _Optional[str] = ..., leaves_qty: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., can_trade: _Optional[bool] = ...) -> None: ...

class ErrorDetail(_message.Message):
    __slots__ = ("reason_code", "field", "value", "allowed", "broker_code", "broker_text")
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    BROKER_CODE_FIELD_NUMBER: _ClassVar[int]
    BROKER_TEXT_FIELD_NUMBER: _ClassVar[int]
    reason_code: str
    field: str
    value: str
    allowed: str
    broker_code: str
    broker_text: str
    def __init__(self, reason_code: _Optional[str] = ..., field: _Optional[str] = ..., value: _Optional[str] = ..., allowed: _Optional[str] = ..., broker_code: _Optional[str] = ..., broker_text: _Optional[str] = ...) -> None: ...
