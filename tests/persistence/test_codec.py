"""Every message comes back from the log as it went in; what JSON cannot hold is refused."""

import math
from dataclasses import is_dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.config import RunConfig, StrategyConfig
from domain.messages import MESSAGES, Message
from domain.messages.market import (
    AttentionMeasured,
    QuotesJudged,
    QuotesReceived,
    QuoteVerdict,
    TrendPoint,
    TrendReceived,
)
from domain.messages.run import RunEnded, RunStarted
from domain.types import UnixNanos
from persistence.codec import UnknownEvent
from tests.persistence.logs import PLAIN, RECEIVED, T0, a_codec, a_quote, a_record, instances, judged, quotes_received


def _round_trip(message: Message) -> Message | UnknownEvent:
    codec = a_codec()
    record = codec.record(message, seq=7, run_id="r1", recorded_at=T0, causation_seq=0, role="test")
    return codec.decode(record)


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_for_any_message_decoding_gives_back_what_was_encoded(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(instances(kind))
    assert _round_trip(message) == message


@given(RECEIVED)
def test_for_any_batch_decoding_gives_back_rows_and_bytes(message: QuotesReceived) -> None:
    assert _round_trip(message) == message


@given(RECEIVED.flatmap(lambda received: st.tuples(st.just(received), judged(received, 3))))
def test_for_any_judgement_decoding_rebuilds_the_rows_that_passed(drawn: tuple[QuotesReceived, QuotesJudged]) -> None:
    received, message = drawn
    codec = a_codec()
    record = codec.record(message, seq=4, run_id="r1", recorded_at=T0, causation_seq=3, role="test")
    assert codec.decode(record, {3: received.batch}.get) == message


def test_given_a_batch_when_encoded_then_the_payload_tells_what_is_in_it() -> None:
    message = quotes_received(a_quote("B"), a_quote("A", T0 + 5), a_quote("B", T0 + 9))
    payload, raw = a_codec().encode(message)
    assert payload == (
        b'{"rows":3,"symbols":["A","B"],"conflated":0,"batch_seq":1,"run_id":"sim-1","end_of_data":false,'
        b'"first_venue_time":%d,"last_venue_time":%d,"received_at":0}' % (T0, T0 + 9)
    )
    assert raw == message.raw


def test_given_a_batch_of_an_older_log_when_decoded_then_when_it_was_received_is_not_known() -> None:
    message = replace(quotes_received(a_quote("B")), received_at=UnixNanos(T0 + 1))
    codec = a_codec()
    record = codec.record(message, seq=7, run_id="r1", recorded_at=T0, causation_seq=0, role="test")
    assert codec.decode(record) == message
    older = record._replace(payload=record.payload.replace(b',"received_at":%d' % (T0 + 1), b""))
    assert codec.decode(older) == replace(message, received_at=UnixNanos(0))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_given_a_number_that_is_none_when_encoded_then_type_and_field_are_named(bad: float) -> None:
    codec = a_codec()
    points = (TrendPoint("2026-01-12", 1.0), TrendPoint("2026-01-13", bad))
    with pytest.raises(ValueError, match=r"TrendReceived\.points\[1\]\.ratio expected a finite number"):
        codec.encode(TrendReceived("120110", "naver", 1, UnixNanos(T0), points))
    with pytest.raises(ValueError, match=r"AttentionMeasured\.asvi"):
        codec.encode(AttentionMeasured("120110", "naver", "2026-01-12", bad, None, ""))
    with pytest.raises(ValueError, match=r"RunStarted\.config\.strategies\[0\]\.params\['x'\]"):
        codec.encode(RunStarted("r", "1", RunConfig("paper", strategies=(StrategyConfig("s", {"x": bad}),))))


def test_given_a_text_that_is_no_unicode_when_encoded_then_the_type_is_named() -> None:
    with pytest.raises(ValueError, match="RunEnded expected values that JSON can hold"):
        a_codec().encode(RunEnded("r1", "half a pair: \ud800"))


def test_given_a_type_of_another_version_when_decoded_then_it_is_shown_as_it_is() -> None:
    record = a_record(1, type="MoonPhaseChanged", payload=b'{"phase":"full"}')
    assert a_codec().decode(record) == UnknownEvent(
        1, "MoonPhaseChanged", "notice", b'{"phase":"full"}', "this version does not know the type"
    )


def test_given_a_field_missing_when_decoded_then_the_reason_names_it() -> None:
    event = a_codec().decode(a_record(1, payload=b'{"severity":"INFO","topic":"t"}'))
    assert isinstance(event, UnknownEvent)
    assert "text" in event.reason


@pytest.mark.parametrize("raw", [None, b"\xff\x00"])
def test_given_broken_quote_bytes_when_decoded_then_it_is_not_fatal(raw: bytes | None) -> None:
    event = a_codec().decode(a_record(5, type="QuotesReceived", stream="quotes", payload=b"{}", raw=raw))
    assert isinstance(event, UnknownEvent)
    assert "event 5 expected" in event.reason


def test_given_a_judgement_when_its_batch_is_gone_or_another_then_it_is_not_fatal() -> None:
    codec = a_codec()
    message = QuotesJudged(3, (a_quote(),), (QuoteVerdict(1, "120110", "stale", "late", True),))
    record = codec.record(message, seq=4, run_id="r1", recorded_at=T0, causation_seq=3, role="test")
    for source in (None, lambda _: None, lambda _: quotes_received(a_quote(), a_quote(), a_quote()).batch):
        assert isinstance(codec.decode(record, source), UnknownEvent)


def test_every_message_is_a_dataclass_the_log_can_hold() -> None:
    assert MESSAGES
    assert all(is_dataclass(kind) for kind in MESSAGES.values())
