"""Whatever crosses the wire comes back as it was; what is unset is refused by name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.port import (
    AccountState,
    Candle,
    Guard,
    IndexMoved,
    MarketNews,
    OrderSessionOpened,
    PhaseChanged,
    Receipt,
    VolatilityInterruption,
)
from broker.security.redaction import redacted
from broker.translate import broker as wire
from domain.errors import RequestRefused
from domain.instruments import Instrument
from domain.messages.link import BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import (
    CancelOrder,
    ChangeReceived,
    ChangeRefused,
    HoldingAdjusted,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    SubmitOrder,
)
from domain.quotes import Depth, Quote, QuoteBatch, QuoteKind
from domain.types import (
    ClientOrderId,
    Gate,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    ServerKind,
    Side,
    Symbol,
    TimeInForce,
    TradeId,
    UnixNanos,
    Venue,
    VenueOrderId,
    VenuePhase,
)
from hantrade.v1 import broker_pb2 as pb
from tests.broker.builders import a_cancel, a_guard, a_modify, a_submit

I64 = st.integers(-(2**63), 2**63 - 1)
NANOS = st.integers(-62_135_596_800 * 10**9, 253_402_300_799_999_999_999).map(UnixNanos)  # years 1 to 9999
POSITIVE = st.integers(1, 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SAID = TEXT.map(redacted)  # what a broker says loses account numbers and secrets on its way
ID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)
KRW = I64.map(Krw)
MAYBE_KRW = st.none() | KRW
ORDER, LEG, REQUEST = TEXT.map(ClientOrderId), TEXT.map(VenueOrderId), TEXT.map(RequestId)
SIDES = st.sampled_from(Side)

QUOTES = st.builds(Quote, TEXT, I64, I64, I64, I64, I64, I64, I64, I64, st.sampled_from(QuoteKind).map(int))
LEVELS = st.lists(st.tuples(st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1)), max_size=3).map(tuple)
DEPTHS = st.lists(st.builds(Depth, TEXT, I64, LEVELS, LEVELS), max_size=3).map(tuple)
BATCHES = st.builds(QuoteBatch, TEXT, I64, st.lists(QUOTES, max_size=8), I64, st.booleans(), I64, DEPTHS)
KINDS = st.sampled_from(OrderKind)
HOW = (st.sampled_from(TimeInForce), st.sampled_from(Venue))
HEAD = (st.just("journal"), I64, NANOS, ORDER)
FACTS = st.one_of(
    st.builds(OrderAccepted, *HEAD, LEG, TEXT, SIDES, I64, MAYBE_KRW),
    st.builds(OrderAccepted, *HEAD, LEG, TEXT, SIDES, I64, MAYBE_KRW, KINDS, *HOW, MAYBE_KRW),
    st.builds(OrderRejected, *HEAD, TEXT, SAID),
    st.builds(OrderFilled, *HEAD, LEG, TEXT.map(TradeId), TEXT, SIDES, *[st.integers(0, 2**31)] * 4, I64),
    st.builds(ChangeReceived, *HEAD, REQUEST, LEG, LEG, I64, MAYBE_KRW),
    st.builds(ChangeRefused, *HEAD, REQUEST, LEG, TEXT, SAID),
    st.builds(OrderCancelled, *HEAD, REQUEST, LEG, I64, I64),
    st.builds(OrderReplaced, *HEAD, REQUEST, LEG, LEG, I64, KRW, I64),
    st.builds(OrderExpired, *HEAD, LEG, I64),
    st.builds(HoldingAdjusted, *HEAD, LEG, TEXT, TEXT, I64, I64, KRW, KRW, TEXT),
)
IDS = (ID.map(RequestId), ID.map(ClientOrderId), ID.map(VenueOrderId))
PURPOSES = st.sampled_from(Purpose)
PRICED = KINDS.filter(lambda kind: kind.has_limit_price and kind is not OrderKind.STOP_LIMIT)
PRICELESS = KINDS.filter(lambda kind: not kind.has_limit_price)
WON = POSITIVE.map(Krw)
SYMBOL = st.text(st.characters(codec="ascii"), min_size=1, max_size=6)
DEADLINE = st.just(UnixNanos(5))
REQUESTS = st.one_of(
    st.builds(SubmitOrder, IDS[1], SYMBOL, SIDES, PRICED, PURPOSES, POSITIVE, WON, DEADLINE, *HOW),
    st.builds(SubmitOrder, IDS[1], SYMBOL, SIDES, PRICELESS, PURPOSES, POSITIVE, st.none(), DEADLINE, *HOW),
    st.builds(
        SubmitOrder, IDS[1], SYMBOL, SIDES, st.just(OrderKind.STOP_LIMIT), PURPOSES, POSITIVE, WON, DEADLINE, *HOW, WON
    ),
    st.builds(ModifyOrder, *IDS, PURPOSES, POSITIVE, WON, DEADLINE),
    st.builds(CancelOrder, *IDS, st.integers(0, 2**63 - 1), DEADLINE),
)


@given(NANOS)
def test_for_any_time_the_wire_is_exact(nanos: UnixNanos) -> None:
    assert wire.unix_nanos(wire.timestamp(nanos), "at") == nanos


@pytest.mark.parametrize("columns", [False, True])
@given(BATCHES)
def test_for_any_batch_decode_undoes_encode(columns: bool, batch: QuoteBatch) -> None:
    raw = wire.encode_batch(batch, columns=columns)
    assert wire.decode_batch(raw) == batch
    assert wire.encode_batch(wire.decode_batch(raw), columns=columns) == raw
    assert all(type(row) is Quote for row in wire.decode_batch(raw).rows)


@pytest.mark.parametrize("columns", [False, True])
@given(st.lists(BATCHES, min_size=1, max_size=4))
def test_for_any_batches_their_bytes_end_to_end_read_as_one_with_all_rows(
    columns: bool, batches: list[QuoteBatch]
) -> None:
    raw = b"".join(wire.encode_batch(batch, columns=columns) for batch in batches)
    assert wire.decode_batch(raw).rows == [row for batch in batches for row in batch.rows]


def test_given_rows_and_columns_at_once_or_columns_of_unequal_length_when_decoded_then_refused() -> None:
    quote = Quote("120110", 1, 2, 3, 4, 5, 6, 7, 8, 1)
    batch = QuoteBatch("r", 1, [quote], 0, False, 1)
    both = wire.encode_batch(batch) + wire.encode_batch(batch, columns=True)
    with pytest.raises(ValueError, match="rows or columns"):
        wire.decode_batch(both)
    short = pb.StreamQuotesResponse.FromString(wire.encode_batch(batch, columns=True))
    short.columns.prices_krw.append(1)
    with pytest.raises(ValueError, match="argument 3"):
        wire.decode_batch(short.SerializeToString())


@given(FACTS)
def test_for_any_fact_decode_undoes_encode(fact: OrderAccepted) -> None:
    assert wire.decode_fact(wire.encode_fact(fact), "journal") == fact


@given(REQUESTS)
def test_for_any_request_the_wire_keeps_request_and_guard(request: SubmitOrder) -> None:
    guard = Guard("j", 3, UnixNanos(5))
    message = pb.OrderSessionRequest.FromString(wire.write_request(request, guard).SerializeToString())
    assert wire.read_request(message) == (request, guard)


@given(
    st.builds(
        SessionInfo,
        st.sampled_from(ServerKind),
        st.booleans(),
        SAID,
        NANOS,
        st.sampled_from(VenuePhase),
        TEXT,
        I64,
        st.sampled_from(Gate),
        TEXT,
        st.none() | I64,
    )
)
def test_for_any_session_the_wire_keeps_it(session: SessionInfo) -> None:
    assert wire.read_session(wire.write_session(session)) == session


@given(st.builds(Instrument, TEXT.map(Symbol), TEXT, st.sampled_from(Market), *[MAYBE_KRW] * 3, st.booleans()))
def test_for_any_instrument_the_wire_keeps_it(instrument: Instrument) -> None:
    assert wire.read_instrument(wire.write_instrument(instrument)) == instrument


@given(
    st.builds(AccountState, SAID, KRW, KRW, KRW, KRW, I64, *[MAYBE_KRW] * 3),
    st.builds(BrokerPosition, TEXT, I64, KRW, KRW),
    st.builds(BrokerOpenOrder, TEXT, TEXT, TEXT, SIDES, I64, I64, MAYBE_KRW, KINDS, *HOW, MAYBE_KRW),
    st.builds(Candle, NANOS, KRW, KRW, KRW, KRW, I64),
)
def test_for_any_state_the_wire_keeps_it(
    account: AccountState, position: BrokerPosition, order: BrokerOpenOrder, candle: Candle
) -> None:
    assert wire.read_account(wire.write_account(account)) == account
    assert wire.read_position(wire.write_position(position, 7)) == replace(position, sellable=7)
    assert wire.read_open_order(wire.write_open_order(order)) == order
    assert wire.read_candle(wire.write_candle(candle)) == candle


@given(st.builds(Receipt, TEXT, st.sampled_from(RequestOutcome), TEXT, SAID, I64))
def test_for_any_receipt_the_wire_keeps_it(receipt: Receipt) -> None:
    assert wire.read_resolved(receipt.request_id, wire.write_resolved(receipt)) == receipt
    on_session = wire.read_receipt(wire.write_receipt(receipt))
    assert (on_session.request_id, on_session.outcome, on_session.code) == (
        receipt.request_id,
        receipt.outcome,
        receipt.code,
    )


def test_given_an_opened_session_when_written_then_it_reads_the_same() -> None:
    session = SessionInfo(
        ServerKind.MOCK, True, "", UnixNanos(1), VenuePhase.CLOSED, "j", 4, Gate.EXITS_ONLY, "r", None
    )
    opened = wire.read_opened(wire.write_opened(session, 17).opened)
    assert opened == OrderSessionOpened("j", 4, 17, Gate.EXITS_ONLY)


def spoiled(which: str, **changes: object) -> pb.OrderSessionRequest:
    request = {"submit": a_submit(), "modify": a_modify(), "cancel": a_cancel()}[which]
    message = wire.write_request(request, a_guard("j", 1))
    for name, value in changes.items():
        if value is None:
            getattr(message, which).ClearField(name)
        else:
            setattr(getattr(message, which), name, value)
    return message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (spoiled("submit", side=0), "side"),
        (spoiled("submit", side=77), "side"),
        (spoiled("submit", kind=0), "kind"),
        (spoiled("submit", purpose=0), "purpose"),
        (spoiled("submit", quantity=0), "quantity"),
        (spoiled("submit", quantity=-1), "quantity"),
        (spoiled("submit", limit_price_krw=None), "limit_price_krw"),
        (spoiled("submit", limit_price_krw=0), "limit_price_krw"),
        (spoiled("submit", kind=2), "limit_price_krw"),
        (spoiled("submit", client_order_id=""), "client_order_id"),
        (spoiled("submit", client_order_id="x" * 65), "client_order_id"),
        (spoiled("submit", symbol=""), "symbol"),
        (spoiled("submit", guard=None), "guard.valid_until"),
        (spoiled("modify", purpose=0), "purpose"),
        (spoiled("modify", quantity=0), "quantity"),
        (spoiled("modify", limit_price_krw=-5), "limit_price_krw"),
        (spoiled("modify", original_venue_order_id=""), "original_venue_order_id"),
        (spoiled("cancel", quantity=-1), "quantity"),
        (spoiled("cancel", client_order_id=""), "client_order_id"),
        (pb.OrderSessionRequest(), "request"),
    ],
)
def test_given_a_bad_field_when_read_then_it_is_named(message: pb.OrderSessionRequest, field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        wire.read_request(message)
    assert (refused.value.code, refused.value.field) == ("INVALID_ARGUMENT", field)
    assert refused.value.allowed


def test_given_a_time_with_too_many_nanos_when_read_then_it_is_refused() -> None:
    message = spoiled("cancel")
    message.cancel.guard.valid_until.nanos = 1_000_000_000
    with pytest.raises(RequestRefused, match=r"guard\.valid_until\.nanos"):
        wire.read_request(message)


def test_given_an_event_without_a_fact_when_read_then_it_is_refused() -> None:
    with pytest.raises(RequestRefused, match="fact"):
        wire.read_fact(pb.OrderEvent(seq=1), "j")


def test_given_a_gate_request_when_unset_then_it_is_refused() -> None:
    assert wire.read_set_gate(wire.write_set_gate("g", Gate.OPEN).set_gate) == ("g", Gate.OPEN)
    with pytest.raises(RequestRefused, match="gate"):
        wire.read_set_gate(pb.SetGate(request_id="g"))


_TIMES = st.integers(0, 2**62).map(UnixNanos)
_NEWS: st.SearchStrategy[MarketNews] = st.one_of(
    st.builds(
        IndexMoved, _TIMES, st.sampled_from([Market.KOSPI, Market.KOSDAQ]), st.integers(1, 10**9), st.integers(0, 10**9)
    ),
    st.builds(PhaseChanged, _TIMES, st.sampled_from(VenuePhase), st.text(max_size=2)),
    st.builds(
        VolatilityInterruption,
        _TIMES,
        st.sampled_from(["005930", "120110"]),
        st.booleans(),
        st.integers(0, 10**7).map(Krw),
        st.text(max_size=5),
        st.integers(0, 9),
    ),
)


@given(_NEWS)
def test_for_any_news_of_the_market_what_is_read_is_what_was_written(news: MarketNews) -> None:
    sent = wire.write_market_news(news).SerializeToString()
    assert wire.read_market_news(pb.WatchMarketResponse.FromString(sent)) == news


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (pb.WatchMarketResponse(event_time=wire.timestamp(0)), "happening"),
        (
            pb.WatchMarketResponse(event_time=wire.timestamp(0), index_moved=pb.IndexMoved(value_centi=1)),
            "index_moved.market",
        ),
    ],
)
def test_given_news_of_the_market_that_is_unset_when_read_then_it_is_refused_by_name(
    message: pb.WatchMarketResponse, field: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        wire.read_market_news(message)
    assert refused.value.field == field
