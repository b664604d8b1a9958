import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hantrade.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TraderStatus(_message.Message):
    __slots__ = ("mode", "connection", "day", "gate", "feed_age", "orders_open", "positions", "equity_krw", "day_pnl_krw", "uptime_ppm", "quotes", "quotes_refused", "signals", "denied", "fills", "venue_time", "run_id", "log_path", "log_seq", "realized_pnl_krw", "costs_krw", "limits_unknown", "gate_reason", "quotes_link", "orders_link", "trading_date", "symbols", "link_up_ppm", "link_degraded_ppm", "link_down_ppm", "market_time", "quotes_source", "on_backup", "maintenance", "orders_unknown", "external_orders", "halted_symbols", "quality_verdicts", "reconciled_at", "unproved_symbols", "stop", "link_reasons", "attention_known", "attention_contradicted", "benched_strategies", "signals_scored", "signals_right", "checks", "limits", "reducing", "manual_mode", "stops", "operator_seen", "exit_costs_krw", "entries_denied")
    class HaltedSymbolsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class QualityVerdictsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class UnprovedSymbolsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LinkReasonsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class BenchedStrategiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODE_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    FEED_AGE_FIELD_NUMBER: _ClassVar[int]
    ORDERS_OPEN_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    EQUITY_KRW_FIELD_NUMBER: _ClassVar[int]
    DAY_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    UPTIME_PPM_FIELD_NUMBER: _ClassVar[int]
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    QUOTES_REFUSED_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    FILLS_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    LOG_PATH_FIELD_NUMBER: _ClassVar[int]
    LOG_SEQ_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    COSTS_KRW_FIELD_NUMBER: _ClassVar[int]
    LIMITS_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    GATE_REASON_FIELD_NUMBER: _ClassVar[int]
    QUOTES_LINK_FIELD_NUMBER: _ClassVar[int]
    ORDERS_LINK_FIELD_NUMBER: _ClassVar[int]
    TRADING_DATE_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    LINK_UP_PPM_FIELD_NUMBER: _ClassVar[int]
    LINK_DEGRADED_PPM_FIELD_NUMBER: _ClassVar[int]
    LINK_DOWN_PPM_FIELD_NUMBER: _ClassVar[int]
    MARKET_TIME_FIELD_NUMBER: _ClassVar[int]
    QUOTES_SOURCE_FIELD_NUMBER: _ClassVar[int]
    ON_BACKUP_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_FIELD_NUMBER: _ClassVar[int]
    ORDERS_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ORDERS_FIELD_NUMBER: _ClassVar[int]
    HALTED_SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_VERDICTS_FIELD_NUMBER: _ClassVar[int]
    RECONCILED_AT_FIELD_NUMBER: _ClassVar[int]
    UNPROVED_SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    LINK_REASONS_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_KNOWN_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_CONTRADICTED_FIELD_NUMBER: _ClassVar[int]
    BENCHED_STRATEGIES_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_SCORED_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_RIGHT_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    REDUCING_FIELD_NUMBER: _ClassVar[int]
    MANUAL_MODE_FIELD_NUMBER: _ClassVar[int]
    STOPS_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_SEEN_FIELD_NUMBER: _ClassVar[int]
    EXIT_COSTS_KRW_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_DENIED_FIELD_NUMBER: _ClassVar[int]
    mode: str
    connection: str
    day: str
    gate: _types_pb2.Gate
    feed_age: _duration_pb2.Duration
    orders_open: int
    positions: int
    equity_krw: int
    day_pnl_krw: int
    uptime_ppm: int
    quotes: int
    quotes_refused: int
    signals: int
    denied: int
    fills: int
    venue_time: _timestamp_pb2.Timestamp
    run_id: str
    log_path: str
    log_seq: int
    realized_pnl_krw: int
    costs_krw: int
    limits_unknown: int
    gate_reason: str
    quotes_link: str
    orders_link: str
    trading_date: str
    symbols: int
    link_up_ppm: int
    link_degraded_ppm: int
    link_down_ppm: int
    market_time: _duration_pb2.Duration
    quotes_source: str
    on_backup: bool
    maintenance: str
    orders_unknown: int
    external_orders: int
    halted_symbols: _containers.ScalarMap[str, str]
    quality_verdicts: _containers.ScalarMap[str, int]
    reconciled_at: _timestamp_pb2.Timestamp
    unproved_symbols: _containers.ScalarMap[str, str]
    stop: str
    link_reasons: _containers.ScalarMap[str, str]
    attention_known: int
    attention_contradicted: int
    benched_strategies: _containers.ScalarMap[str, str]
    signals_scored: int
    signals_right: int
    checks: _containers.RepeatedCompositeFieldContainer[RiskCheck]
    limits: _containers.RepeatedCompositeFieldContainer[RiskLimit]
    reducing: _containers.RepeatedCompositeFieldContainer[ReducingCause]
    manual_mode: bool
    stops: _containers.RepeatedCompositeFieldContainer[HoldingStop]
    operator_seen: _timestamp_pb2.Timestamp
    exit_costs_krw: int
    entries_denied: str
    def __init__(self, mode: _Optional[str] = ..., connection: _Optional[str] = ..., day: _Optional[str] = ..., gate: _Optional[_Union[_types_pb2.Gate, str]] = ..., feed_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., orders_open: _Optional[int] = ..., positions: _Optional[int] = ..., equity_krw: _Optional[int] = ..., day_pnl_krw: _Optional[int] = ..., uptime_ppm: _Optional[int] = ..., quotes: _Optional[int] = ..., quotes_refused: _Optional[int] = ..., signals: _Optional[int] = ..., denied: _Optional[int] = ..., fills: _Optional[int] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., run_id: _Optional[str] = ..., log_path: _Optional[str] = ..., log_seq: _Optional[int] = ..., realized_pnl_krw: _Optional[int] = ..., costs_krw: _Optional[int] = ..., limits_unknown: _Optional[int] = ..., gate_reason: _Optional[str] = ..., quotes_link: _Optional[str] = ..., orders_link: _Optional[str] = ..., trading_date: _Optional[str] = ..., symbols: _Optional[int] = ..., link_up_ppm: _Optional[int] = ..., link_degraded_ppm: _Optional[int] = ..., link_down_ppm: _Optional[int] = ..., market_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., quotes_source: _Optional[str] = ..., on_backup: _Optional[bool] = ..., maintenance: _Optional[str] = ..., orders_unknown: _Optional[int] = ..., external_orders: _Optional[int] = ..., halted_symbols: _Optional[_Mapping[str, str]] = ..., quality_verdicts: _Optional[_Mapping[str, int]] = ..., reconciled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., unproved_symbols: _Optional[_Mapping[str, str]] = ..., stop: _Optional[str] = ..., link_reasons: _Optional[_Mapping[str, str]] = ..., attention_known: _Optional[int] = ..., attention_contradicted: _Optional[int] = ..., benched_strategies: _Optional[_Mapping[str, str]] = ..., signals_scored: _Optional[int] = ..., signals_right: _Optional[int] = ..., checks: _Optional[_Iterable[_Union[RiskCheck, _Mapping]]] = ..., limits: _Optional[_Iterable[_Union[RiskLimit, _Mapping]]] = ..., reducing: _Optional[_Iterable[_Union[ReducingCause, _Mapping]]] = ..., manual_mode: _Optional[bool] = ..., stops: _Optional[_Iterable[_Union[HoldingStop, _Mapping]]] = ..., operator_seen: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., exit_costs_krw: _Optional[int] = ..., entries_denied: _Optional[str] = ...) -> None: ...

class RiskCheck(_message.Message):
    __slots__ = ("name", "limit", "unit", "value", "distance", "denied")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    name: str
    limit: str
    unit: str
    value: str
    distance: str
    denied: int
    def __init__(self, name: _Optional[str] = ..., limit: _Optional[str] = ..., unit: _Optional[str] = ..., value: _Optional[str] = ..., distance: _Optional[str] = ..., denied: _Optional[int] = ...) -> None: ...

class RiskLimit(_message.Message):
    __slots__ = ("name", "level", "loss_krw", "limit_krw", "base_equity_krw", "limit_ppm")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LOSS_KRW_FIELD_NUMBER: _ClassVar[int]
    LIMIT_KRW_FIELD_NUMBER: _ClassVar[int]
    BASE_EQUITY_KRW_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PPM_FIELD_NUMBER: _ClassVar[int]
    name: str
    level: str
    loss_krw: int
    limit_krw: int
    base_equity_krw: int
    limit_ppm: int
    def __init__(self, name: _Optional[str] = ..., level: _Optional[str] = ..., loss_krw: _Optional[int] = ..., limit_krw: _Optional[int] = ..., base_equity_krw: _Optional[int] = ..., limit_ppm: _Optional[int] = ...) -> None: ...

class ReducingCause(_message.Message):
    __slots__ = ("code", "text", "needs_person")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NEEDS_PERSON_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    needs_person: bool
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ..., needs_person: _Optional[bool] = ...) -> None: ...

class HoldingStop(_message.Message):
    __slots__ = ("symbol", "quantity", "ours", "stop_price_krw", "target_price_krw", "trailing_price_krw", "sell_at", "peak_price_krw", "sellable_price_krw", "own_terms", "stuck", "never_sell")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    OURS_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    TARGET_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    TRAILING_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    SELL_AT_FIELD_NUMBER: _ClassVar[int]
    PEAK_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    SELLABLE_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    OWN_TERMS_FIELD_NUMBER: _ClassVar[int]
    STUCK_FIELD_NUMBER: _ClassVar[int]
    NEVER_SELL_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quantity: int
    ours: int
    stop_price_krw: int
    target_price_krw: int
    trailing_price_krw: int
    sell_at: _timestamp_pb2.Timestamp
    peak_price_krw: int
    sellable_price_krw: int
    own_terms: bool
    stuck: str
    never_sell: bool
    def __init__(self, symbol: _Optional[str] = ..., quantity: _Optional[int] = ..., ours: _Optional[int] = ..., stop_price_krw: _Optional[int] = ..., target_price_krw: _Optional[int] = ..., trailing_price_krw: _Optional[int] = ..., sell_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., peak_price_krw: _Optional[int] = ..., sellable_price_krw: _Optional[int] = ..., own_terms: _Optional[bool] = ..., stuck: _Optional[str] = ..., never_sell: _Optional[bool] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: TraderStatus
    def __init__(self, status: _Optional[_Union[TraderStatus, _Mapping]] = ...) -> None: ...

class WatchStatusRequest(_message.Message):
    __slots__ = ("interval",)
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    interval: _duration_pb2.Duration
    def __init__(self, interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchStatusResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: TraderStatus
    def __init__(self, status: _Optional[_Union[TraderStatus, _Mapping]] = ...) -> None: ...

class StopRequest(_message.Message):
    __slots__ = ("caller", "flatten")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    FLATTEN_FIELD_NUMBER: _ClassVar[int]
    caller: str
    flatten: bool
    def __init__(self, caller: _Optional[str] = ..., flatten: _Optional[bool] = ...) -> None: ...

class StopResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PauseRequest(_message.Message):
    __slots__ = ("caller", "note")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    caller: str
    note: str
    def __init__(self, caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class PauseResponse(_message.Message):
    __slots__ = ("gate",)
    GATE_FIELD_NUMBER: _ClassVar[int]
    gate: _types_pb2.Gate
    def __init__(self, gate: _Optional[_Union[_types_pb2.Gate, str]] = ...) -> None: ...

class ResumeRequest(_message.Message):
    __slots__ = ("caller", "note")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    caller: str
    note: str
    def __init__(self, caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class ResumeResponse(_message.Message):
    __slots__ = ("gate", "entries_denied")
    GATE_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_DENIED_FIELD_NUMBER: _ClassVar[int]
    gate: _types_pb2.Gate
    entries_denied: str
    def __init__(self, gate: _Optional[_Union[_types_pb2.Gate, str]] = ..., entries_denied: _Optional[str] = ...) -> None: ...

class HaltRequest(_message.Message):
    __slots__ = ("caller", "note")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    caller: str
    note: str
    def __init__(self, caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class HaltResponse(_message.Message):
    __slots__ = ("gate", "cancels", "unconfirmed")
    GATE_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    UNCONFIRMED_FIELD_NUMBER: _ClassVar[int]
    gate: _types_pb2.Gate
    cancels: int
    unconfirmed: str
    def __init__(self, gate: _Optional[_Union[_types_pb2.Gate, str]] = ..., cancels: _Optional[int] = ..., unconfirmed: _Optional[str] = ...) -> None: ...

class FlattenRequest(_message.Message):
    __slots__ = ("symbol", "caller", "note")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    caller: str
    note: str
    def __init__(self, symbol: _Optional[str] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class FlattenResponse(_message.Message):
    __slots__ = ("cancels", "exits", "text")
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    EXITS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    cancels: int
    exits: int
    text: str
    def __init__(self, cancels: _Optional[int] = ..., exits: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
    __slots__ = ("open_only", "symbol", "limit")
    OPEN_ONLY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    open_only: bool
    symbol: str
    limit: int
    def __init__(self, open_only: _Optional[bool] = ..., symbol: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders",)
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[_types_pb2.Order]
    def __init__(self, orders: _Optional[_Iterable[_Union[_types_pb2.Order, _Mapping]]] = ...) -> None: ...

class GetOrderRequest(_message.Message):
    __slots__ = ("client_order_id",)
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    def __init__(self, client_order_id: _Optional[str] = ...) -> None: ...

class GetOrderResponse(_message.Message):
    __slots__ = ("order", "fills")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FILLS_FIELD_NUMBER: _ClassVar[int]
    order: _types_pb2.Order
    fills: _containers.RepeatedCompositeFieldContainer[_types_pb2.Fill]
    def __init__(self, order: _Optional[_Union[_types_pb2.Order, _Mapping]] = ..., fills: _Optional[_Iterable[_Union[_types_pb2.Fill, _Mapping]]] = ...) -> None: ...

class SubmitManualOrderRequest(_message.Message):
    __slots__ = ("symbol", "side", "kind", "quantity", "limit_price_krw", "caller", "note", "command_id", "time_in_force", "venue", "stop_price_krw", "overrides")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    side: _types_pb2.Side
    kind: _types_pb2.OrderKind
    quantity: int
    limit_price_krw: int
    caller: str
    note: str
    command_id: str
    time_in_force: _types_pb2.TimeInForce
    venue: _types_pb2.Venue
    stop_price_krw: int
    overrides: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbol: _Optional[str] = ..., side: _Optional[_Union[_types_pb2.Side, str]] = ..., kind: _Optional[_Union[_types_pb2.OrderKind, str]] = ..., quantity: _Optional[int] = ..., limit_price_krw: _Optional[int] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ..., command_id: _Optional[str] = ..., time_in_force: _Optional[_Union[_types_pb2.TimeInForce, str]] = ..., venue: _Optional[_Union[_types_pb2.Venue, str]] = ..., stop_price_krw: _Optional[int] = ..., overrides: _Optional[_Iterable[str]] = ...) -> None: ...

class SubmitManualOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _types_pb2.Order
    def __init__(self, order: _Optional[_Union[_types_pb2.Order, _Mapping]] = ...) -> None: ...

class ModifyManualOrderRequest(_message.Message):
    __slots__ = ("client_order_id", "limit_price_krw", "quantity", "caller")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    limit_price_krw: int
    quantity: int
    caller: str
    def __init__(self, client_order_id: _Optional[str] = ..., limit_price_krw: _Optional[int] = ..., quantity: _Optional[int] = ..., caller: _Optional[str] = ...) -> None: ...

class ModifyManualOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _types_pb2.Order
    def __init__(self, order: _Optional[_Union[_types_pb2.Order, _Mapping]] = ...) -> None: ...

class CancelManualOrderRequest(_message.Message):
    __slots__ = ("client_order_id", "caller")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    caller: str
    def __init__(self, client_order_id: _Optional[str] = ..., caller: _Optional[str] = ...) -> None: ...

class CancelManualOrderResponse(_message.Message):
    __slots__ = ("order", "cancels", "text")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    order: _types_pb2.Order
    cancels: int
    text: str
    def __init__(self, order: _Optional[_Union[_types_pb2.Order, _Mapping]] = ..., cancels: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class DeskServiceListFillsRequest(_message.Message):
    __slots__ = ("symbol", "limit")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    limit: int
    def __init__(self, symbol: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class DeskServiceListFillsResponse(_message.Message):
    __slots__ = ("fills",)
    FILLS_FIELD_NUMBER: _ClassVar[int]
    fills: _containers.RepeatedCompositeFieldContainer[_types_pb2.Fill]
    def __init__(self, fills: _Optional[_Iterable[_Union[_types_pb2.Fill, _Mapping]]] = ...) -> None: ...

class DeskServiceListPositionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeskServiceListPositionsResponse(_message.Message):
    __slots__ = ("positions",)
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[_types_pb2.Position]
    def __init__(self, positions: _Optional[_Iterable[_Union[_types_pb2.Position, _Mapping]]] = ...) -> None: ...

class GetCashRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCashResponse(_message.Message):
    __slots__ = ("cash_krw", "orderable_cash_krw", "equity_krw", "start_equity_krw", "commission_krw", "tax_krw", "realized_pnl_krw", "unrealized_pnl_krw", "deposit_krw", "d1_deposit_krw", "withdrawable_krw", "income_krw")
    CASH_KRW_FIELD_NUMBER: _ClassVar[int]
    ORDERABLE_CASH_KRW_FIELD_NUMBER: _ClassVar[int]
    EQUITY_KRW_FIELD_NUMBER: _ClassVar[int]
    START_EQUITY_KRW_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_KRW_FIELD_NUMBER: _ClassVar[int]
    TAX_KRW_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_KRW_FIELD_NUMBER: _ClassVar[int]
    D1_DEPOSIT_KRW_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWABLE_KRW_FIELD_NUMBER: _ClassVar[int]
    INCOME_KRW_FIELD_NUMBER: _ClassVar[int]
    cash_krw: int
    orderable_cash_krw: int
    equity_krw: int
    start_equity_krw: int
    commission_krw: int
    tax_krw: int
    realized_pnl_krw: int
    unrealized_pnl_krw: int
    deposit_krw: int
    d1_deposit_krw: int
    withdrawable_krw: int
    income_krw: int
    def __init__(self, cash_krw: _Optional[int] = ..., orderable_cash_krw: _Optional[int] = ..., equity_krw: _Optional[int] = ..., start_equity_krw: _Optional[int] = ..., commission_krw: _Optional[int] = ..., tax_krw: _Optional[int] = ..., realized_pnl_krw: _Optional[int] = ..., unrealized_pnl_krw: _Optional[int] = ..., deposit_krw: _Optional[int] = ..., d1_deposit_krw: _Optional[int] = ..., withdrawable_krw: _Optional[int] = ..., income_krw: _Optional[int] = ...) -> None: ...

class ListQuotesRequest(_message.Message):
    __slots__ = ("symbols",)
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ...) -> None: ...

class ListQuotesResponse(_message.Message):
    __slots__ = ("quotes",)
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    quotes: _containers.RepeatedCompositeFieldContainer[WatchedQuote]
    def __init__(self, quotes: _Optional[_Iterable[_Union[WatchedQuote, _Mapping]]] = ...) -> None: ...

class WatchedQuote(_message.Message):
    __slots__ = ("quote", "name", "quality", "refused")
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    quote: _types_pb2.Quote
    name: str
    quality: str
    refused: int
    def __init__(self, quote: _Optional[_Union[_types_pb2.Quote, _Mapping]] = ..., name: _Optional[str] = ..., quality: _Optional[str] = ..., refused: _Optional[int] = ...) -> None: ...

class ListSignalsRequest(_message.Message):
    __slots__ = ("symbol", "limit", "strategy")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    limit: int
    strategy: str
    def __init__(self, symbol: _Optional[str] = ..., limit: _Optional[int] = ..., strategy: _Optional[str] = ...) -> None: ...

class ListSignalsResponse(_message.Message):
    __slots__ = ("signals",)
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    signals: _containers.RepeatedCompositeFieldContainer[Signal]
    def __init__(self, signals: _Optional[_Iterable[_Union[Signal, _Mapping]]] = ...) -> None: ...

class SignalInput(_message.Message):
    __slots__ = ("name", "value", "verdict", "quality")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    verdict: str
    quality: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., verdict: _Optional[str] = ..., quality: _Optional[str] = ...) -> None: ...

class Signal(_message.Message):
    __slots__ = ("seq", "strategy", "symbol", "side", "purpose", "strength", "confidence", "horizon", "reference_price_krw", "attention", "inputs", "rationale", "formed_at", "quality", "horizon_sessions", "regime", "limit_price_krw", "score")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    HORIZON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    RATIONALE_FIELD_NUMBER: _ClassVar[int]
    FORMED_AT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    HORIZON_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    REGIME_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    strategy: str
    symbol: str
    side: _types_pb2.Side
    purpose: _types_pb2.Purpose
    strength: float
    confidence: float
    horizon: _duration_pb2.Duration
    reference_price_krw: int
    attention: str
    inputs: _containers.RepeatedCompositeFieldContainer[SignalInput]
    rationale: str
    formed_at: _timestamp_pb2.Timestamp
    quality: str
    horizon_sessions: int
    regime: str
    limit_price_krw: int
    score: SignalScore
    def __init__(self, seq: _Optional[int] = ..., strategy: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[_types_pb2.Side, str]] = ..., purpose: _Optional[_Union[_types_pb2.Purpose, str]] = ..., strength: _Optional[float] = ..., confidence: _Optional[float] = ..., horizon: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., reference_price_krw: _Optional[int] = ..., attention: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[SignalInput, _Mapping]]] = ..., rationale: _Optional[str] = ..., formed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quality: _Optional[str] = ..., horizon_sessions: _Optional[int] = ..., regime: _Optional[str] = ..., limit_price_krw: _Optional[int] = ..., score: _Optional[_Union[SignalScore, _Mapping]] = ...) -> None: ...

class SignalScore(_message.Message):
    __slots__ = ("won", "gross_ppm", "cost_ppm", "entry_price_krw", "exit_price_krw", "due_at", "reason")
    WON_FIELD_NUMBER: _ClassVar[int]
    GROSS_PPM_FIELD_NUMBER: _ClassVar[int]
    COST_PPM_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    EXIT_PRICE_KRW_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    won: bool
    gross_ppm: int
    cost_ppm: int
    entry_price_krw: int
    exit_price_krw: int
    due_at: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, won: _Optional[bool] = ..., gross_ppm: _Optional[int] = ..., cost_ppm: _Optional[int] = ..., entry_price_krw: _Optional[int] = ..., exit_price_krw: _Optional[int] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class GetAccuracyRequest(_message.Message):
    __slots__ = ("strategy", "symbol")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    symbol: str
    def __init__(self, strategy: _Optional[str] = ..., symbol: _Optional[str] = ...) -> None: ...

class GetAccuracyResponse(_message.Message):
    __slots__ = ("rows", "waiting", "scores")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[Accuracy]
    waiting: int
    scores: bool
    def __init__(self, rows: _Optional[_Iterable[_Union[Accuracy, _Mapping]]] = ..., waiting: _Optional[int] = ..., scores: _Optional[bool] = ...) -> None: ...

class Accuracy(_message.Message):
    __slots__ = ("by", "key", "purpose", "signals", "wins", "precision", "precision_low", "precision_high", "hit_rate", "mean_return_bps", "mean_cost_bps", "baseline_precision", "p_value", "unscored", "bins", "dates")
    BY_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    WINS_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    PRECISION_LOW_FIELD_NUMBER: _ClassVar[int]
    PRECISION_HIGH_FIELD_NUMBER: _ClassVar[int]
    HIT_RATE_FIELD_NUMBER: _ClassVar[int]
    MEAN_RETURN_BPS_FIELD_NUMBER: _ClassVar[int]
    MEAN_COST_BPS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_PRECISION_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    UNSCORED_FIELD_NUMBER: _ClassVar[int]
    BINS_FIELD_NUMBER: _ClassVar[int]
    DATES_FIELD_NUMBER: _ClassVar[int]
    by: str
    key: str
    purpose: _types_pb2.Purpose
    signals: int
    wins: int
    precision: float
    precision_low: float
    precision_high: float
    hit_rate: float
    mean_return_bps: float
    mean_cost_bps: float
    baseline_precision: float
    p_value: float
    unscored: int
    bins: _containers.RepeatedCompositeFieldContainer[CalibrationBin]
    dates: int
    def __init__(self, by: _Optional[str] = ..., key: _Optional[str] = ..., purpose: _Optional[_Union[_types_pb2.Purpose, str]] = ..., signals: _Optional[int] = ..., wins: _Optional[int] = ..., precision: _Optional[float] = ..., precision_low: _Optional[float] = ..., precision_high: _Optional[float] = ..., hit_rate: _Optional[float] = ..., mean_return_bps: _Optional[float] = ..., mean_cost_bps: _Optional[float] = ..., baseline_precision: _Optional[float] = ..., p_value: _Optional[float] = ..., unscored: _Optional[int] = ..., bins: _Optional[_Iterable[_Union[CalibrationBin, _Mapping]]] = ..., dates: _Optional[int] = ...) -> None: ...

class CalibrationBin(_message.Message):
    __slots__ = ("from_confidence", "to_confidence", "signals", "mean_confidence", "precision", "precision_low", "precision_high")
    FROM_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    TO_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    MEAN_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    PRECISION_LOW_FIELD_NUMBER: _ClassVar[int]
    PRECISION_HIGH_FIELD_NUMBER: _ClassVar[int]
    from_confidence: float
    to_confidence: float
    signals: int
    mean_confidence: float
    precision: float
    precision_low: float
    precision_high: float
    def __init__(self, from_confidence: _Optional[float] = ..., to_confidence: _Optional[float] = ..., signals: _Optional[int] = ..., mean_confidence: _Optional[float] = ..., precision: _Optional[float] = ..., precision_low: _Optional[float] = ..., precision_high: _Optional[float] = ...) -> None: ...

class ListAttentionRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAttentionResponse(_message.Message):
    __slots__ = ("rows",)
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[Attention]
    def __init__(self, rows: _Optional[_Iterable[_Union[Attention, _Mapping]]] = ...) -> None: ...

class Attention(_message.Message):
    __slots__ = ("symbol", "source", "as_of", "asvi", "z", "quality", "reason", "opinions")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ASVI_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OPINIONS_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    source: str
    as_of: str
    asvi: float
    z: float
    quality: str
    reason: str
    opinions: _containers.RepeatedCompositeFieldContainer[AttentionOpinion]
    def __init__(self, symbol: _Optional[str] = ..., source: _Optional[str] = ..., as_of: _Optional[str] = ..., asvi: _Optional[float] = ..., z: _Optional[float] = ..., quality: _Optional[str] = ..., reason: _Optional[str] = ..., opinions: _Optional[_Iterable[_Union[AttentionOpinion, _Mapping]]] = ...) -> None: ...

class AttentionOpinion(_message.Message):
    __slots__ = ("source", "as_of", "asvi", "z", "reason")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ASVI_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    source: str
    as_of: str
    asvi: float
    z: float
    reason: str
    def __init__(self, source: _Optional[str] = ..., as_of: _Optional[str] = ..., asvi: _Optional[float] = ..., z: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class ListStrategiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListStrategiesResponse(_message.Message):
    __slots__ = ("strategies",)
    STRATEGIES_FIELD_NUMBER: _ClassVar[int]
    strategies: _containers.RepeatedCompositeFieldContainer[StrategyStatus]
    def __init__(self, strategies: _Optional[_Iterable[_Union[StrategyStatus, _Mapping]]] = ...) -> None: ...

class StrategyStatus(_message.Message):
    __slots__ = ("name", "code", "state", "error", "symbols", "searches", "warm_up", "params", "signals", "withheld")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    SEARCHES_FIELD_NUMBER: _ClassVar[int]
    WARM_UP_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    name: str
    code: str
    state: str
    error: str
    symbols: _containers.RepeatedScalarFieldContainer[str]
    searches: str
    warm_up: _containers.RepeatedCompositeFieldContainer[WarmUp]
    params: _containers.RepeatedCompositeFieldContainer[StrategyParam]
    signals: int
    withheld: int
    def __init__(self, name: _Optional[str] = ..., code: _Optional[str] = ..., state: _Optional[str] = ..., error: _Optional[str] = ..., symbols: _Optional[_Iterable[str]] = ..., searches: _Optional[str] = ..., warm_up: _Optional[_Iterable[_Union[WarmUp, _Mapping]]] = ..., params: _Optional[_Iterable[_Union[StrategyParam, _Mapping]]] = ..., signals: _Optional[int] = ..., withheld: _Optional[int] = ...) -> None: ...

class WarmUp(_message.Message):
    __slots__ = ("interval", "bars")
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    BARS_FIELD_NUMBER: _ClassVar[int]
    interval: _duration_pb2.Duration
    bars: int
    def __init__(self, interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., bars: _Optional[int] = ...) -> None: ...

class StrategyParam(_message.Message):
    __slots__ = ("name", "value", "default_value", "kind", "least", "most", "choices", "meaning", "sweep")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LEAST_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    MEANING_FIELD_NUMBER: _ClassVar[int]
    SWEEP_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    default_value: str
    kind: str
    least: float
    most: float
    choices: _containers.RepeatedScalarFieldContainer[str]
    meaning: str
    sweep: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ..., default_value: _Optional[str] = ..., kind: _Optional[str] = ..., least: _Optional[float] = ..., most: _Optional[float] = ..., choices: _Optional[_Iterable[str]] = ..., meaning: _Optional[str] = ..., sweep: _Optional[_Iterable[str]] = ...) -> None: ...

class GetPerformanceRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPerformanceResponse(_message.Message):
    __slots__ = ("trades", "wins", "realized_pnl_krw", "unrealized_pnl_krw", "costs_krw", "max_drawdown_krw")
    TRADES_FIELD_NUMBER: _ClassVar[int]
    WINS_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_KRW_FIELD_NUMBER: _ClassVar[int]
    COSTS_KRW_FIELD_NUMBER: _ClassVar[int]
    MAX_DRAWDOWN_KRW_FIELD_NUMBER: _ClassVar[int]
    trades: int
    wins: int
    realized_pnl_krw: int
    unrealized_pnl_krw: int
    costs_krw: int
    max_drawdown_krw: int
    def __init__(self, trades: _Optional[int] = ..., wins: _Optional[int] = ..., realized_pnl_krw: _Optional[int] = ..., unrealized_pnl_krw: _Optional[int] = ..., costs_krw: _Optional[int] = ..., max_drawdown_krw: _Optional[int] = ...) -> None: ...

class ReadLogRequest(_message.Message):
    __slots__ = ("from_seq", "type", "stream", "follow", "types", "symbol", "until_seq", "since", "progress", "log_id")
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    UNTIL_SEQ_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    LOG_ID_FIELD_NUMBER: _ClassVar[int]
    from_seq: int
    type: str
    stream: str
    follow: bool
    types: _containers.RepeatedScalarFieldContainer[str]
    symbol: str
    until_seq: int
    since: _timestamp_pb2.Timestamp
    progress: bool
    log_id: str
    def __init__(self, from_seq: _Optional[int] = ..., type: _Optional[str] = ..., stream: _Optional[str] = ..., follow: _Optional[bool] = ..., types: _Optional[_Iterable[str]] = ..., symbol: _Optional[str] = ..., until_seq: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., progress: _Optional[bool] = ..., log_id: _Optional[str] = ...) -> None: ...

class ReadLogResponse(_message.Message):
    __slots__ = ("seq", "run_id", "recorded_at", "venue_time", "type", "stream", "causation_seq", "role", "payload", "log_id", "scanned_seq", "head_seq")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    CAUSATION_SEQ_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    LOG_ID_FIELD_NUMBER: _ClassVar[int]
    SCANNED_SEQ_FIELD_NUMBER: _ClassVar[int]
    HEAD_SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    run_id: str
    recorded_at: _timestamp_pb2.Timestamp
    venue_time: _timestamp_pb2.Timestamp
    type: str
    stream: str
    causation_seq: int
    role: str
    payload: str
    log_id: str
    scanned_seq: int
    head_seq: int
    def __init__(self, seq: _Optional[int] = ..., run_id: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., type: _Optional[str] = ..., stream: _Optional[str] = ..., causation_seq: _Optional[int] = ..., role: _Optional[str] = ..., payload: _Optional[str] = ..., log_id: _Optional[str] = ..., scanned_seq: _Optional[int] = ..., head_seq: _Optional[int] = ...) -> None: ...

class ReconcileRequest(_message.Message):
    __slots__ = ("dry_run", "caller")
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    dry_run: bool
    caller: str
    def __init__(self, dry_run: _Optional[bool] = ..., caller: _Optional[str] = ...) -> None: ...

class ReconcileResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: ReconcileReport
    def __init__(self, report: _Optional[_Union[ReconcileReport, _Mapping]] = ...) -> None: ...

class ReconcileReport(_message.Message):
    __slots__ = ("agreed", "differences", "open_orders", "unknown_orders", "day_orders", "inferred", "external_orders", "halted_symbols", "reads", "took", "kind")
    AGREED_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    DAY_ORDERS_FIELD_NUMBER: _ClassVar[int]
    INFERRED_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ORDERS_FIELD_NUMBER: _ClassVar[int]
    HALTED_SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    TOOK_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    agreed: bool
    differences: _containers.RepeatedScalarFieldContainer[str]
    open_orders: int
    unknown_orders: int
    day_orders: int
    inferred: int
    external_orders: int
    halted_symbols: _containers.RepeatedScalarFieldContainer[str]
    reads: int
    took: _duration_pb2.Duration
    kind: str
    def __init__(self, agreed: _Optional[bool] = ..., differences: _Optional[_Iterable[str]] = ..., open_orders: _Optional[int] = ..., unknown_orders: _Optional[int] = ..., day_orders: _Optional[int] = ..., inferred: _Optional[int] = ..., external_orders: _Optional[int] = ..., halted_symbols: _Optional[_Iterable[str]] = ..., reads: _Optional[int] = ..., took: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., kind: _Optional[str] = ...) -> None: ...

class ReleaseOrderRequest(_message.Message):
    __slots__ = ("client_order_id", "caller", "note")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    caller: str
    note: str
    def __init__(self, client_order_id: _Optional[str] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class ReleaseOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _types_pb2.Order
    def __init__(self, order: _Optional[_Union[_types_pb2.Order, _Mapping]] = ...) -> None: ...

class BookAdjustmentRequest(_message.Message):
    __slots__ = ("symbol", "quantity", "cost_krw", "cash_krw", "caller", "note", "kind")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COST_KRW_FIELD_NUMBER: _ClassVar[int]
    CASH_KRW_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quantity: int
    cost_krw: int
    cash_krw: int
    caller: str
    note: str
    kind: str
    def __init__(self, symbol: _Optional[str] = ..., quantity: _Optional[int] = ..., cost_krw: _Optional[int] = ..., cash_krw: _Optional[int] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ..., kind: _Optional[str] = ...) -> None: ...

class BookAdjustmentResponse(_message.Message):
    __slots__ = ("quantity", "cost_basis_krw", "cash_krw")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COST_BASIS_KRW_FIELD_NUMBER: _ClassVar[int]
    CASH_KRW_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    cost_basis_krw: int
    cash_krw: int
    def __init__(self, quantity: _Optional[int] = ..., cost_basis_krw: _Optional[int] = ..., cash_krw: _Optional[int] = ...) -> None: ...

class StopTerms(_message.Message):
    __slots__ = ("stop_loss_ppm", "take_profit_ppm", "trailing_ppm", "hold_s")
    STOP_LOSS_PPM_FIELD_NUMBER: _ClassVar[int]
    TAKE_PROFIT_PPM_FIELD_NUMBER: _ClassVar[int]
    TRAILING_PPM_FIELD_NUMBER: _ClassVar[int]
    HOLD_S_FIELD_NUMBER: _ClassVar[int]
    stop_loss_ppm: int
    take_profit_ppm: int
    trailing_ppm: int
    hold_s: int
    def __init__(self, stop_loss_ppm: _Optional[int] = ..., take_profit_ppm: _Optional[int] = ..., trailing_ppm: _Optional[int] = ..., hold_s: _Optional[int] = ...) -> None: ...

class SetStopsRequest(_message.Message):
    __slots__ = ("symbol", "terms", "caller", "note")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    terms: StopTerms
    caller: str
    note: str
    def __init__(self, symbol: _Optional[str] = ..., terms: _Optional[_Union[StopTerms, _Mapping]] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class SetStopsResponse(_message.Message):
    __slots__ = ("stop",)
    STOP_FIELD_NUMBER: _ClassVar[int]
    stop: HoldingStop
    def __init__(self, stop: _Optional[_Union[HoldingStop, _Mapping]] = ...) -> None: ...

class ClaimHoldingRequest(_message.Message):
    __slots__ = ("symbol", "quantity", "caller", "note")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quantity: int
    caller: str
    note: str
    def __init__(self, symbol: _Optional[str] = ..., quantity: _Optional[int] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class ClaimHoldingResponse(_message.Message):
    __slots__ = ("ours",)
    OURS_FIELD_NUMBER: _ClassVar[int]
    ours: int
    def __init__(self, ours: _Optional[int] = ...) -> None: ...

class SetManualModeRequest(_message.Message):
    __slots__ = ("manual", "caller", "note")
    MANUAL_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    manual: bool
    caller: str
    note: str
    def __init__(self, manual: _Optional[bool] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class SetManualModeResponse(_message.Message):
    __slots__ = ("manual",)
    MANUAL_FIELD_NUMBER: _ClassVar[int]
    manual: bool
    def __init__(self, manual: _Optional[bool] = ...) -> None: ...

class ReportPresenceRequest(_message.Message):
    __slots__ = ("caller",)
    CALLER_FIELD_NUMBER: _ClassVar[int]
    caller: str
    def __init__(self, caller: _Optional[str] = ...) -> None: ...

class ReportPresenceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SwitchOrdersRequest(_message.Message):
    __slots__ = ("endpoint", "caller", "note")
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    endpoint: str
    caller: str
    note: str
    def __init__(self, endpoint: _Optional[str] = ..., caller: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class SwitchOrdersResponse(_message.Message):
    __slots__ = ("endpoint",)
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    endpoint: str
    def __init__(self, endpoint: _Optional[str] = ...) -> None: ...
