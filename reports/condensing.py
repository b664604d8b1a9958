"""Tell what needs one date alone where its log is read, so that less of a year has to come together."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from domain.errors import HantradeError
from domain.messages.trading import FillBooked
from domain.performance.groups import tallied
from domain.performance.trades import closed_trade, rebooked, trades_of
from domain.types import Krw, Side
from reports.crew import Crew
from reports.days import sums_of
from reports.execution import filled_by_order, is_by_hand, reactions_of, slips_of
from reports.logs import LogHead, Unread, without_quotes
from reports.model import TradeLine
from reports.packing import Packed, pack, pack_list, unpack
from reports.quality import is_countable
from reports.queries import Asked
from reports.reading import DayFacts, left_out, read_log
from reports.rounds import Rounds
from reports.slips import Slips

_BUY = Side.BUY  # looked up once: it is asked for every fill of a year

Numbered = tuple[int, FillBooked]


def condense(facts: DayFacts) -> DayFacts:
    """Give the same date: scores packed, reactions and round trips told, without what they were told from."""
    facts.reactions, facts.sent = reactions_of([facts]), []
    facts.packed_scores, facts.scored = pack_list(facts.scored), []
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
    entries = list(rebooked([fill for _, fill in fills], Krw(0)))
    trades = trades_of(entries)
    lines = [
        TradeLine(
            trade=closed_trade(trade, words),
            is_open=False,
            entry_orders=(entered := tuple(trade.entries)),
            exit_orders=(left := tuple(trade.exits)),
            decision_slip=(found := slips.of((*entered, *left)))[0],
            arrival_slip=found[1],
        )
        for trade in trades
    ]
    return Rounds(
        symbols=symbols,
        lines=lines,
        seqs=[fills[trade.first][0] for trade in trades],
        sums=sums_of(entries),
        groups=tallied([line.trade for line in lines]),
        slips=Slips(slips.decision_cost, slips.arrival_cost, slips.decision_value, slips.arrival_value, slips.measured),
        orders=len(approved),
        by_hand=sum(is_by_hand(asked.order) for asked in approved),
        filled=sum(filled[asked.order.client_order_id] >= asked.order.quantity for asked in approved),
    )


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
