"""Real-time registrations and what they let through: SetRealReg and its kin, quotes and phases into events.

A code is told by the union of what all screens asked of it, so it keeps coming until the last screen lets go.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from broker.port import IndexMoved, MarketNews, VolatilityInterruption
from broker_sim.market_view import in_order
from broker_win.emulator.code_tape import Clock, CodeTape, hhmmss
from broker_win.emulator.house import House
from broker_win.emulator.limits import is_screen
from broker_win.emulator.parts import Emission, Emitter
from broker_win.emulator.plan import EmulatorPlan
from broker_win.emulator.real_data import (
    BEST,
    BOOK,
    EXPECTED,
    FIDS,
    INDEX,
    INTERRUPTION,
    PRICE,
    SESSION,
    TRADE,
    RealFields,
    best_text,
    book_text,
    expectation,
    expected_text,
    index_text,
    interruption_text,
    price_text,
    session_text,
    trade_text,
    types_of,
)
from broker_win.emulator.session_codes import CLOSING_CODES, REPEATED, SessionCode, session_codes
from domain.krx.sessions import regular_session
from domain.quotes import Depth, Quote, QuoteKind
from domain.time import kst_date
from domain.types import Market, VenuePhase

WRONG_INPUT: Final = -105
TOO_MANY_CODES: Final = -204
TOO_MANY_FIDS: Final = -206
MOST: Final = 100  # codes on a screen, codes and FIDs in a call
ALL: Final = "ALL"
INDEX_CODES: Final = {Market.KOSPI: "001", Market.KOSDAQ: "101"}
SESSION_CODE: Final = "09"  # what stands for a code in 장시작시간
_AUCTIONS: Final = frozenset({VenuePhase.OPENING_AUCTION, VenuePhase.CLOSING_AUCTION})
_BY_QUERY: Final = frozenset({TRADE, PRICE, BEST, EXPECTED, BOOK})  # what a query of a code registers


class RealTime:
    """The registry of screens, and the events. On the control's thread."""

    def __init__(self, house: House, emitter: Emitter, plan: EmulatorPlan) -> None:
        """Begin without a registration."""
        self._house = house
        self._emitter = emitter
        self._plan = plan
        self._screens: dict[str, dict[str, frozenset[str]]] = {}  # screen -> code -> types, by SetRealReg
        self._by_query: dict[str, set[str]] = {}  # screen -> codes
        self._sessions: set[str] = set()  # screens that hear of the market's day
        self._wanted: dict[str, frozenset[str]] = {}  # code -> types
        self._priced: set[str] = set()  # codes whose latest price somebody asks for
        self._watched: frozenset[str] = frozenset()
        self._tapes: dict[str, CodeTape] = {}
        self._books: dict[str, Depth] = {}
        self._clock = Clock()
        self._said_until = 0  # venue time up to which session codes were said
        self._said: set[str] = set()  # of the codes that end the day
        self._timetable: list[SessionCode] = []
        self._day: date | None = None

    # ---- the control's side -----------------------------------------------------------------------------------

    def register(self, screen: str, codes: str, fids: str, opt: str) -> int:
        """Take SetRealReg: codes and FIDs joined by `;`; opt "0" replaces what the screen had, "1" adds.

        Gives 0, -105, -204 or -206. An empty code asks for the market's day; codes that are not listed stay silent.
        """
        wanted = [code.strip() for code in codes.split(";")]
        numbers = [fid.strip() for fid in fids.split(";") if fid.strip()]
        if not is_screen(screen) or opt not in ("0", "1") or not numbers or not all(map(str.isdecimal, numbers)):
            return WRONG_INPUT
        listed = list(dict.fromkeys(code for code in wanted if code))
        if len(listed) > MOST:
            return TOO_MANY_CODES
        if len(numbers) > MOST:
            return TOO_MANY_FIDS
        before = {} if opt == "0" else self._screens.get(screen, {})
        if len({*before, *listed}) > MOST:
            return TOO_MANY_CODES
        asked = frozenset(map(int, numbers))
        if opt == "0":
            self._sessions.discard(screen)
        if not listed and not asked.isdisjoint(FIDS[SESSION]):
            self.tick()
            self._sessions.add(screen)
        types = types_of(asked)
        self._screens[screen] = before | {code: before.get(code, frozenset()) | types for code in listed}
        self._reckon()
        return 0

    def remove(self, screen: str, code: str) -> None:
        """Take SetRealRemove; each may be ALL. What a query registered stays."""
        for name in list(self._screens) if screen == ALL else [screen]:
            kept = self._screens.get(name, {})
            self._screens[name] = {} if code == ALL else {one: types for one, types in kept.items() if one != code}
            if not self._screens[name]:
                del self._screens[name]
            if code in (ALL, ""):
                self._sessions.discard(name)
        self._reckon()

    def disconnect(self, screen: str) -> None:
        """Take DisconnectRealData: all of a screen, what queries registered included."""
        self._screens.pop(screen, None)
        self._by_query.pop(screen, None)
        self._sessions.discard(screen)
        self._reckon()

    def auto_register(self, screen: str, code: str) -> None:
        """Register a code as a query of it does (kiwoom.md 1.2). A code that is not listed is left aside."""
        if code in self._house.instruments:
            self._by_query.setdefault(screen, set()).add(code)
            self._reckon()

    def reset(self) -> None:
        """Forget all registrations: the line is lost."""
        self._screens, self._by_query, self._sessions = {}, {}, set()
        self._reckon()

    @property
    def screens(self) -> frozenset[str]:
        """Give the screens that hold real-time data."""
        return frozenset(self._screens) | frozenset(self._by_query) | frozenset(self._sessions)

    def latest(self, code: str) -> Quote | None:
        """Give the newest row of a code, None when none was heard. From the first question on its rows are heard."""
        if code not in self._priced:
            self._priced.add(code)
            self._reckon()
        tape = self._tapes.get(code)
        return tape.row if tape is not None else None

    # ---- the venue's side -------------------------------------------------------------------------------------

    def on_rows(self, rows: Sequence[Quote], depths: Sequence[Depth]) -> None:
        """Take rows and order books, each in order of time; a book stands behind the rows of its moment."""
        self.tick()
        is_auction = self._house.phase() in _AUCTIONS
        if not depths:
            for row in rows:
                self._on_row(row, is_auction)
            return
        for item in in_order(rows, depths):
            if isinstance(item, Depth):
                self._on_book(item, is_auction)
            else:
                self._on_row(item, is_auction)

    def on_phase(self, phase: VenuePhase) -> None:
        """Hear that the day went on. When the data ends early, so does the day."""
        self.tick()
        if phase is VenuePhase.DATA_ENDED and self._sessions:
            now = self._house.now()
            for code in CLOSING_CODES:
                if code in self._plan.unknowns.close_codes and code not in self._said:
                    self._say(SessionCode(now, code, 0))

    def tick(self) -> None:
        """Look at the venue's clock: say what of the market's day is due. Called often enough to be in time."""
        now = self._house.now()
        day = kst_date(now)
        if day != self._day:
            self._open_day(day, now)
        since, self._said_until = self._said_until, max(now, self._said_until)
        if not self._sessions or now <= since:
            return
        due = [one for one in self._timetable if since < one.at <= now]
        newest = {one.code: one for one in due}
        for one in due:
            if one.code not in REPEATED or one is newest[one.code]:  # the clock may have jumped over repetitions
                self._say(one)

    def on_news(self, news: MarketNews) -> None:
        """Hear news of the venue's market; phases are told by `on_phase`."""
        if isinstance(news, VolatilityInterruption):
            self.interrupt(news.symbol, news.trigger_price, news.reason, news.times, active=news.active)
        elif isinstance(news, IndexMoved):
            code = INDEX_CODES[news.market]
            if INDEX in self._wanted.get(code, frozenset()):
                when = self._clock.at(news.venue_time)
                self._emit(code, INDEX, index_text(when, news.value, news.previous_close))

    def interrupt(self, code: str, price: int, reason: str, times: int, *, active: bool) -> None:
        """Tell of a volatility interruption that `price` (KRW) triggered, or of its end, where it is registered."""
        if INTERRUPTION in self._wanted.get(code, frozenset()):
            when = self._clock.at(self._house.now())
            text = interruption_text(self._tape(code), code, when, price, reason, times, active=active)
            self._emit(code, INTERRUPTION, text)

    # ---- inside -------------------------------------------------------------------------------------------------

    def _open_day(self, day: date, now: int) -> None:
        session = regular_session(day) if now > 0 else None
        unknowns = self._plan.unknowns
        self._timetable = (
            session_codes(session, unknowns.close_codes, nxt_letters=unknowns.nxt_letters) if session else []
        )
        if self._day is None or now < self._said_until:
            self._said_until = now  # nobody was here to hear what was said before
        self._day = day
        self._said = set()
        self._tapes, self._books = {}, {}

    def _say(self, one: SessionCode) -> None:
        if one.code in CLOSING_CODES:
            if one.code in self._said:
                return
            self._said.add(one.code)
        self._emit(SESSION_CODE, SESSION, session_text(one.code, self._clock.at(one.at), hhmmss(one.left_s)))

    def _on_row(self, row: Quote, is_auction: bool) -> None:
        code, when = row[0], self._clock.at(row[1])
        tape = self._tape(code)
        tape.take(row, when)
        wanted = self._wanted.get(code)
        if not wanted:
            return
        if row[3] and row[9] != QuoteKind.BOOK:
            if TRADE in wanted:
                self._emit(code, TRADE, trade_text(tape, when))
        elif is_auction:
            if EXPECTED in wanted:
                self._expect(code, tape, when)
        elif tape.moved and PRICE in wanted:
            self._emit(code, PRICE, price_text(tape))
        if tape.moved and BEST in wanted:
            self._emit(code, BEST, best_text(tape))
        if BOOK in wanted and code not in self._books:
            expected = expectation(tape, None) if is_auction else (0, 0)
            self._emit(code, BOOK, book_text(tape, when, None, expected))

    def _on_book(self, depth: Depth, is_auction: bool) -> None:
        code = depth.symbol
        self._books[code] = depth
        wanted = self._wanted.get(code)
        if wanted and BOOK in wanted:
            tape = self._tape(code)
            expected = expectation(tape, depth) if is_auction else (0, 0)
            self._emit(code, BOOK, book_text(tape, self._clock.at(depth.venue_time), depth, expected))

    def _expect(self, code: str, tape: CodeTape, when: str) -> None:
        price, quantity = expectation(tape, self._books.get(code))
        if price:
            self._emit(code, EXPECTED, expected_text(tape, when, price, quantity))

    def _emit(self, code: str, kind: str, text: str) -> None:
        self._emitter.emit(Emission("OnReceiveRealData", (code, kind, text), RealFields(kind, text)))

    def _tape(self, code: str) -> CodeTape:
        tape = self._tapes.get(code)
        if tape is None:
            tape = self._tapes[code] = CodeTape(self._house.instruments.get(code))
        return tape

    def _reckon(self) -> None:
        """Work out anew what is wanted of which code."""
        wanted: dict[str, frozenset[str]] = {}
        for by_code in self._screens.values():
            for code, types in by_code.items():
                wanted[code] = wanted.get(code, frozenset()) | types
        for codes in self._by_query.values():
            for code in codes:
                wanted[code] = wanted.get(code, frozenset()) | _BY_QUERY
        self._wanted = wanted
        watched = frozenset(wanted) | self._priced
        if watched != self._watched:
            self._watched = watched
            self._house.watch(sorted(watched))
