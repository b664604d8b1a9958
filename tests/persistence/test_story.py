"""Which order is meant, and the records that tell its story, across runs and files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.why_words import words
from domain.errors import ConfigError
from domain.messages import Message
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.orders import OrderAccepted, OrderFilled, OrderStateChanged, SubmitOrder
from domain.messages.run import RunEnded
from domain.messages.trading import FillBooked, OrderApproved, SignalFormed, SignalInput, SignalScored
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, Side, TradeId, UnixNanos, VenueOrderId
from persistence.event_log import EventLog
from persistence.order_names import find_order, orders_of
from persistence.reader import LogReader
from persistence.story import Story, gather
from tests.persistence.logs import T0, a_codec, add, open_log

SYMBOL = "005930"
WHEN = UnixNanos(T0)


def an_approval(order: str, side: Side = Side.BUY) -> OrderApproved:
    purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
    what = (ClientOrderId(order), SYMBOL, side, OrderKind.LIMIT, purpose, 10, Krw(1_000))
    return OrderApproved(*what, Krw(10_000), "momentum", "it rises", WHEN)


def an_intent(order: str) -> SubmitOrder:
    what = (ClientOrderId(order), SYMBOL, Side.BUY, OrderKind.LIMIT, Purpose.ENTRY, 10, Krw(1_000))
    return SubmitOrder(*what, UnixNanos(T0 + 3 * 10**9))


def accepted(order: str, number: str) -> OrderAccepted:
    head = ("j", 1, WHEN, ClientOrderId(order), VenueOrderId(number))
    return OrderAccepted(*head, SYMBOL, Side.BUY, 10, Krw(1_000))


def filled(order: str, side: Side, quantity: int) -> OrderFilled:
    head = ("j", 2, WHEN, ClientOrderId(order), VenueOrderId("1"), TradeId("t"))
    return OrderFilled(*head, SYMBOL, side, quantity, Krw(1_000), Krw(1), Krw(0), 10 - quantity)


def revised(order: str, trade: str, quantity: int, won: int) -> FillRevised:
    what = (order, "7", trade, SYMBOL, Side.BUY, quantity, Krw(won), Krw(0), Krw(0), Krw(-won))
    return FillRevised(*what, Krw(0), Krw(0), WHEN)


def booked(order: str, side: Side, quantity: int, held: int, won: int = 0, trade: str = "t") -> FillBooked:
    fill = (ClientOrderId(order), trade, SYMBOL, side, quantity, Krw(1_000), Krw(quantity * 1_000), Krw(1), Krw(0))
    return FillBooked(*fill, Krw(won), held, Krw(held * 1_000), Krw(0), WHEN)


def adjusted(before: int, after: int, income: int = 0, won: int = 0) -> HoldingBooked:
    cost, zero = Krw(10_000 if after else 0), Krw(0)
    head = (SYMBOL, "SPLIT", "5 for 1", before, after, cost)
    return HoldingBooked(*head, Krw(income), zero, Krw(income), Krw(won), zero, WHEN)


def state(order: str, to_status: str, leaves: int) -> OrderStateChanged:
    what = (ClientOrderId(order), SYMBOL, Side.BUY, Purpose.ENTRY, "NEW", to_status, "t", 10, 10 - leaves, leaves)
    return OrderStateChanged(*what, Krw(1_000), "", WHEN)


def inputs(*messages: Message) -> tuple[tuple[Message, int], ...]:
    return tuple((message, 0) for message in messages)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    made = open_log(tmp_path / "day.db")
    yield made
    made.close()


def reading(log: EventLog, tmp_path: Path, name: str = "day.db") -> LogReader:
    return LogReader(tmp_path / name, a_codec())


def story_of(tmp_path: Path, order: str, name: str = "day.db") -> Story:
    with LogReader(tmp_path / name, a_codec()) as reader:
        return gather(reader, order, a_codec())


@pytest.fixture
def two_orders(log: EventLog, tmp_path: Path) -> Iterator[LogReader]:
    """Give a log: 1 to 3 are order L1-1, venue number 0000007; 4 and 5 are L1-14, 0000008; 6 is of none."""
    first, second = "L1-1", "L1-14"
    add(log, (an_approval(first), 0), (an_intent(first), 1), (accepted(first, "0000007"), 0))
    add(log, (an_approval(second), 0), (accepted(second, "0000008"), 0), (RunEnded("r1", "done"), 0))
    with reading(log, tmp_path) as reader:
        yield reader


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("L1-1", "L1-1"),  # an id wins, though another begins with it
        ("L1-14", "L1-14"),
        ("2", "L1-1"),
        ("#5", "L1-14"),
        ("0000008", "L1-14"),
        (" L1-14 ", "L1-14"),
    ],
)
def test_given_a_name_when_looked_up_then_the_order_meant_is_found(
    two_orders: LogReader, name: str, order: str
) -> None:
    assert find_order(two_orders, name, a_codec()) == order


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("L1", "fits 2 orders: L1-1 (by its beginning), L1-14 (by its beginning)"),
        ("L1-", "fits 2 orders"),
        ("L1-15", "near: L1-1, L1-14"),
        ("#6", "is a RunEnded that belongs to no order"),
        ("#77", "expected a sequence from 1 to 6"),
        ("99", "is not in"),
        ("", "is not in"),
        ("%", "is not in"),
        ("9" * 30, "is not in"),
    ],
)
def test_given_a_name_of_none_or_many_when_looked_up_then_the_error_helps(
    two_orders: LogReader, name: str, says: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        find_order(two_orders, name, a_codec())
    assert says in str(refused.value)


def test_given_a_number_that_is_a_sequence_and_a_venue_number_when_looked_up_then_both_are_named(
    log: EventLog, tmp_path: Path
) -> None:
    add(log, (an_approval("L1-1"), 0), (an_approval("L1-2"), 0), (accepted("L1-2", "1"), 0))
    with reading(log, tmp_path) as reader:
        with pytest.raises(ConfigError, match=r"L1-1 \(of that sequence\), L1-2 \(of that number at the venue\)"):
            find_order(reader, "1", a_codec())
        assert find_order(reader, "#1", a_codec()) == "L1-1"


def test_given_an_order_placed_elsewhere_when_looked_up_then_it_is_said_so(log: EventLog, tmp_path: Path) -> None:
    add(log, (accepted("", "0000009"), 0))
    with reading(log, tmp_path) as reader, pytest.raises(ConfigError, match="placed elsewhere"):
        find_order(reader, "0000009", a_codec())


def test_given_an_event_when_asked_then_the_orders_it_belongs_to_are_given(two_orders: LogReader) -> None:
    found = {seq: orders_of(two_orders, record) for seq in (2, 6) if (record := two_orders.record(seq))}
    assert found == {2: ["L1-1"], 6: []}


def test_given_an_id_that_begins_another_when_gathered_then_only_its_own_records_come(two_orders: LogReader) -> None:
    story = gather(two_orders, "L1-1", a_codec())
    assert [step.record.seq for step in story.steps] == [1, 2, 3]
    assert story.verdict is not None
    assert story.verdict.record.seq == 1
    assert [cause.seq for cause, _ in list(story.steps)[1].causes] == [1]


def test_given_a_round_trip_when_gathered_then_it_reaches_from_flat_to_flat(log: EventLog, tmp_path: Path) -> None:
    trip = [("L1-1", Side.BUY, 10, 10), ("L1-3", Side.SELL, 4, 6), ("L1-4", Side.SELL, 6, 0)]
    before, after = ("L1-0", Side.SELL, 5, 0), ("L1-9", Side.BUY, 1, 1)
    for order, side, quantity, held in (before, *trip, after):
        add(log, *inputs(filled(order, side, quantity), booked(order, side, quantity, held, 7 * (side == "SELL"))))
    for order in ("L1-1", "L1-3", "L1-4"):
        story = story_of(tmp_path, order)
        assert [fill.client_order_id for fill in story.fills] == ["L1-1", "L1-3", "L1-4"]
        assert (story.trip_closed, story.held_before) == (True, 0)
    assert (story_of(tmp_path, "L1-0").held_before, story_of(tmp_path, "L1-9").trip_closed) == (5, False)


def test_given_corporate_actions_when_gathered_then_the_trip_goes_on_over_a_split_and_ends_without_a_share(
    log: EventLog, tmp_path: Path
) -> None:
    add(log, *inputs(filled("L1-1", Side.BUY, 10), booked("L1-1", Side.BUY, 10, 10), adjusted(10, 50)))
    story = story_of(tmp_path, "L1-1")
    assert (story.trip_closed, story.moved[-1].position_qty, len(story.actions)) == (False, 50, 1)
    add(log, *inputs(adjusted(50, 50, income=70), filled("L1-3", Side.SELL, 9), booked("L1-3", Side.SELL, 9, 41)))
    add(log, *inputs(adjusted(41, 0, won=-5), booked("L1-9", Side.BUY, 1, 1)))
    for order in ("L1-1", "L1-3"):
        story = story_of(tmp_path, order)
        assert [fill.client_order_id for fill in story.fills] == ["L1-1", "L1-3"]
        assert [action.position_qty for action in story.actions] == [50, 50, 0]
        assert (story.trip_closed, story.held_before) == (True, 0)


def test_given_a_holding_of_before_when_it_was_split_first_then_its_old_shares_were_there(
    log: EventLog, tmp_path: Path
) -> None:
    add(log, *inputs(adjusted(10, 50), filled("L1-1", Side.SELL, 50), booked("L1-1", Side.SELL, 50, 0)))
    story = story_of(tmp_path, "L1-1")
    assert (story.held_before, story.trip_closed, len(story.actions)) == (10, True, 1)


def test_given_sums_that_an_execution_told_later_when_gathered_then_the_fill_is_the_executions(
    log: EventLog, tmp_path: Path
) -> None:
    add(log, *inputs(filled("L1-1", Side.BUY, 10), booked("L1-1", Side.BUY, 10, 10, trade="inferred:7:10")))
    add(log, *inputs(filled("L1-3", Side.SELL, 10), booked("L1-3", Side.SELL, 10, 0, 500)))
    add(log, *inputs(revised("L1-1", "t9", 6, 30), booked("L1-9", Side.BUY, 1, 1)))
    story = story_of(tmp_path, "L1-1")
    assert [(fill.trade_id, fill.last_qty, fill.notional) for fill in story.fills] == [
        ("inferred:7:10", 4, 4_000),
        ("t", 10, 10_000),
        ("t9", 6, 6_030),
    ]
    assert (story.realized, story.trip_closed) == (470, True)
    assert any(isinstance(step.message, FillRevised) for step in story.steps)


def test_given_a_holding_that_a_person_closed_when_gathered_then_the_trip_ends_there(
    log: EventLog, tmp_path: Path
) -> None:
    by_hand = AdjustmentBooked("c", "kim", SYMBOL, 10, 0, Krw(0), Krw(5), Krw(5), "sold elsewhere", WHEN)
    add(log, *inputs(filled("L1-1", Side.BUY, 10), booked("L1-1", Side.BUY, 10, 10), by_hand))
    add(log, *inputs(booked("L1-9", Side.BUY, 1, 1)))
    story = story_of(tmp_path, "L1-1")
    assert (story.trip_closed, len(story.fills), story.realized) == (True, 1, 0)


def test_given_an_order_that_lives_on_in_the_next_file_when_gathered_then_both_parts_come_from_either_file(
    tmp_path: Path,
) -> None:
    # the names of the files tell no order
    monday = open_log(tmp_path / "b-monday.db", create_id=lambda: "MON", now=lambda: T0)
    tuesday = open_log(tmp_path / "a-tuesday.db", create_id=lambda: "TUE", now=lambda: T0 + 10**9)
    add(monday, *inputs(an_approval("MON-1"), accepted("MON-1", "1"), state("MON-1", "WORKING", 10)))
    add(tuesday, *inputs(filled("MON-1", Side.BUY, 10), booked("MON-1", Side.BUY, 10, 10), state("MON-1", "FILLED", 0)))
    monday.close()
    tuesday.close()
    (tmp_path / "c-broken.db").write_bytes(b"no log at all")
    for name in ("a-tuesday.db", "b-monday.db"):
        story = story_of(tmp_path, "MON-1", name)
        assert [(part.log_id, len(part.steps)) for part in story.parts] == [("MON", 3), ("TUE", 3)]
        assert (story.missing_log, len(story.fills)) == ("", 1)
    with LogReader(tmp_path / "a-tuesday.db", a_codec()) as reader:
        assert find_order(reader, "MON-1", a_codec()) == "MON-1"
    (tmp_path / "b-monday.db").unlink()
    story = story_of(tmp_path, "MON-1", "a-tuesday.db")
    assert (story.missing_log, [part.log_id for part in story.parts]) == ("MON", ["TUE"])


def test_given_a_payload_that_cannot_be_read_when_gathered_then_the_record_is_kept(
    log: EventLog, tmp_path: Path
) -> None:
    fields: dict[str, Any] = {"seq": 2, "run_id": "r1", "recorded_at": T0, "causation_seq": 0, "role": "x"}
    add(log, (an_approval("L1-1"), 0))
    record = a_codec().record(accepted("L1-1", "1"), **fields)
    log.commit([record._replace(payload=b'{"client_order_id":7}')], durable=False)
    steps = list(story_of(tmp_path, "L1-1").steps)
    assert [step.record.seq for step in steps] == [1, 2]
    assert not isinstance(steps[1].message, Message)


def a_signal() -> SignalFormed:
    what = ("momentum", SYMBOL, Side.BUY, Purpose.ENTRY, 0.5, 0.6, 1_800, Krw(1_000), Krw(1_000), "unknown")
    return SignalFormed(*what, (SignalInput("spread", None, "unknown", "no bid"),), "it rises", WHEN, regime="calm")


def a_score(signal_seq: int) -> SignalScored:
    head = (signal_seq, "momentum", SYMBOL, Side.BUY, Purpose.ENTRY, 0.6, "calm", "unknown", 1_800, 0, WHEN, WHEN)
    return SignalScored(*head, Krw(1_000), Krw(1_010), 10_000, 2_300, True, "", WHEN)


def test_given_an_order_of_a_signal_when_gathered_then_the_story_says_how_that_signal_turned_out(
    log: EventLog, tmp_path: Path
) -> None:
    add(log, (a_signal(), 0), (an_approval("L1-1"), 1), (a_signal(), 0))
    add(log, (a_score(3), 0), (a_score(1), 0))
    story = story_of(tmp_path, "L1-1")
    told = [words(step) for step in story.steps]
    assert [label for label, _ in told] == ["signal", "risk", "score"]
    assert told[0][1][0].startswith("momentum argues for BUY (ENTRY)")
    assert "volatility calm" in told[0][1][0]
    assert told[0][1][1].endswith("unknown (no bid)")
    how = "1,000 → 1,010 KRW, +77.0 basis points after costs of 23.0"
    assert told[2][1] == [f"the signal was right at its horizon: {how}"]
