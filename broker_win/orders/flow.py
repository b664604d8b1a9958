"""The heart of the orders: requests, answers, events and lists in any order; facts out. Pure, no clock.

Theory: Kiwoom tells of one order in three ways that overtake each other (the answer of SendOrder's TR, a message for
people, chejan events), and forgets what nobody heard. So an event of a number that is not known yet is bound by the
screen its order was sent with, or held until the number comes; shares are counted by their place, so nothing is booked
twice; and whatever stays open, does not add up or cannot be read becomes a question that the lists of the account
answer (`recovery.py`).
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, NamedTuple

from broker_win import text
from broker_win.orders import asks, recovery
from broker_win.orders.asks import Ask, Asked, State
from broker_win.orders.books import Books, Now
from broker_win.orders.changes import Changes
from broker_win.orders.known import Change, Leg
from broker_win.orders.notices import REJECTED, Action, OrderNotice, UnitFill
from broker_win.rows import OrderLists
from domain.messages.orders import OrderFact
from domain.types import (
    NANOS_PER_SECOND,
    ClientOrderId,
    Market,
    OrderKind,
    RequestId,
    TimeInForce,
    UnixNanos,
    Venue,
    VenueOrderId,
)

MESSAGE_WAIT: Final = NANOS_PER_SECOND  # for the text behind a blank order number
_CODE: Final = re.compile(r"\[([0-9A-Za-z]+)\]")


class Question(NamedTuple):
    """Something only the lists of the account can tell."""

    key: str  # the same while it is open
    words: str
    since: int  # monotonic ns
    is_answer: bool  # True: an answer is waited for, as long as one may take; False: something does not add up


class OrderFlow:
    """One trading date's orders of one account. Facts come out of `take`, already folded."""

    def __init__(
        self,
        day: date,
        *,
        commission_ppm: int,
        market_of: Callable[[str], Market],
        answer_timeout_ns: int,
        total_is_cumulative: bool = True,
    ) -> None:
        """Start a KST day without an order. `total_is_cumulative` says what FID 911 is where 914 and 915 lack."""
        self.day = day
        self.is_over = False  # the venue said that the day for day orders is over
        self.books = Books(commission_ppm, market_of)
        self.doubts: dict[str, str] = {}  # what does not add up, until the lists were read
        self.gaps: dict[str, tuple[int, UnixNanos]] = {}  # number -> shares a list did not explain, when it was read
        self.answer_timeout_ns = answer_timeout_ns
        self._total_is_cumulative = total_is_cumulative
        self._changes = Changes(self.books)
        self._held: dict[str, list[OrderNotice]] = {}  # events of numbers that may be ours
        self._since: dict[str, int] = {}  # of questions

    # ---- what was kept -----------------------------------------------------------------------------------------

    def restore(self, facts: Iterable[OrderFact], kept: Iterable[tuple[Ask, bool]], now: Now) -> None:
        """Fold what a journal holds of this day: facts, and requests with whether they were refused before the wire."""
        for fact in facts:
            self.books.known.apply(fact)
        for ask, was_refused in kept:
            asked = Asked(ask, now.mono, State.SENT)
            if ask.request_id in self.books.known.numbers:
                asked.state = State.BOUND
            elif was_refused or ask.request_id in self.books.known.answered:
                asked.state = State.ENDED
            self.books.asks[ask.request_id] = asked

    def took_effect_elsewhere(self, numbers: Iterable[str]) -> None:
        """Note numbers of changes made elsewhere whose effect is in the facts already."""
        for number in numbers:
            change = Change(
                VenueOrderId(number),
                VenueOrderId(""),
                Action.CANCEL,
                ClientOrderId(""),
                RequestId(""),
                0,
                None,
                is_open=False,
            )
            self.books.known.changes.setdefault(number, change)

    def take(self) -> list[OrderFact]:
        """Give the facts told since, once, in order."""
        return self.books.take()

    @property
    def held(self) -> set[str]:
        """Give the numbers whose events wait."""
        return set(self._held)

    @property
    def screens(self) -> set[str]:
        """Give the screens whose orders have no number yet."""
        return {asked.ask.screen for asked in self.books.asks.values() if asked.is_open}

    # ---- requests ----------------------------------------------------------------------------------------------

    def begin(self, ask: Ask, now: Now) -> None:
        """Note a request that is about to be sent."""
        self.books.asks[ask.request_id] = Asked(ask, now.mono)

    def end(self, request_id: str, now: Now, *, is_refused: bool) -> None:
        """Note how sending ended: refused for sure before it left, or not."""
        asked = self.books.asks.get(request_id)
        if asked is not None and asked.is_open:
            asked.state = State.ENDED if is_refused else State.SENT
        self._look_at_held(now)

    def answer(self, rqname: str, number: str, now: Now, failure: str = "") -> bool:
        """Take the TR answer of a SendOrder; False when it is none of ours. `failure`: why it could not be read."""
        asked = self._by_name(rqname)
        if asked is None:
            return False
        try:
            given = text.order_number(number)
        except ValueError as error:
            failure, given = failure or str(error), ""
        if failure:
            self.doubts[f"answer {rqname}"] = f"the answer to {asked.ask.request_id} cannot be read: {failure}"
        elif given:
            self._number(asked, given, now)
        elif asked.is_open:
            asked.is_blank, asked.blank_at = True, now.mono
            if asked.text:
                self._reject(asked, now)
        elif asked.state is State.BOUND:
            self.doubts[f"answer {rqname}"] = f"{asked.ask.request_id} has a number and is answered without one"
        self._look_at_held(now)
        return True

    def message(self, rqname: str, words: str, now: Now) -> bool:
        """Take a text for people; False when it is about none of ours."""
        asked = self._by_name(rqname)
        if asked is None:
            return False
        asked.text = words.strip()
        if asked.is_blank and asked.is_open:
            self._reject(asked, now)
            self._look_at_held(now)
        return True

    def tick(self, now: Now) -> None:
        """Let time pass: a blank number stands as a rejection once its text had time to come."""
        for asked in self.books.asks.values():
            if asked.is_blank and asked.is_open and now.mono - asked.blank_at >= MESSAGE_WAIT:
                self._reject(asked, now)
        self._look_at_held(now)

    # ---- events ------------------------------------------------------------------------------------------------

    def notice(self, notice: OrderNotice, now: Now) -> None:
        """Take one order event."""
        known = self.books.known
        if not known.has(notice.number):
            asked = asks.by_notice(self.books.asks.values(), notice)
            if asked is not None:
                self.books.bind(asked, notice.number, _at(notice, now))
            elif notice.number in self._held or asks.may_be_ours(self.books.asks.values(), notice):
                self._held.setdefault(notice.number, []).append(notice)
            else:
                self._adopt(notice, now)
        if known.has(notice.number):
            self._take(notice, now)
        self._look_at_held(now)

    def unreadable(self, words: str) -> None:
        """Note that an event could not be read: the lists must tell what it said."""
        self.doubts["unreadable"] = words

    # ---- lists -------------------------------------------------------------------------------------------------

    def learn(self, lists: OrderLists, now: Now) -> None:
        """Take the lists of the account: what they prove and nobody told."""
        self.doubts.clear()
        recovery.learn(self, lists, now)
        for number in list(self.books.known.legs):
            for waiting in self._changes.early(number):
                self._take(waiting, now)
        self._look_at_held(now)

    def rejected(self, leg: Leg, words: str, at: UnixNanos) -> None:
        """Let a number be refused by the exchange after Kiwoom took it (접수, then 거부)."""
        if leg.is_rejected or not leg.leaves:
            return
        is_first = self.books.known.numbers.get(leg.client_order_id) == leg.number
        if leg.client_order_id and is_first and leg.leaves == leg.quantity:
            self.books.reject_order(leg.client_order_id, "REJECTED", words, at)
        else:
            self.books.cancel(leg, leg.leaves, "", at)

    def questions(self, now: Now) -> list[Question]:
        """Give what only the lists can tell."""
        found: dict[str, tuple[str, bool]] = {key: (words, False) for key, words in self.doubts.items()}
        for asked in self.books.asks.values():
            if asked.is_open:
                found[f"ask {asked.ask.request_id}"] = f"{asked.ask.request_id} has no order number", True
        for number in self._held:
            found.setdefault(f"number {number}", (f"order number {number} may be ours", True))
        for change in self.books.known.changes.values():
            if change.is_open:
                found[f"change {change.number}"] = f"{change.number} is to change {change.original}", True
        for leg in self.books.known.legs.values():
            if leg.missing:
                found[f"shares {leg.number}"] = f"{leg.missing} shares of {leg.number} are gone, nobody told how", False
            elif self.is_over and leg.leaves:
                found[f"end {leg.number}"] = f"{leg.number} is open at the end of the day", True
            elif leg.number in self.gaps and leg.leaves:
                found[f"gap {leg.number}"] = f"shares of {leg.number} are gone by one list, nobody told how", True
        self._since = {key: self._since.get(key, now.mono) for key in found}
        return [Question(key, words, self._since[key], waits) for key, (words, waits) in found.items()]

    # ---- inside: numbers ---------------------------------------------------------------------------------------

    def _by_name(self, rqname: str) -> Asked | None:
        return next((asked for asked in self.books.asks.values() if asked.ask.rqname == rqname), None)

    def _number(self, asked: Asked, number: str, now: Now) -> None:
        known, request = self.books.known, asked.ask.request_id
        if known.numbers.get(request) == number:
            return
        if not asked.is_open or known.has(number):
            self.doubts[f"number {number}"] = f"number {number} is given to {request}, which contradicts what is known"
            return
        self.books.bind(asked, number, now.venue)

    def _reject(self, asked: Asked, now: Now) -> None:
        found = _CODE.search(asked.text)
        words = asked.text or "Kiwoom gave no order number and no reason"
        self.books.reject(asked, found[1] if found else "REJECTED", words, now.venue)

    def _look_at_held(self, now: Now) -> None:
        """Let events go on whose number became known, or that cannot be ours any more."""
        known = self.books.known
        for number in list(self._held):
            notices = self._held[number]
            if not known.has(number):
                if all(asks.may_be_ours(self.books.asks.values(), notice) for notice in notices):
                    continue
                self._adopt(notices[0], now)
            del self._held[number]
            for notice in notices:
                if known.has(number):
                    self._take(notice, now)

    def _adopt(self, notice: OrderNotice, now: Now) -> None:
        """Take in a number that was given to somebody else."""
        known = self.books.known
        original = known.legs.get(notice.original)
        if notice.action is not Action.NEW and original is not None:
            price = notice.price if notice.action is Action.MODIFY else None
            known.changes[notice.number] = Change(
                VenueOrderId(notice.number),
                original.number,
                notice.action,
                original.client_order_id,
                RequestId(""),
                notice.quantity or 0,
                price,
            )
        elif notice.action is not Action.NEW:
            self.doubts[f"number {notice.number}"] = f"{notice.number} changes {notice.original}, which is not known"
        else:
            quantity = notice.quantity or notice.leaves + (notice.fill.quantity if notice.fill else 0)
            if quantity > 0 and notice.status != REJECTED:
                self.books.adopt(_leg_of(notice, quantity), _at(notice, now))

    # ---- inside: events of a number ----------------------------------------------------------------------------

    def _take(self, notice: OrderNotice, now: Now) -> None:
        known, at = self.books.known, _at(notice, now)
        change = known.changes.get(notice.number)
        if change is not None and change.is_open:
            for waiting in self._changes.take(change, notice, at):
                self._take(waiting, now)
            original = known.legs.get(change.original)
            if original is not None:
                self._changes.settle(original, at)
            return
        leg = known.legs.get(notice.number)
        if leg is not None:
            self._take_leg(leg, notice, at)

    def _take_leg(self, leg: Leg, notice: OrderNotice, at: UnixNanos) -> None:
        if (leg.code, leg.side) != (notice.code, notice.side) or notice.leaves > leg.quantity:
            self.doubts[f"number {leg.number}"] = f"an event of {leg.number} tells of another order"
            return
        if notice.status == REJECTED and notice.fill is None:
            self.rejected(leg, notice.reason or notice.status, at)
            return
        fill = self._unit(leg, notice)
        if fill is None:
            leg.quiet = notice
        else:
            self._filled(leg, notice, fill, at)
        leg.show(notice.leaves)
        self._changes.settle(leg, at)

    def _unit(self, leg: Leg, notice: OrderNotice) -> UnitFill | None:
        """Give the execution an event tells. Only where it has no fields for one, the total may stand in."""
        if notice.fill is not None or not notice.total_filled or not notice.total_price:
            return notice.fill
        shares = notice.total_filled - (leg.filled if self._total_is_cumulative else 0)
        worth = leg.notional + shares * notice.total_price
        if shares <= 0 or notice.notional not in (None, 0, worth):
            return None  # of fills that were missed nobody knows the price
        return UnitFill(shares, notice.total_price)

    def _filled(self, leg: Leg, notice: OrderNotice, fill: UnitFill, at: UnixNanos) -> None:
        end = leg.quantity - notice.leaves
        if end < fill.quantity:
            self.doubts[f"number {leg.number}"] = f"{leg.number} filled more shares than were ordered"
            return
        if notice.trade_number and notice.trade_number in leg.trade_ids:
            return
        trade_id = notice.trade_number or f"{leg.number}:{end}"
        free = leg.free_places(end - fill.quantity, end)
        for start, stop in free:
            piece = trade_id if stop == free[0][1] else f"{trade_id}:{stop}"
            self.books.fill(leg, stop - start, fill.price, leg.quantity - stop, piece, at)
        if free and leg.filled + leg.gone > leg.quantity:
            self.doubts[f"number {leg.number}"] = f"{leg.number} has more shares filled and cancelled than ordered"
        told = leg.filled_before(end)
        if notice.notional and not leg.missing and told is not None and told[1] != notice.notional:
            words = f"fills of {leg.number} add up to {told[1]} KRW, Kiwoom says {notice.notional}"
            self.doubts[f"number {leg.number}"] = words


def _at(notice: OrderNotice, now: Now) -> UnixNanos:
    return now.venue if notice.time is None else notice.time


def _leg_of(notice: OrderNotice, quantity: int) -> Leg:
    return Leg(
        VenueOrderId(notice.number),
        ClientOrderId(""),
        notice.code,
        notice.side,
        quantity,
        notice.price or None,
        OrderKind.LIMIT if notice.price else OrderKind.MARKET,
        TimeInForce.DAY,
        Venue.KRX,
    )
