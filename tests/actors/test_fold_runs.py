"""Folding a run of uneventful quotes at once leads every role to the state that folding them one by one leads to."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.core import to_record
from actors.core.kernel import Kernel
from actors.recovery import fold
from actors.roles.strategist import Strategist
from actors.roster import make_roles
from broker.translate.quotes import decode_batch, encode_batch
from domain.bars import Bar
from domain.config import SignalConfig, StrategyConfig
from domain.messages import Message, Stamp
from domain.messages.market import QuotesReceived
from domain.quotes import Quote, QuoteBatch
from domain.types import Krw, LinkName, Purpose, Side, UnixNanos
from persistence.codec import MessageCodec, UnknownEvent
from persistence.folding import JUDGED, MINUTE, OTHER, RECEIVED, Folding, folding
from persistence.record import Record
from strategies.base import Argument, Day, Scene, Strategy
from tests.actors.builders import SAMSUNG, T0, House, a_run, broker_state, instruments, opened, venue

SYMBOLS = (SAMSUNG, "000660", "035420")
CODEC = MessageCodec(decode_batch, joins=True)
EAGER = StrategyConfig("attention_momentum", {"momentum_bars": 1, "volume_bars": 5, "momentum_min": 0.0001})


class Pages:
    """Records at hand, in the way a reader gives them."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self._batches: dict[int, QuoteBatch] = {}

    def page(self, from_seq: int, to_seq: int | None, limit: int) -> Any:
        last = len(self.records) if to_seq is None else to_seq
        found = self.records[from_seq - 1 : min(last, from_seq - 1 + limit)]
        kinds = {"QuotesReceived": RECEIVED, "QuotesJudged": JUDGED}
        rows = [(r.seq, r.recorded_at, kinds.get(r.type, OTHER), r.role, r.payload) for r in found]
        return rows, {item.seq: item.raw for item in found if item.raw is not None}

    def some(self, seqs: Sequence[int]) -> Iterator[Record]:
        return (self.records[seq - 1] for seq in seqs)

    def decode(self, record: Record) -> Message | UnknownEvent:
        batch_at: Any = lambda seq: CODEC.batch(self.records[seq - 1])  # noqa: E731
        return CODEC.decode(record, batch_at)

    def folding(self, from_seq: int = 1, to_seq: int | None = None) -> Any:
        return folding(self, CODEC, from_seq, to_seq)


BAD = st.tuples(st.just("999999"), st.integers(-2, 0), st.sampled_from([10_003, 13_100, 0]), st.just(0))
GOOD = st.tuples(st.sampled_from(SYMBOLS), st.integers(1, 40), st.sampled_from([10_000, 10_010, 10_050]), st.just(7))
CLEAN = st.lists(GOOD, min_size=1, max_size=4)
ROWS = st.one_of(CLEAN, CLEAN, CLEAN, CLEAN, st.lists(st.one_of(GOOD, BAD), max_size=3))
STEPS = st.lists(st.one_of(ROWS, ROWS, ROWS, st.sampled_from(["tick", "conflated", "order"])), min_size=5, max_size=40)


def _records(steps: list[Any], columns: bool) -> list[Record]:
    """Let a house live through the steps; give its log."""
    house, numbers, seconds, volume = House(*make_roles()), count(1), 700, 0
    begun = a_run(symbols=(), strategies=(EAGER,), signals=SignalConfig(scores=True))
    house.hear(begun, opened(LinkName.QUOTES), instruments(*SYMBOLS))
    house.hear(opened(LinkName.ORDERS), broker_state())
    house.tick()
    house.tick()
    for step in steps:
        if step == "tick":
            house.tick()
            continue
        rows = []
        for symbol, later, price, shares in step if isinstance(step, list) else [(SAMSUNG, 1, 10_000, 1)]:
            seconds, volume = seconds + later, volume + shares
            bid = max(price - 10, 0)
            rows.append(Quote(symbol, venue(seconds), price, shares, volume, bid, price + 10, 9, 9, 1))
        batch = QuoteBatch("sim-1", next(numbers), rows, 3 if step == "conflated" else 0, False, T0)
        house.now += 1_000_000
        house.hear(QuotesReceived(batch, encode_batch(batch, columns=columns)))
    return [to_record(item, "r", CODEC) for item in house.core.history]


def _state(kernel: Kernel) -> bytes:
    return msgspec.json.encode(kernel.dump())


def _one_by_one(records: list[Record], to_seq: int) -> Kernel:
    kernel, pages = Kernel(make_roles(), "L"), Pages(records)
    for record in records[:to_seq]:
        message = pages.decode(record)
        assert not isinstance(message, UnknownEvent), message.reason
        kernel.fold(message, Stamp(record.seq, UnixNanos(record.recorded_at), "L"), record.role)
    return kernel


@settings(deadline=None, max_examples=60)
@given(STEPS, st.booleans(), st.data())
def test_for_any_day_folding_in_runs_leads_to_the_state_of_folding_one_by_one(
    steps: list[Any], columns: bool, data: st.DataObject
) -> None:
    records = _records(steps, columns)
    to_seq = data.draw(st.integers(len(records) // 2, len(records)))
    in_runs = Kernel(make_roles(), "L")
    reader: Any = Pages(records)
    fold(in_runs, reader, to_seq)
    assert in_runs.last_seq == to_seq
    assert _state(in_runs) == _state(_one_by_one(records, to_seq))


class Chatty(Strategy):
    """Argues at every bar, so that the last message always leaves its trace."""

    NAME = "chatty"

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Any:
        """Buy."""
        inputs = (bar.symbol, Side.BUY, Purpose.ENTRY, 1.0, 1.0, 60, Krw(bar.close), "unknown", (), str(bar.start))
        return (Argument(*inputs),)


@settings(deadline=None, max_examples=40)
@given(st.lists(ROWS, min_size=10, max_size=40), st.data())
def test_for_any_day_the_trace_of_the_last_message_is_that_of_folding_one_by_one(
    steps: list[Any], data: st.DataObject
) -> None:
    records = _records(steps, columns=True)
    to_seq = data.draw(st.integers(len(records) // 2, len(records)))
    run = msgspec.json.encode(a_run(symbols=(), strategies=(StrategyConfig("chatty"),)))
    records[0] = records[0]._replace(payload=run)
    traces = []
    for in_runs in (True, False):
        role = Strategist({"chatty": Chatty})
        kernel, pages = Kernel([role], "L"), Pages(records)
        steps_of: Any = pages.folding(1, to_seq) if in_runs else _singly(pages, to_seq)
        for _, seq, at, said_by, message in steps_of:
            kernel.fold(message, Stamp(seq, UnixNanos(at), "L"), said_by)
        traces.append([argument.rationale for _, argument, *_ in role._arguments])
    assert traces[0] == traces[1]


def _singly(pages: Pages, to_seq: int) -> list[Folding]:
    return [Folding(r.seq, r.seq, r.recorded_at, r.role, pages.decode(r)) for r in pages.records[:to_seq]]


def _quiet(pairs: int) -> list[Record]:
    return _records([[(symbol, 1, 10_000, 1) for symbol in SYMBOLS]] * pairs, columns=True)


def _steps_of(records: list[Record]) -> list[Folding]:
    return list(folding(Pages(records), CODEC, 1, None))


def test_given_a_quiet_stretch_when_read_for_the_fold_then_it_is_one_step_a_minute_and_its_last_pair_another() -> None:
    records = _quiet(30)
    long = [step for step in _steps_of(records) if step.seq > step.first_seq]
    # 3 s of the venue's clock each: the first pair begins the day, the next one the run, and two of them a minute.
    assert [(step.seq - step.first_seq + 2) // 2 for step in long] == [4, 19, 2]
    assert sum(step.seq - step.first_seq + 1 for step in _steps_of(records)) == len(records)


def test_given_a_pair_that_begins_a_minute_when_read_for_the_fold_then_its_system_time_is_kept() -> None:
    """A session ends at a minute; its account of uptime ends at the system time of the pair that says so."""
    records = _quiet(30)
    pages, alone = Pages(records), {step.seq: step for step in _steps_of(records) if step.seq == step.first_seq}
    minute, begun = 0, 0
    for record in records:
        if record.type == "QuotesJudged":
            now = pages.decode(record).rows[-1].venue_time // MINUTE  # type: ignore[union-attr]
            if now != minute:
                minute, begun = now, begun + 1
                assert alone[record.seq].recorded_at == record.recorded_at
                assert record.seq - 1 in alone
    assert begun == 3


@pytest.mark.parametrize("change", ["missing row", "broken bytes", "verdict"])
def test_given_a_pair_that_is_not_plain_when_read_for_the_fold_then_it_is_read_by_itself(change: str) -> None:
    records = _quiet(30)
    at = max(index for index, record in enumerate(records) if record.type == "QuotesReceived") - 20
    received, judged = records[at], records[at + 1]
    if change == "missing row":
        records[at] = received._replace(raw=encode_batch(QuoteBatch("sim-1", 1, [], 0, False, T0)))
    elif change == "broken bytes":
        records[at] = received._replace(raw=b"\xff")
    else:
        verdict = b'{"row":0,"symbol":"005930","rule":"off_tick","detail":"","refused":false}'
        records[at + 1] = judged._replace(payload=judged.payload.replace(b"[]", b"[" + verdict + b"]"))
    alone = {step.first_seq: step.message for step in _steps_of(records) if step.first_seq == step.seq}
    assert judged.seq in alone
    assert isinstance(alone[judged.seq], UnknownEvent) == (change != "verdict")
