import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hantrade.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CandleInterval(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CANDLE_INTERVAL_UNSPECIFIED: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_1: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_3: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_5: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_10: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_15: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_30: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_45: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE_60: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_DAY: _ClassVar[CandleInterval]

class DayOrderAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DAY_ORDER_ACTION_UNSPECIFIED: _ClassVar[DayOrderAction]
    DAY_ORDER_ACTION_NEW: _ClassVar[DayOrderAction]
    DAY_ORDER_ACTION_MODIFY: _ClassVar[DayOrderAction]
    DAY_ORDER_ACTION_CANCEL: _ClassVar[DayOrderAction]

class DayOrderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DAY_ORDER_STATE_UNSPECIFIED: _ClassVar[DayOrderState]
    DAY_ORDER_STATE_RECEIVED: _ClassVar[DayOrderState]
    DAY_ORDER_STATE_CONFIRMED: _ClassVar[DayOrderState]
    DAY_ORDER_STATE_REJECTED: _ClassVar[DayOrderState]

class RequestOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REQUEST_OUTCOME_UNSPECIFIED: _ClassVar[RequestOutcome]
    REQUEST_OUTCOME_SENT: _ClassVar[RequestOutcome]
    REQUEST_OUTCOME_REFUSED: _ClassVar[RequestOutcome]
    REQUEST_OUTCOME_VOID: _ClassVar[RequestOutcome]
    REQUEST_OUTCOME_IN_DOUBT: _ClassVar[RequestOutcome]

class DiagnosisState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIAGNOSIS_STATE_UNSPECIFIED: _ClassVar[DiagnosisState]
    DIAGNOSIS_STATE_OK: _ClassVar[DiagnosisState]
    DIAGNOSIS_STATE_WARNING: _ClassVar[DiagnosisState]
    DIAGNOSIS_STATE_FAILED: _ClassVar[DiagnosisState]
    DIAGNOSIS_STATE_NOT_KNOWN: _ClassVar[DiagnosisState]
CANDLE_INTERVAL_UNSPECIFIED: CandleInterval
CANDLE_INTERVAL_MINUTE_1: CandleInterval
CANDLE_INTERVAL_MINUTE_3: CandleInterval
CANDLE_INTERVAL_MINUTE_5: CandleInterval
CANDLE_INTERVAL_MINUTE_10: CandleInterval
CANDLE_INTERVAL_MINUTE_15: CandleInterval
CANDLE_INTERVAL_MINUTE_30: CandleInterval
CANDLE_INTERVAL_MINUTE_45: CandleInterval
CANDLE_INTERVAL_MINUTE_60: CandleInterval
CANDLE_INTERVAL_DAY: CandleInterval
DAY_ORDER_ACTION_UNSPECIFIED: DayOrderAction
DAY_ORDER_ACTION_NEW: DayOrderAction
DAY_ORDER_ACTION_MODIFY: DayOrderAction
DAY_ORDER_ACTION_CANCEL: DayOrderAction
DAY_ORDER_STATE_UNSPECIFIED: DayOrderState
DAY_ORDER_STATE_RECEIVED: DayOrderState
DAY_ORDER_STATE_CONFIRMED: DayOrderState
DAY_ORDER_STATE_REJECTED: DayOrderState
REQUEST_OUTCOME_UNSPECIFIED: RequestOutcome
REQUEST_OUTCOME_SENT: RequestOutcome
REQUEST_OUTCOME_REFUSED: RequestOutcome
REQUEST_OUTCOME_VOID: RequestOutcome
REQUEST_OUTCOME_IN_DOUBT: RequestOutcome
DIAGNOSIS_STATE_UNSPECIFIED: DiagnosisState
DIAGNOSIS_STATE_OK: DiagnosisState
DIAGNOSIS_STATE_WARNING: DiagnosisState
DIAGNOSIS_STATE_FAILED: DiagnosisState
DIAGNOSIS_STATE_NOT_KNOWN: DiagnosisState

class Session(_message.Message):
    __slots__ = ("server_kind", "logged_in", "account", "venue_time", "phase", "journal_id", "epoch", "gate", "run_id", "speed_milli", "trouble", "account_check")
    SERVER_KIND_FIELD_NUMBER: _ClassVar[int]
    LOGGED_IN_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SPEED_MILLI_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_CHECK_FIELD_NUMBER: _ClassVar[int]
    server_kind: _types_pb2.ServerKind
    logged_in: bool
    account: str
    venue_time: _timestamp_pb2.Timestamp
    phase: _types_pb2.VenuePhase
    journal_id: str
    epoch: int
    gate: _types_pb2.Gate
    run_id: str
    speed_milli: int
    trouble: str
    account_check: str
    def __init__(self, server_kind: _Optional[_Union[_types_pb2.ServerKind, str]] = ..., logged_in: _Optional[bool] = ..., account: _Optional[str] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., phase: _Optional[_Union[_types_pb2.VenuePhase, str]] = ..., journal_id: _Optional[str] = ..., epoch: _Optional[int] = ..., gate: _Optional[_Union[_types_pb2.Gate, str]] = ..., run_id: _Optional[str] = ..., speed_milli: _Optional[int] = ..., trouble: _Optional[str] = ..., account_check: _Optional[str] = ...) -> None: ...

class GetSessionRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: Session
    def __init__(self, session: _Optional[_Union[Session, _Mapping]] = ...) -> None: ...

class LoginRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LoginResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: Session
    def __init__(self, session: _Optional[_Union[Session, _Mapping]] = ...) -> None: ...

class WatchSessionRequest(_message.Message):
    __slots__ = ("interval",)
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    interval: _duration_pb2.Duration
    def __init__(self, interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchSessionResponse(_message.Message):
    __slots__ = ("seq", "session")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    seq: int
    session: Session
    def __init__(self, seq: _Optional[int] = ..., session: _Optional[_Union[Session, _Mapping]] = ...) -> None: ...

class ListInstrumentsRequest(_message.Message):
    __slots__ = ("symbols",)
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ...) -> None: ...

class ListInstrumentsResponse(_message.Message):
    __slots__ = ("instruments", "unknown_symbols")
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    instruments: _containers.RepeatedCompositeFieldContainer[_types_pb2.Instrument]
    unknown_symbols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, instruments: _Optional[_Iterable[_Union[_types_pb2.Instrument, _Mapping]]] = ..., unknown_symbols: _Optional[_Iterable[str]] = ...) -> None: ...

class StreamQuotesRequest(_message.Message):
    __slots__ = ("symbols", "after_seq", "run_id", "max_delay", "max_rows", "columns", "depth")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_DELAY_FIELD_NUMBER: _ClassVar[int]
    MAX_ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    after_seq: int
    run_id: str
    max_delay: _duration_pb2.Duration
    max_rows: int
    columns: bool
    depth: bool
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., after_seq: _Optional[int] = ..., run_id: _Optional[str] = ..., max_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_rows: _Optional[int] = ..., columns: _Optional[bool] = ..., depth: _Optional[bool] = ...) -> None: ...

class StreamQuotesResponse(_message.Message):
    __slots__ = ("run_id", "seq", "quotes", "conflated", "end_of_data", "sent_at_unix_ns", "columns", "depths")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    CONFLATED_FIELD_NUMBER: _ClassVar[int]
    END_OF_DATA_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DEPTHS_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    seq: int
    quotes: _containers.RepeatedCompositeFieldContainer[_types_pb2.Quote]
    conflated: int
    end_of_data: bool
    sent_at_unix_ns: int
    columns: QuoteColumns
    depths: _containers.RepeatedCompositeFieldContainer[_types_pb2.Depth]
    def __init__(self, run_id: _Optional[str] = ..., seq: _Optional[int] = ..., quotes: _Optional[_Iterable[_Union[_types_pb2.Quote, _Mapping]]] = ..., conflated: _Optional[int] = ..., end_of_data: _Optional[bool] = ..., sent_at_unix_ns: _Optional[int] = ..., columns: _Optional[_Union[QuoteColumns, _Mapping]] = ..., depths: _Optional[_Iterable[_Union[_types_pb2.Depth, _Mapping]]] = ...) -> None: ...

class QuoteColumns(_message.Message):
    __slots__ = ("symbols", "venue_times_unix_ns", "prices_krw", "last_qtys", "cumulative_volumes", "bid_prices_krw", "ask_prices_krw", "bid_qtys", "ask_qtys", "kinds")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIMES_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    PRICES_KRW_FIELD_NUMBER: _ClassVar[int]
    LAST_QTYS_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_VOLUMES_FIELD_NUMBER: _ClassVar[int]
    BID_PRICES_KRW_FIELD_NUMBER: _ClassVar[int]
    ASK_PRICES_KRW_FIELD_NUMBER: _ClassVar[int]
    BID_QTYS_FIELD_NUMBER: _ClassVar[int]
    ASK_QTYS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venue_times_unix_ns: _containers.RepeatedScalarFieldContainer[int]
    prices_krw: _containers.RepeatedScalarFieldContainer[int]
    last_qtys: _containers.RepeatedScalarFieldContainer[int]
    cumulative_volumes: _containers.RepeatedScalarFieldContainer[int]
    bid_prices_krw: _containers.RepeatedScalarFieldContainer[int]
    ask_prices_krw: _containers.RepeatedScalarFieldContainer[int]
    bid_qtys: _containers.RepeatedScalarFieldContainer[int]
    ask_qtys: _containers.RepeatedScalarFieldContainer[int]
    kinds: _containers.RepeatedScalarFieldContainer[_types_pb2.QuoteKind]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venue_times_unix_ns: _Optional[_Iterable[int]] = ..., prices_krw: _Optional[_Iterable[int]] = ..., last_qtys: _Optional[_Iterable[int]] = ..., cumulative_volumes: _Optional[_Iterable[int]] = ..., bid_prices_krw: _Optional[_Iterable[int]] = ..., ask_prices_krw: _Optional[_Iterable[int]] = ..., bid_qtys: _Optional[_Iterable[int]] = ..., ask_qtys: _Optional[_Iterable[int]] = ..., kinds: _Optional[_Iterable[_Union[_types_pb2.QuoteKind, str]]] = ...) -> None: ...

class GetQuotesRequest(_message.Message):
    __slots__ = ("symbols",)
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ...) -> None: ...

class GetQuotesResponse(_message.Message):
    __slots__ = ("quotes",)
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    quotes: _containers.RepeatedCompositeFieldContainer[_types_pb2.Quote]
    def __init__(self, quotes: _Optional[_Iterable[_Union[_types_pb2.Quote, _Mapping]]] = ...) -> None: ...

class ListCandlesRequest(_message.Message):
    __slots__ = ("symbol", "until", "interval", "adjusted")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    until: _timestamp_pb2.Timestamp
    interval: CandleInterval
    adjusted: bool
    def __init__(self, symbol: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., interval: _Optional[_Union[CandleInterval, str]] = ..., adjusted: _Optional[bool] = ..., **kwargs) -> None: ...

class Candle(_message.Message):
    __slots__ = ("start", "open_krw", "high_krw", "low_krw", "close_krw", "volume")
    START_FIELD_NUMBER: _ClassVar[int]
    OPEN_KRW_FIELD_NUMBER: _ClassVar[int]
    HIGH_KRW_FIELD_NUMBER: _ClassVar[int]
    LOW_KRW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_KRW_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    start: _timestamp_pb2.Timestamp
    open_krw: int
    high_krw: int
    low_krw: int
    close_krw: int
    volume: int
    def __init__(self, start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., open_krw: _Optional[int] = ..., high_krw: _Optional[int] = ..., low_krw: _Optional[int] = ..., close_krw: _Optional[int] = ..., volume: _Optional[int] = ...) -> None: ...

class ListCandlesResponse(_message.Message):
    __slots__ = ("candles",)
    CANDLES_FIELD_NUMBER: _ClassVar[int]
    candles: _containers.RepeatedCompositeFieldContainer[Candle]
    def __init__(self, candles: _Optional[_Iterable[_Union[Candle, _Mapping]]] = ...) -> None: ...

class GetAccountRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAccountResponse(_message.Message):
    __slots__ = ("account", "cash_krw", "orderable_cash_krw", "commission_krw", "tax_krw", "as_of_seq", "deposit_krw", "d1_deposit_krw", "withdrawable_krw")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CASH_KRW_FIELD_NUMBER: _ClassVar[int]
    ORDERABLE_CASH_KRW_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_KRW_FIELD_NUMBER: _ClassVar[int]
    TAX_KRW_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQ_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_KRW_FIELD_NUMBER: _ClassVar[int]
    D1_DEPOSIT_KRW_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWABLE_KRW_FIELD_NUMBER: _ClassVar[int]
    account: str
    cash_krw: int
    orderable_cash_krw: int
    commission_krw: int
    tax_krw: int
    as_of_seq: int
    deposit_krw: int
    d1_deposit_krw: int
    withdrawable_krw: int
    def __init__(self, account: _Optional[str] = ..., cash_krw: _Optional[int] = ..., orderable_cash_krw: _Optional[int] = ..., commission_krw: _Optional[int] = ..., tax_krw: _Optional[int] = ..., as_of_seq: _Optional[int] = ..., deposit_krw: _Optional[int] = ..., d1_deposit_krw: _Optional[int] = ..., withdrawable_krw: _Optional[int] = ...) -> None: ...

class ListPositionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPositionsResponse(_message.Message):
    __slots__ = ("positions", "as_of_seq")
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQ_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[_types_pb2.Position]
    as_of_seq: int
    def __init__(self, positions: _Optional[_Iterable[_Union[_types_pb2.Position, _Mapping]]] = ..., as_of_seq: _Optional[int] = ...) -> None: ...

class ListOpenOrdersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OpenOrder(_message.Message):
    __slots__ = ("venue_order_id", "client_order_id", "symbol", "side", "kind", "quantity", "leaves_qty", "limit_price_krw", "time_in_force", "venue", "stop_price_krw")
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QTY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    venue_order_id: str
    client_order_id: str
    symbol: str
    side: _types_pb2.Side
    kind: _types_pb2.OrderKind
    quantity: int
    leaves_qty: int
    limit_price_krw: int
    time_in_force: _types_pb2.TimeInForce
    venue: _types_pb2.Venue
    stop_price_krw: int
    def __init__(self, venue_order_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[_types_pb2.Side, str]] = ..., kind: _Optional[_Union[_types_pb2.OrderKind, str]] = ..., quantity: _Optional[int] = ..., leaves_qty: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., time_in_force: _Optional[_Union[_types_pb2.TimeInForce, str]] = ..., venue: _Optional[_Union[_types_pb2.Venue, str]] = ..., stop_price_krw: _Optional[int] = ...) -> None: ...

class ListOpenOrdersResponse(_message.Message):
    __slots__ = ("orders", "as_of_seq")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQ_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OpenOrder]
    as_of_seq: int
    def __init__(self, orders: _Optional[_Iterable[_Union[OpenOrder, _Mapping]]] = ..., as_of_seq: _Optional[int] = ...) -> None: ...

class ListDayOrdersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DayOrder(_message.Message):
    __slots__ = ("venue_order_id", "original_venue_order_id", "client_order_id", "request_id", "symbol", "side", "action", "state", "quantity", "leaves_qty", "filled_qty", "filled_notional_krw", "limit_price_krw", "commission_krw", "tax_krw", "order_time")
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QTY_FIELD_NUMBER: _ClassVar[int]
    FILLED_QTY_FIELD_NUMBER: _ClassVar[int]
    FILLED_NOTIONAL_KRW_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_KRW_FIELD_NUMBER: _ClassVar[int]
    TAX_KRW_FIELD_NUMBER: _ClassVar[int]
    ORDER_TIME_FIELD_NUMBER: _ClassVar[int]
    venue_order_id: str
    original_venue_order_id: str
    client_order_id: str
    request_id: str
    symbol: str
    side: _types_pb2.Side
    action: DayOrderAction
    state: DayOrderState
    quantity: int
    leaves_qty: int
    filled_qty: int
    filled_notional_krw: int
    limit_price_krw: int
    commission_krw: int
    tax_krw: int
    order_time: _timestamp_pb2.Timestamp
    def __init__(self, venue_order_id: _Optional[str] = ..., original_venue_order_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., request_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[_types_pb2.Side, str]] = ..., action: _Optional[_Union[DayOrderAction, str]] = ..., state: _Optional[_Union[DayOrderState, str]] = ..., quantity: _Optional[int] = ..., leaves_qty: _Optional[int] = ..., filled_qty: _Optional[int] = ..., filled_notional_krw: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., commission_krw: _Optional[int] = ..., tax_krw: _Optional[int] = ..., order_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListDayOrdersResponse(_message.Message):
    __slots__ = ("orders", "as_of_seq")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQ_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[DayOrder]
    as_of_seq: int
    def __init__(self, orders: _Optional[_Iterable[_Union[DayOrder, _Mapping]]] = ..., as_of_seq: _Optional[int] = ...) -> None: ...

class ListFillsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListFillsResponse(_message.Message):
    __slots__ = ("fills", "as_of_seq")
    FILLS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQ_FIELD_NUMBER: _ClassVar[int]
    fills: _containers.RepeatedCompositeFieldContainer[_types_pb2.Fill]
    as_of_seq: int
    def __init__(self, fills: _Optional[_Iterable[_Union[_types_pb2.Fill, _Mapping]]] = ..., as_of_seq: _Optional[int] = ...) -> None: ...

class OrderSessionRequest(_message.Message):
    __slots__ = ("open", "submit", "modify", "cancel", "set_gate", "heartbeat")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_FIELD_NUMBER: _ClassVar[int]
    MODIFY_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    SET_GATE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    open: OpenOrderSession
    submit: SubmitOrder
    modify: ModifyOrder
    cancel: CancelOrder
    set_gate: SetGate
    heartbeat: SessionHeartbeat
    def __init__(self, open: _Optional[_Union[OpenOrderSession, _Mapping]] = ..., submit: _Optional[_Union[SubmitOrder, _Mapping]] = ..., modify: _Optional[_Union[ModifyOrder, _Mapping]] = ..., cancel: _Optional[_Union[CancelOrder, _Mapping]] = ..., set_gate: _Optional[_Union[SetGate, _Mapping]] = ..., heartbeat: _Optional[_Union[SessionHeartbeat, _Mapping]] = ...) -> None: ...

class SessionHeartbeat(_message.Message):
    __slots__ = ("seq", "next_within")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    NEXT_WITHIN_FIELD_NUMBER: _ClassVar[int]
    seq: int
    next_within: _duration_pb2.Duration
    def __init__(self, seq: _Optional[int] = ..., next_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class OpenOrderSession(_message.Message):
    __slots__ = ("after_seq", "journal_id", "client_name")
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_NAME_FIELD_NUMBER: _ClassVar[int]
    after_seq: int
    journal_id: str
    client_name: str
    def __init__(self, after_seq: _Optional[int] = ..., journal_id: _Optional[str] = ..., client_name: _Optional[str] = ...) -> None: ...

class RequestGuard(_message.Message):
    __slots__ = ("journal_id", "epoch", "valid_until")
    JOURNAL_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    journal_id: str
    epoch: int
    valid_until: _timestamp_pb2.Timestamp
    def __init__(self, journal_id: _Optional[str] = ..., epoch: _Optional[int] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubmitOrder(_message.Message):
    __slots__ = ("client_order_id", "symbol", "side", "kind", "quantity", "limit_price_krw", "purpose", "guard", "time_in_force", "venue", "stop_price_krw")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    GUARD_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    symbol: str
    side: _types_pb2.Side
    kind: _types_pb2.OrderKind
    quantity: int
    limit_price_krw: int
    purpose: _types_pb2.Purpose
    guard: RequestGuard
    time_in_force: _types_pb2.TimeInForce
    venue: _types_pb2.Venue
    stop_price_krw: int
    def __init__(self, client_order_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[_types_pb2.Side, str]] = ..., kind: _Optional[_Union[_types_pb2.OrderKind, str]] = ..., quantity: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., purpose: _Optional[_Union[_types_pb2.Purpose, str]] = ..., guard: _Optional[_Union[RequestGuard, _Mapping]] = ..., time_in_force: _Optional[_Union[_types_pb2.TimeInForce, str]] = ..., venue: _Optional[_Union[_types_pb2.Venue, str]] = ..., stop_price_krw: _Optional[int] = ...) -> None: ...

class ModifyOrder(_message.Message):
    __slots__ = ("request_id", "client_order_id", "original_venue_order_id", "quantity", "limit_price_krw", "guard", "purpose")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    GUARD_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    client_order_id: str
    original_venue_order_id: str
    quantity: int
    limit_price_krw: int
    guard: RequestGuard
    purpose: _types_pb2.Purpose
    def __init__(self, request_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., original_venue_order_id: _Optional[str] = ..., quantity: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., guard: _Optional[_Union[RequestGuard, _Mapping]] = ..., purpose: _Optional[_Union[_types_pb2.Purpose, str]] = ...) -> None: ...

class CancelOrder(_message.Message):
    __slots__ = ("request_id", "client_order_id", "original_venue_order_id", "quantity", "guard")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    GUARD_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    client_order_id: str
    original_venue_order_id: str
    quantity: int
    guard: RequestGuard
    def __init__(self, request_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., original_venue_order_id: _Optional[str] = ..., quantity: _Optional[int] = ..., guard: _Optional[_Union[RequestGuard, _Mapping]] = ...) -> None: ...

class SetGate(_message.Message):
    __slots__ = ("request_id", "gate")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    gate: _types_pb2.Gate
    def __init__(self, request_id: _Optional[str] = ..., gate: _Optional[_Union[_types_pb2.Gate, str]] = ...) -> None: ...

class OrderSessionResponse(_message.Message):
    __slots__ = ("opened", "receipt", "event", "heartbeat")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    opened: OrderSessionOpened
    receipt: RequestReceipt
    event: OrderEvent
    heartbeat: SessionHeartbeat
    def __init__(self, opened: _Optional[_Union[OrderSessionOpened, _Mapping]] = ..., receipt: _Optional[_Union[RequestReceipt, _Mapping]] = ..., event: _Optional[_Union[OrderEvent, _Mapping]] = ..., heartbeat: _Optional[_Union[SessionHeartbeat, _Mapping]] = ...) -> None: ...

class OrderSessionOpened(_message.Message):
    __slots__ = ("journal_id", "epoch", "last_seq", "gate")
    JOURNAL_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    journal_id: str
    epoch: int
    last_seq: int
    gate: _types_pb2.Gate
    def __init__(self, journal_id: _Optional[str] = ..., epoch: _Optional[int] = ..., last_seq: _Optional[int] = ..., gate: _Optional[_Union[_types_pb2.Gate, str]] = ...) -> None: ...

class RequestReceipt(_message.Message):
    __slots__ = ("request_id", "outcome", "error")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    outcome: RequestOutcome
    error: _types_pb2.ErrorDetail
    def __init__(self, request_id: _Optional[str] = ..., outcome: _Optional[_Union[RequestOutcome, str]] = ..., error: _Optional[_Union[_types_pb2.ErrorDetail, _Mapping]] = ...) -> None: ...

class OrderEvent(_message.Message):
    __slots__ = ("seq", "event_time", "client_order_id", "venue_order_id", "accepted", "rejected", "filled", "change_received", "change_refused", "cancelled", "replaced", "expired", "holding_adjusted")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    CHANGE_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    CHANGE_REFUSED_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    HOLDING_ADJUSTED_FIELD_NUMBER: _ClassVar[int]
    seq: int
    event_time: _timestamp_pb2.Timestamp
    client_order_id: str
    venue_order_id: str
    accepted: OrderAccepted
    rejected: OrderRejected
    filled: OrderFilled
    change_received: ChangeReceived
    change_refused: ChangeRefused
    cancelled: OrderCancelled
    replaced: OrderReplaced
    expired: OrderExpired
    holding_adjusted: HoldingAdjusted
    def __init__(self, seq: _Optional[int] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., accepted: _Optional[_Union[OrderAccepted, _Mapping]] = ..., rejected: _Optional[_Union[OrderRejected, _Mapping]] = ..., filled: _Optional[_Union[OrderFilled, _Mapping]] = ..., change_received: _Optional[_Union[ChangeReceived, _Mapping]] = ..., change_refused: _Optional[_Union[ChangeRefused, _Mapping]] = ..., cancelled: _Optional[_Union[OrderCancelled, _Mapping]] = ..., replaced: _Optional[_Union[OrderReplaced, _Mapping]] = ..., expired: _Optional[_Union[OrderExpired, _Mapping]] = ..., holding_adjusted: _Optional[_Union[HoldingAdjusted, _Mapping]] = ...) -> None: ...

class OrderAccepted(_message.Message):
    __slots__ = ("quantity", "limit_price_krw", "symbol", "side", "kind", "time_in_force", "venue", "stop_price_krw")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    limit_price_krw: int
    symbol: str
    side: _types_pb2.Side
    kind: _types_pb2.OrderKind
    time_in_force: _types_pb2.TimeInForce
    venue: _types_pb2.Venue
    stop_price_krw: int
    def __init__(self, quantity: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[_types_pb2.Side, str]] = ..., kind: _Optional[_Union[_types_pb2.OrderKind, str]] = ..., time_in_force: _Optional[_Union[_types_pb2.TimeInForce, str]] = ..., venue: _Optional[_Union[_types_pb2.Venue, str]] = ..., stop_price_krw: _Optional[int] = ...) -> None: ...

class OrderRejected(_message.Message):
    __slots__ = ("code", "text")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class OrderFilled(_message.Message):
    __slots__ = ("fill", "leaves_qty")
    FILL_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QTY_FIELD_NUMBER: _ClassVar[int]
    fill: _types_pb2.Fill
    leaves_qty: int
    def __init__(self, fill: _Optional[_Union[_types_pb2.Fill, _Mapping]] = ..., leaves_qty: _Optional[int] = ...) -> None: ...

class ChangeReceived(_message.Message):
    __slots__ = ("request_id", "change_venue_order_id", "quantity", "limit_price_krw")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    change_venue_order_id: str
    quantity: int
    limit_price_krw: int
    def __init__(self, request_id: _Optional[str] = ..., change_venue_order_id: _Optional[str] = ..., quantity: _Optional[int] = ..., limit_price_krw: _Optional[int] = ...) -> None: ...

class HoldingAdjusted(_message.Message):
    __slots__ = ("symbol", "action", "quantity_before", "quantity", "cash_krw", "tax_krw", "note")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_BEFORE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CASH_KRW_FIELD_NUMBER: _ClassVar[int]
    TAX_KRW_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    action: str
    quantity_before: int
    quantity: int
    cash_krw: int
    tax_krw: int
    note: str
    def __init__(self, symbol: _Optional[str] = ..., action: _Optional[str] = ..., quantity_before: _Optional[int] = ..., quantity: _Optional[int] = ..., cash_krw: _Optional[int] = ..., tax_krw: _Optional[int] = ..., note: _Optional[str] = ...) -> None: ...

class ChangeRefused(_message.Message):
    __slots__ = ("request_id", "code", "text")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    code: str
    text: str
    def __init__(self, request_id: _Optional[str] = ..., code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class OrderCancelled(_message.Message):
    __slots__ = ("request_id", "cancelled_qty", "leaves_qty")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_QTY_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QTY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    cancelled_qty: int
    leaves_qty: int
    def __init__(self, request_id: _Optional[str] = ..., cancelled_qty: _Optional[int] = ..., leaves_qty: _Optional[int] = ...) -> None: ...

class OrderReplaced(_message.Message):
    __slots__ = ("request_id", "new_venue_order_id", "moved_qty", "limit_price_krw", "leaves_qty")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NEW_VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    MOVED_QTY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QTY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    new_venue_order_id: str
    moved_qty: int
    limit_price_krw: int
    leaves_qty: int
    def __init__(self, request_id: _Optional[str] = ..., new_venue_order_id: _Optional[str] = ..., moved_qty: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., leaves_qty: _Optional[int] = ...) -> None: ...

class OrderExpired(_message.Message):
    __slots__ = ("expired_qty",)
    EXPIRED_QTY_FIELD_NUMBER: _ClassVar[int]
    expired_qty: int
    def __init__(self, expired_qty: _Optional[int] = ...) -> None: ...

class ResolveOrderRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class ResolveOrderResponse(_message.Message):
    __slots__ = ("outcome", "error", "as_of_seq")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQ_FIELD_NUMBER: _ClassVar[int]
    outcome: RequestOutcome
    error: _types_pb2.ErrorDetail
    as_of_seq: int
    def __init__(self, outcome: _Optional[_Union[RequestOutcome, str]] = ..., error: _Optional[_Union[_types_pb2.ErrorDetail, _Mapping]] = ..., as_of_seq: _Optional[int] = ...) -> None: ...

class ListConditionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Condition(_message.Message):
    __slots__ = ("index", "name")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    index: int
    name: str
    def __init__(self, index: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class ListConditionsResponse(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    def __init__(self, conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ...) -> None: ...

class RunConditionRequest(_message.Message):
    __slots__ = ("condition",)
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    condition: Condition
    def __init__(self, condition: _Optional[_Union[Condition, _Mapping]] = ...) -> None: ...

class RunConditionResponse(_message.Message):
    __slots__ = ("symbols",)
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchConditionRequest(_message.Message):
    __slots__ = ("condition",)
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    condition: Condition
    def __init__(self, condition: _Optional[_Union[Condition, _Mapping]] = ...) -> None: ...

class WatchConditionResponse(_message.Message):
    __slots__ = ("event_time", "symbols", "entered", "left")
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    ENTERED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    event_time: _timestamp_pb2.Timestamp
    symbols: _containers.RepeatedScalarFieldContainer[str]
    entered: str
    left: str
    def __init__(self, event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., symbols: _Optional[_Iterable[str]] = ..., entered: _Optional[str] = ..., left: _Optional[str] = ...) -> None: ...

class WatchMarketRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchMarketResponse(_message.Message):
    __slots__ = ("event_time", "phase_changed", "volatility_interruption", "index_moved")
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    PHASE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_INTERRUPTION_FIELD_NUMBER: _ClassVar[int]
    INDEX_MOVED_FIELD_NUMBER: _ClassVar[int]
    event_time: _timestamp_pb2.Timestamp
    phase_changed: PhaseChanged
    volatility_interruption: VolatilityInterruption
    index_moved: IndexMoved
    def __init__(self, event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., phase_changed: _Optional[_Union[PhaseChanged, _Mapping]] = ..., volatility_interruption: _Optional[_Union[VolatilityInterruption, _Mapping]] = ..., index_moved: _Optional[_Union[IndexMoved, _Mapping]] = ...) -> None: ...

class PhaseChanged(_message.Message):
    __slots__ = ("phase", "code")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    phase: _types_pb2.VenuePhase
    code: str
    def __init__(self, phase: _Optional[_Union[_types_pb2.VenuePhase, str]] = ..., code: _Optional[str] = ...) -> None: ...

class VolatilityInterruption(_message.Message):
    __slots__ = ("symbol", "active", "trigger_price_krw", "reason", "times")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    active: bool
    trigger_price_krw: int
    reason: str
    times: int
    def __init__(self, symbol: _Optional[str] = ..., active: _Optional[bool] = ..., trigger_price_krw: _Optional[int] = ..., reason: _Optional[str] = ..., times: _Optional[int] = ...) -> None: ...

class IndexMoved(_message.Message):
    __slots__ = ("market", "value_centi", "previous_close_centi")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    VALUE_CENTI_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_CLOSE_CENTI_FIELD_NUMBER: _ClassVar[int]
    market: _types_pb2.Market
    value_centi: int
    previous_close_centi: int
    def __init__(self, market: _Optional[_Union[_types_pb2.Market, str]] = ..., value_centi: _Optional[int] = ..., previous_close_centi: _Optional[int] = ...) -> None: ...

class DiagnoseRequest(_message.Message):
    __slots__ = ("probe",)
    PROBE_FIELD_NUMBER: _ClassVar[int]
    probe: bool
    def __init__(self, probe: _Optional[bool] = ...) -> None: ...

class Diagnosis(_message.Message):
    __slots__ = ("name", "state", "detail", "remedy")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: DiagnosisState
    detail: str
    remedy: str
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[DiagnosisState, str]] = ..., detail: _Optional[str] = ..., remedy: _Optional[str] = ...) -> None: ...

class DiagnoseResponse(_message.Message):
    __slots__ = ("diagnoses",)
    DIAGNOSES_FIELD_NUMBER: _ClassVar[int]
    diagnoses: _containers.RepeatedCompositeFieldContainer[Diagnosis]
    def __init__(self, diagnoses: _Optional[_Iterable[_Union[Diagnosis, _Mapping]]] = ...) -> None: ...
