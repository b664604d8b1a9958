"""Which kinds of order a venue takes in which phase, as a table. A broker's own answer beats it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from domain.krx.order_phases import KRX_PHASES, NXT_PHASES, OrderPhase
from domain.krx.sessions import AFTER_MARKET_OPENED, NXT_OPENED
from domain.types import Market, OrderKind, TimeInForce, Venue


class Mark(Enum):
    """What the table says of one cell; the second half tells whether a source says so."""

    YES = (True, True)
    YES_UNCONFIRMED = (True, False)
    NO = (False, True)
    NO_UNCONFIRMED = (False, False)

    @property
    def is_taken(self) -> bool:
        """Tell whether such orders are taken."""
        return self.value[0]

    @property
    def is_confirmed(self) -> bool:
        """Tell whether a source says so."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class KindRow:
    """One line of the table: in which phases a kind with a time in force is taken. What is not listed is refused."""

    kind: OrderKind
    time_in_force: TimeInForce
    marks: dict[OrderPhase, Mark]
    since: date = date.min
    until: date = date.max  # exclusive


_P: Final = OrderPhase
_DAY, _IOC, _FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
_COLUMNS: Final = (
    (_P.OPENING_AUCTION,),
    (_P.CONTINUOUS,),
    (_P.CLOSING_AUCTION,),
    (_P.INTERRUPTION_AUCTION,),
    (_P.AFTER_MARKET,),
    (_P.NXT_PRE, _P.NXT_AFTER),
    (_P.NXT_MAIN,),
)
_MARKS: Final = {"y": Mark.YES, "y?": Mark.YES_UNCONFIRMED, "n": Mark.NO, "n?": Mark.NO_UNCONFIRMED}
MID_SINCE: Final = NXT_OPENED  # mid and stop-limit orders came "in 2025", with the second venue; the day is unconfirmed


def _row(kind: OrderKind, in_force: TimeInForce, line: str, since: date = date.min) -> KindRow:
    marks = {phase: _MARKS[text] for column, text in zip(_COLUMNS, line.split(), strict=True) for phase in column}
    if kind is OrderKind.LIMIT and in_force is _DAY:
        marks[_P.NXT_AFTER_ENTRY] = Mark.YES  # orders for the after-market, limit only
        marks[_P.OTHER_INTERRUPTION] = Mark.YES_UNCONFIRMED  # nothing is known of other kinds there
    return KindRow(kind, in_force, marks, since)


def _own_window(kind: OrderKind, *windows: OrderPhase, until: date = date.max) -> KindRow:
    return KindRow(kind, _DAY, dict.fromkeys(windows, Mark.YES), until=until)


_K: Final = OrderKind
# Sources: Kiwoom REST field list of trde_tp; KIS order codes and notice of 2026-09-09 for the after-market; Samsung
# Securities notice 24420; the KRX rule that best-price and IOC/FOK orders need a live book. No source gives the matrix
# for Kiwoom as a whole: IOC, FOK and best-price cells of NXT's pre- and after-market are marked. Read 2026-11-22.
KINDS: Final = (
    #                          opening cont. closing interr. after NXT-pre/after NXT-main
    _row(_K.LIMIT, _DAY,             "y    y    y    y    y    y    y"),
    _row(_K.LIMIT, _IOC,             "n    y    n    n    y    n?   y"),
    _row(_K.LIMIT, _FOK,             "n    y    n    n    y    n?   y"),
    _row(_K.MARKET, _DAY,            "y    y    y    y    n    n    n"),
    _row(_K.MARKET, _IOC,            "n    y    n    n    n    n    y?"),
    _row(_K.MARKET, _FOK,            "n    y    n    n    n    n    y?"),
    _row(_K.CONDITIONAL_LIMIT, _DAY, "y    y    n    y?   n    n    n"),
    _row(_K.BEST_LIMIT, _DAY,        "n    y    n    n    y    n?   y"),
    _row(_K.BEST_LIMIT, _IOC,        "n    y    n    n    y    n?   y"),
    _row(_K.BEST_LIMIT, _FOK,        "n    y    n    n    y    n?   y"),
    _row(_K.FIRST_LIMIT, _DAY,       "n    y    n    n    y    n?   y"),
    _row(_K.MID, _DAY,               "n    y    n    n    n    n    y", MID_SINCE),
    _row(_K.MID, _IOC,               "n    y    n    n    n    n    y", MID_SINCE),
    _row(_K.MID, _FOK,               "n    y    n    n    n    n    y", MID_SINCE),
    _row(_K.STOP_LIMIT, _DAY,        "n    y    n    n    n    n    y", MID_SINCE),
    _own_window(_K.PRE_OPEN_CLOSE, _P.PRE_OPEN_OFF_HOURS),
    _own_window(_K.POST_CLOSE, _P.POST_CLOSE_ENTRY, _P.POST_CLOSE_TRADING),
    _own_window(_K.OFF_HOURS_SINGLE, _P.OFF_HOURS_SINGLE, until=AFTER_MARKET_OPENED),
)  # fmt: skip
_ROWS: Final = {(row.kind, row.time_in_force): row for row in KINDS}
_FUNDS: Final = frozenset({Market.ETF, Market.ETN})


def allowed(
    kind: OrderKind,
    time_in_force: TimeInForce,
    venue: Venue,
    phase: OrderPhase,
    on: date,
    *,
    market: Market | None = None,
) -> str | None:
    """Judge an order of a kind in one phase of a venue on a day: None when it is taken, else the reason in one line.

    SOR takes what the phase's venue takes. `market` None leaves out what holds for funds only. Source: `KINDS`.
    """
    if venue is Venue.KRX and phase in NXT_PHASES:
        return f"phase {phase} is one of NXT, the order goes to KRX"
    if venue is Venue.NXT and phase in KRX_PHASES:
        return f"phase {phase} is one of KRX, the order goes to NXT"
    if venue is Venue.NXT and on < NXT_OPENED:
        return f"venue NXT opened on {NXT_OPENED}, the order is of {on}"
    if phase is OrderPhase.HALTED:
        return "trading is halted: only cancels are taken"
    row = _ROWS.get((kind, time_in_force))
    if row is None:
        return f"{kind} with {time_in_force} does not exist; {kind} takes {_joined(_forces(kind))}"
    if not row.since <= on < row.until:
        when = f"from {row.since}" if on < row.since else f"until {row.until} (exclusive)"
        return f"{kind} orders are taken {when}, the order is of {on}"
    if phase is OrderPhase.AFTER_MARKET and market in _FUNDS:
        return f"{market} is left out of the KRX after-market"
    if not row.marks.get(phase, Mark.NO).is_taken:
        taken = _joined(f"{one} {force}" for one, force in kinds_taken(venue, phase, on, market=market))
        return f"{kind} {time_in_force} is not taken in {phase}; taken are {taken}"
    return None


def allowed_at(
    kind: OrderKind,
    time_in_force: TimeInForce,
    venue: Venue,
    phases: Collection[OrderPhase],
    on: date,
    *,
    market: Market | None = None,
) -> str | None:
    """Judge an order by all phases that hold at a moment (`OrderDay.at`): one that takes it is enough.

    The reason is that of the first phase that refuses; with no phase the venue is closed.
    """
    reasons = [allowed(kind, time_in_force, venue, phase, on, market=market) for phase in phases]
    if not reasons:
        return f"{venue} takes no orders at this time"
    return None if None in reasons else reasons[0]


def kinds_taken(
    venue: Venue, phase: OrderPhase, on: date, *, market: Market | None = None
) -> list[tuple[OrderKind, TimeInForce]]:
    """List kinds and times in force a phase takes on a day, in the order of the table."""
    at_home = venue is Venue.SOR or phase not in (NXT_PHASES if venue is Venue.KRX else KRX_PHASES)
    left_out = phase is OrderPhase.AFTER_MARKET and market in _FUNDS
    if not at_home or left_out or (venue is Venue.NXT and on < NXT_OPENED):
        return []
    return [
        (row.kind, row.time_in_force)
        for row in KINDS
        if row.since <= on < row.until and row.marks.get(phase, Mark.NO).is_taken
    ]


def mark_of(kind: OrderKind, time_in_force: TimeInForce, phase: OrderPhase) -> Mark:
    """Give the table's cell, with its mark; NO for a pair that does not exist."""
    row = _ROWS.get((kind, time_in_force))
    return Mark.NO if row is None else row.marks.get(phase, Mark.NO)


def _forces(kind: OrderKind) -> Iterable[TimeInForce]:
    return (row.time_in_force for row in KINDS if row.kind is kind)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"
