"""Who wants which symbols in real time, and what Kiwoom has to be told so that it sends just these. Pure.

A screen takes 100 codes; the first registration on one replaces what it held (option 0), later ones add (1). The
session's times are registered under an empty code on a screen of their own, the indices on another one while somebody
watches the market. Calls are not counted by Kiwoom's limits,
but they take the control's thread, so there are few: 100 codes in one, and none that changes nothing.

The registry compares what is wanted with what Kiwoom may hold: `next_call` gives one step, `done` or `failed` what
became of it. A failed call may have taken effect, so it is made again, or taken back when nobody wants it any more.
Source: kiwoom.md 1.4 (guide of KOA Studio as koapy and pykiwoom copy it).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from broker_win.screens import Screens
from domain.errors import InvariantError, RequestRefused

CODES_PER_SCREEN: Final = 100
ALL: Final = "ALL"
SESSION_TIMES: Final = ""  # the code 장시작시간 is registered under
SESSION_FIDS: Final = "215;20;214"
INDEX_CODES: Final = ("001", "101")  # 업종지수 of KOSPI and KOSDAQ; that they register as codes do is unconfirmed
INDEX_FIDS: Final = "20;10;11"
# A field brings the whole types that have it: trades (10, 15), order books (41), expected prices (10, 20), VI (9068).
SYMBOL_FIDS: Final = "20;10;15;13;27;28;21;41;61;51;71;9068;1221"


@dataclass(frozen=True, slots=True)
class Register:
    """SetRealReg."""

    screen: str
    codes: tuple[str, ...]  # at most 100; one empty code for the session's times
    fids: str
    adds: bool  # option 1; else 0: the screen holds these and nothing else

    @property
    def arguments(self) -> tuple[str, str, str, str]:
        """Give them as the control takes them."""
        return self.screen, ";".join(self.codes), self.fids, "1" if self.adds else "0"


@dataclass(frozen=True, slots=True)
class Remove:
    """SetRealRemove, of one code or of the whole screen."""

    screen: str
    code: str

    @property
    def arguments(self) -> tuple[str, str]:
        """Give them as the control takes them."""
        return self.screen, self.code


Call = Register | Remove


@dataclass(slots=True)
class _Shelf:
    """One screen."""

    screen: str
    fids: str = SYMBOL_FIDS
    codes: dict[str, None] = field(default_factory=dict)  # what it is to hold, in the order in which it was asked for
    held: dict[str, None] = field(default_factory=dict)  # what Kiwoom may hold here
    sure: set[str] = field(default_factory=set)  # what it surely holds
    is_fresh: bool = True  # the next registration is the screen's first

    @property
    def room(self) -> int:
        """Give how many more codes it takes."""
        return CODES_PER_SCREEN - len(self.held.keys() | self.codes.keys())

    def registration(self) -> Register | None:
        """Give the call that is missing."""
        codes = [code for code in self.codes if self.is_fresh or code not in self.sure]
        return Register(self.screen, tuple(codes), self.fids, not self.is_fresh) if codes else None

    def removal(self) -> Remove | None:
        """Give the call that takes off what nobody wants."""
        extra = next((code for code in self.held if code not in self.codes), None)
        return None if extra is None else Remove(self.screen, extra if self.codes else ALL)


class Registry:
    """Subscriptions of many readers, and the screens behind them."""

    def __init__(self, screens: Screens) -> None:
        """Want the session's times and nothing else. Raises RequestRefused NO_SCREEN."""
        self._screens = screens
        self._readers: Counter[str] = Counter()  # by symbol
        self._kept: set[str] = set()
        self._shelves: dict[str, _Shelf] = {}  # by screen
        self._where: dict[str, _Shelf] = {}  # of every symbol wanted, or possibly held by Kiwoom
        self._sent: Call | None = None
        self._times = self._new_shelf(SESSION_FIDS)
        self._times.codes[SESSION_TIMES] = None
        self._watchers = 0  # of the indices
        self._indices: _Shelf | None = None

    @property
    def wanted(self) -> frozenset[str]:
        """Give the symbols somebody reads, or that are kept."""
        return frozenset(self._readers) | self._kept

    @property
    def registered(self) -> frozenset[str]:
        """Give the symbols Kiwoom surely sends and should."""
        return frozenset(code for shelf in self._symbol_shelves() for code in shelf.codes if code in shelf.sure)

    @property
    def is_complete(self) -> bool:
        """Tell whether no call is missing."""
        return not any(shelf.registration() or shelf.removal() for shelf in self._shelves.values())

    def want(self, symbols: Iterable[str]) -> None:
        """Add a reader of some symbols. Raises RequestRefused NO_SCREEN, and then nothing has changed."""
        asked = list(dict.fromkeys(symbols))
        self._place(asked)
        self._readers.update(asked)

    def release(self, symbols: Iterable[str]) -> None:
        """Take a reader of some symbols off. Raises InvariantError when there was none."""
        for symbol in dict.fromkeys(symbols):
            if not self._readers[symbol]:
                raise InvariantError(f"reader of {symbol!r} expected to be there when it leaves")
            self._readers[symbol] -= 1
            if not self._readers[symbol]:
                del self._readers[symbol]
                if symbol not in self._kept:
                    self._unplace(symbol)

    def watch(self) -> None:
        """Add a reader of the indices. Raises RequestRefused NO_SCREEN, and then nothing has changed."""
        if self._indices is None:
            self._indices = self._new_shelf(INDEX_FIDS)
        self._indices.codes.update(dict.fromkeys(INDEX_CODES))
        self._watchers += 1

    def unwatch(self) -> None:
        """Take a reader of the indices off. Raises InvariantError when there was none."""
        if not self._watchers or self._indices is None:
            raise InvariantError("reader of the indices expected to be there when it leaves")
        self._watchers -= 1
        if not self._watchers:
            self._indices.codes.clear()
            self._drop(self._indices, [])

    def keep(self, symbols: Iterable[str]) -> None:
        """Want symbols from now on, read or not. Raises as `want`."""
        asked = list(dict.fromkeys(symbols))
        self._place(asked)
        self._kept.update(asked)

    def restore(self) -> None:
        """Say that Kiwoom has forgotten everything: after a log-in. Symbols stay on their screens."""
        self._sent = None  # whatever comes of it belongs to the session before
        for shelf in list(self._shelves.values()):
            shelf.sure.clear()
            shelf.is_fresh = True
            self._drop(shelf, list(shelf.held))

    def next_call(self) -> Call | None:
        """Give the next call to make, registrations first; None when nothing is missing. Tell what became of it."""
        shelves = self._shelves.values()
        missing = next((made for shelf in shelves if (made := shelf.registration())), None)
        if missing is not None:
            self._shelves[missing.screen].held.update(dict.fromkeys(missing.codes))  # from now on it may hold them
        extra = next((found for shelf in shelves if (found := shelf.removal())), None) if missing is None else None
        self._sent = missing or extra
        return self._sent

    def done(self, call: Call) -> None:
        """Hear that a call took effect."""
        if call is not self._sent:
            return
        self._sent = None
        shelf = self._shelves[call.screen]
        if isinstance(call, Register):
            shelf.sure.update(call.codes)
            if not call.adds:
                shelf.is_fresh = False
                self._drop(shelf, [code for code in shelf.held if code not in call.codes])
        elif call.code == ALL:
            shelf.is_fresh = True
            self._drop(shelf, list(shelf.held))
        else:
            self._drop(shelf, [call.code])

    def failed(self, call: Call) -> None:
        """Hear that a call did not take effect, or that nobody knows."""
        if call is not self._sent:
            return
        self._sent = None
        if isinstance(call, Remove):
            shelf = self._shelves[call.screen]
            shelf.sure.difference_update(list(shelf.held) if call.code == ALL else [call.code])

    def _place(self, symbols: list[str]) -> None:
        """Give every symbol a screen."""
        new = [symbol for symbol in symbols if symbol not in self._where]
        room = sum(shelf.room for shelf in self._symbol_shelves())
        made: list[_Shelf] = []
        try:
            while room + CODES_PER_SCREEN * len(made) < len(new):
                made.append(self._new_shelf(SYMBOL_FIDS))
        except RequestRefused:
            for shelf in made:
                self._close(shelf)
            raise
        for symbol in symbols:
            if symbol in self._where:
                self._where[symbol].codes[symbol] = None
        waiting = iter(new)
        for shelf in self._symbol_shelves():
            for symbol in _some(waiting, shelf.room):
                shelf.codes[symbol] = None
                self._where[symbol] = shelf

    def _unplace(self, symbol: str) -> None:
        shelf = self._where[symbol]
        del shelf.codes[symbol]
        if symbol not in shelf.held:
            self._drop(shelf, [symbol])

    def _drop(self, shelf: _Shelf, codes: list[str]) -> None:
        """Take in that Kiwoom does not hold these; a screen that is not needed any more is given back."""
        for code in codes:
            shelf.held.pop(code, None)
            shelf.sure.discard(code)
            if code not in shelf.codes:
                self._where.pop(code, None)
        if not shelf.codes and not shelf.held:
            self._close(shelf)
            if shelf is self._indices:
                self._indices = None

    def _symbol_shelves(self) -> Iterator[_Shelf]:
        return (shelf for shelf in self._shelves.values() if shelf.fids == SYMBOL_FIDS)

    def _new_shelf(self, fids: str) -> _Shelf:
        shelf = _Shelf(self._screens.take("real"), fids)
        self._shelves[shelf.screen] = shelf
        return shelf

    def _close(self, shelf: _Shelf) -> None:
        del self._shelves[shelf.screen]
        self._screens.give_back(shelf.screen)


def _some(symbols: Iterator[str], most: int) -> list[str]:
    return [symbol for _, symbol in zip(range(most), symbols, strict=False)]
