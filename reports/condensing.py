"""Tell what needs one date alone where its log is read, so that less of a year has to come together."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from domain.errors import HantradeError
from domain.messages.trading import FillBooked
from domain.performance.groups import tallied
from domain.performance.model import ClosedTrade
from domain.performance.trades import closed_trade, plain_trip, rebooked, trades_of
from domain.types import Krw, Side
from reports.crew import Crew
from reports.days import sums_of
from reports.execution import filled_by_order, is_by_hand, reactions_of, slips_of
from reports.logs import LogHead, Unread, without_quotes
from reports.model import TradeLine
from reports.packing import Packed, pack, unpack
from reports.quality import is_countable
from reports.queries import Asked
from reports.reading import DayFacts, left_out, read_log
from reports.rounds import Rounds, Sums
from reports.rows import Approved
from reports.signals import packed_scores
from reports.slips import Slips

_BUY = Side.BUY  # looked up once: it is asked for every fill of a year

Numbered = tuple[int, FillBooked]
Pair = tuple[int, FillBooked, FillBooked]  # sequence of the buy, the buy, the sale


def condense(facts: DayFacts) -> DayFacts:
    """Give the same date: scores packed, reactions and round trips told, without what they were told from."""
    facts.reactions, facts.sent = reactions_of([facts]), []
    with suppress(OverflowError):  # a number no log has but a damaged one: they stay as they are
        facts.packed_scores, facts.scored = packed_scores(facts.scored), []
    symbols = _apart(facts)
    if not symbols:
        return facts
    fills: list[Numbered] = []
    rest = []
    for item in facts.moved:
        if isinstance(item[1], FillBooked) and item[1].symbol in symbols:
            fills.append((item[0], item[1]))
        else:
            rest.append(item)
    ids = {fill.client_order_id for _, fill in fills}
    approved = [asked for asked in facts.approved if asked.order.client_order_id in ids]
    facts.rounds = _told(facts, symbols, fills, approved)
    facts.moved = rest
    facts.approved = [asked for asked in facts.approved if asked.order.client_order_id not in ids]
    return facts


def _apart(facts: DayFacts) -> frozenset[str]:
    """Choose the symbols: flat, then only fills without a gap, of orders of this date and log, then flat again."""
    orders = {asked.order.client_order_id: asked.order for asked in facts.approved}
    if len(orders) < len(facts.approved):
        return frozenset()
    opened = facts.openings[-1].seq if facts.openings else 0  # the books are told anew there
    held: dict[str, int] = {}
    others = set()
    for seq, moved in facts.moved:
        symbol = moved.symbol
        if not isinstance(moved, FillBooked):
            others.add(symbol)
            continue
        after = moved.position_qty
        before = after - moved.last_qty if moved.side is _BUY else after + moved.last_qty
        order = orders.get(moved.client_order_id)
        is_plain = before == held.get(symbol, 0) and moved.last_qty > 0 and seq > opened
        if not is_plain or order is None or order.overridden:
            others.add(symbol)
        held[symbol] = after
    return frozenset(symbol for symbol, left in held.items() if not left and symbol not in others)


def _told(facts: DayFacts, symbols: frozenset[str], fills: Sequence[Numbered], approved: list[Asked]) -> Rounds:
    part = DayFacts(facts.day, facts.head, facts.stretch, moved=list(fills), approved=approved)
    slips, filled = slips_of([part]), filled_by_order([part])
    words = {asked.order.client_order_id: asked.order for asked in approved}
    pairs, others = _pairs(fills, is_once=len(words) == len(fills))
    lines, sums = _lines(pairs, words, slips), Sums(fills=2 * len(pairs))
    for _, bought, sold in pairs:
        sums.commission += bought.commission + sold.commission
        sums.tax += bought.tax + sold.tax
        sums.turnover += bought.notional + sold.notional
    sums.realized = sum(line.trade.realized for _, line in lines)
    if others:
        entries = list(rebooked([fill for _, fill in others], Krw(0)))
        sums.add(sums_of(entries))
        for trade in trades_of(entries):
            told, ids = closed_trade(trade, words), (tuple(trade.entries), tuple(trade.exits))
            lines.append((others[trade.first][0], _line(told, *ids, slips)))
        lines.sort(key=lambda item: item[0])
    return Rounds(
        symbols=symbols,
        lines=[line for _, line in lines],
        seqs=[seq for seq, _ in lines],
        sums=sums,
        groups=tallied([line.trade for _, line in lines]),
        slips=replace(slips, by_order={}),
        orders=len(approved),
        by_hand=sum(is_by_hand(asked.order) for asked in approved),
        filled=sum(filled[asked.order.client_order_id] >= asked.order.quantity for asked in approved),
    )


def _pairs(fills: Sequence[Numbered], *, is_once: bool) -> tuple[list[Pair], list[Numbered]]:
    """Give buys with the sales of the same shares right after them, and the fills of symbols with anything else.

    All symbols begin and end flat. `is_once`: every order has one fill.
    """
    if not is_once:
        return [], list(fills)
    pairs: list[Pair] = []
    others: set[str] = set()
    held: dict[str, Numbered] = {}
    for item in fills:
        fill = item[1]
        before = held.pop(fill.symbol, None)
        if before is None and fill.side is _BUY:
            held[fill.symbol] = item
        elif before is not None and fill.side is not _BUY and fill.last_qty == before[1].last_qty:
            pairs.append((*before, fill))
        else:
            others.add(fill.symbol)
    if not others:
        pairs.sort(key=lambda pair: pair[0])
        return pairs, []
    plain = [pair for pair in pairs if pair[1].symbol not in others]
    return plain, [item for item in fills if item[1].symbol in others]


def _lines(pairs: Iterable[Pair], words: Mapping[str, Approved], slips: Slips) -> list[tuple[int, TradeLine]]:
    found = []
    for seq, bought, sold in pairs:
        entry, leaving = words[bought.client_order_id], words[sold.client_order_id]
        told = plain_trip(bought, sold, entry, leaving)
        found.append((seq, _line(told, (entry.client_order_id,), (leaving.client_order_id,), slips)))
    return found


def _line(told: ClosedTrade, entries: tuple[str, ...], exits: tuple[str, ...], slips: Slips) -> TradeLine:
    decision, arrival = slips.of((*entries, *exits))
    return TradeLine(told, False, entries, exits, decision, arrival)


class Wanted(NamedTuple):
    """What to read of one log; dates inclusive."""

    head: LogHead
    first: date
    last: date
    counts: bool  # quotes, too


def read_condensed(
    heads: Sequence[LogHead], crew: Crew, first: date, last: date
) -> tuple[list[DayFacts], tuple[str, ...]]:
    """Read every date of a period as `read_days` does, condensed, with the help of other processes."""
    counts = is_countable(stretch for head in heads for stretch in head.within(first, last))
    wanted = [Wanted(head, first, last, counts) for head in heads if head.within(first, last)]
    days: list[DayFacts] = []
    missing = []
    for one, found in zip(wanted, crew.each(wanted, _read, read_there, _arrived), strict=True):
        if isinstance(found, Unread):
            missing.append(left_out(one.head, found.problem))
        else:
            days += found
    return days, tuple(missing)


def _read(wanted: Wanted) -> list[DayFacts] | Unread:
    try:
        found = read_log(wanted.head, without_quotes(), *wanted[1:])
    except HantradeError as error:
        return Unread(str(error))
    return [condense(facts) for facts in found]


def read_there(wanted: Wanted) -> list[Packed] | Unread:
    """Read one log in another process."""
    found = _read(wanted)
    return found if isinstance(found, Unread) else [pack(facts) for facts in found]


def _arrived(found: list[Packed] | Unread) -> list[DayFacts] | Unread:
    return found if isinstance(found, Unread) else [unpack(packed) for packed in found]
