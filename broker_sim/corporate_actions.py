"""Corporate actions of the simulated broker: what a row of the table does to what the account holds.

Each action is applied once, when the venue's clock first comes to its date or beyond, before anything trades: to the
shares held at that moment, whether their purchase has settled or not. Orders do not outlive their day, so none is open
then. The facts are the only trace: where the journal's clock has reached a date, its actions are over, so that a
restart repeats none, and a row added on its own date or later is too late.

Rules, where the market leaves them to the broker:
- a split keeps the total cost basis; a bonus issue is a split of (held + new) for held;
- a fraction of a share is paid out in cash, at the row's `fraction_price` if it has one, else at the average cost after
  the split; cut to whole won, no tax. KRX pays the close of the first day of the new shares (단주대금), known later;
- a dividend is paid on its date with tax taken off (`domain.krx.dividends`) and has settled at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Final

from broker_sim.account import Account
from domain.errors import InvariantError
from domain.krx.dividends import dividend_tax
from domain.messages.orders import HoldingAdjusted
from domain.portfolio import Position
from domain.quotes import Quote
from domain.time import kst_date
from domain.types import ClientOrderId, Krw, Symbol, UnixNanos, VenueOrderId


class ActionKind(StrEnum):
    """What happens to a share. The value is how the table writes it."""

    SPLIT = "split"  # a reverse split too
    BONUS = "bonus"
    DIVIDEND = "dividend"


FACT_OF: Final = {ActionKind.SPLIT: "SPLIT", ActionKind.BONUS: "SPLIT", ActionKind.DIVIDEND: "CASH_DIVIDEND"}


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """One row of the table."""

    date: date  # trading date at whose begin it is applied
    symbol: Symbol
    kind: ActionKind
    new: int = 1  # split: shares that come for every `old`; bonus: shares that come on top of every `old`
    old: int = 1
    amount: Krw = Krw(0)  # dividend: won a share before tax
    fraction_price: Krw | None = None  # won for a whole share after the split; None: its average cost

    @property
    def becomes(self) -> int:
        """Give the shares that every `old` ones are afterwards."""
        return self.old + self.new if self.kind is ActionKind.BONUS else self.new

    @property
    def words(self) -> str:
        """Say what it is, in words."""
        match self.kind:
            case ActionKind.SPLIT:
                return f"{self.new:,} for {self.old:,}"
            case ActionKind.BONUS:
                return f"bonus issue, {self.new:,} new for {self.old:,} held"
            case _:
                return f"{self.amount:,} KRW a share"


class ActionTable:
    """All rows by date; within a date in the order of the file."""

    def __init__(self, actions: Iterable[CorporateAction] = ()) -> None:
        """Take the rows."""
        self._actions = sorted(actions, key=lambda action: action.date)

    def __len__(self) -> int:
        """Give how many rows there are."""
        return len(self._actions)

    def due(self, after: date, until: date) -> list[CorporateAction]:
        """Give what falls due after a date and up to another, oldest first."""
        return [action for action in self._actions if after < action.date <= until]

    def by_day(self, rows: Sequence[Quote], after: date) -> Iterator[Sequence[Quote]]:
        """Cut rows where a date begins, if one of them may bring an action; else give them as they are."""
        if not rows or not self.due(after, kst_date(rows[-1].venue_time)):
            yield rows
            return
        for _, day in groupby(rows, key=lambda row: kst_date(row.venue_time)):
            yield list(day)


def adjustments(account: Account, due: Iterable[CorporateAction], now: UnixNanos) -> Iterator[HoldingAdjusted]:
    """Give the facts of actions, each from what the account holds when it is asked for: apply one before the next."""
    for action in due:
        held = account.holdings.get(action.symbol)
        fact = adjust(action, held.position, now) if held and held.quantity > 0 else None
        if fact is not None:
            yield fact


def adjust(action: CorporateAction, held: Position, now: UnixNanos) -> HoldingAdjusted | None:
    """Give what an action does to a holding of one share or more at a venue time; None when nothing."""
    if held.quantity <= 0:
        raise InvariantError(f"{action.words} expected a holding of {action.symbol}, was {held!r}")
    quantity, cash, tax, note = held.quantity, 0, 0, action.words
    if action.kind is ActionKind.DIVIDEND:
        gross = held.quantity * action.amount
        tax = dividend_tax(gross)
        cash = gross - tax
    else:
        quantity, rest = divmod(held.quantity * action.becomes, action.old)
        cash = _fraction(action, held, rest)
        if rest:
            at = "its cost" if action.fraction_price is None else f"{action.fraction_price:,} KRW a share"
            note += f"; {rest:,}/{action.old:,} of a share paid out at {at}"
    if quantity == held.quantity and not cash:
        return None
    return HoldingAdjusted(
        journal_id="",
        event_seq=0,
        venue_time=now,
        client_order_id=ClientOrderId(""),
        venue_order_id=VenueOrderId(""),
        symbol=action.symbol,
        action=FACT_OF[action.kind],
        quantity_before=held.quantity,
        quantity=quantity,
        cash=Krw(cash),
        tax=Krw(tax),
        note=note,
    )


def _fraction(action: CorporateAction, held: Position, rest: int) -> int:
    """Give the won for `rest` parts of a share, of which `old` make a whole one."""
    if action.fraction_price is not None:
        return rest * action.fraction_price // action.old
    return rest * held.cost_basis // (held.quantity * action.becomes)
