"""Why an order of one log differs from that of the other, or is missing there: what the two logs say about it.

A cause is a fact of a log that would bring the difference about, in words; the first one found is told first. What no
fact explains gets no cause: it is counted as unexplained, never guessed.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from actors.plugins import known_strategies
from backtest.align import Pair
from backtest.history import History, OrderStory
from domain.errors import ConfigError
from domain.messages.trading import DayChanged, FillBooked
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND, Purpose, Side
from fsm.trading_day import State
from strategies.registry import build

NANOS_PER_MS: Final = 1_000_000
NEAR: Final = 60 * NANOS_PER_SECOND  # venue time; a denial so near is about the same moment
QUIET_AFTER_DENIAL: Final = 300 * NANOS_PER_SECOND  # of the strategist, entries
SIGNALLING: Final = {Purpose.ENTRY: (State.TRADING,), Purpose.EXIT: (State.TRADING, State.PAUSED)}


class Log(NamedTuple):
    """One of the two logs, with the letter it is called by."""

    name: str
    history: History


class Causes:
    """Looks for causes, order by order in time; remembers what differed before."""

    def __init__(self, a: History, b: History, names: tuple[str, str] = ("A", "B")) -> None:
        """Take both logs, and what they are called."""
        self.a, self.b = Log(names[0], a), Log(names[1], b)
        self._money_apart = 0  # number of the first order that moved cash differently in both
        self._of_symbol: dict[str, tuple[int, Pair]] = {}  # newest order of a symbol that was not the same

    def note(self, number: int, pair: Pair, is_different: bool) -> None:
        """Remember an order that was not the same."""
        if not self._money_apart and _money(pair.a) != _money(pair.b):
            self._money_apart = number
        if is_different:
            self._of_symbol[pair.either.approved.symbol] = (number, pair)

    def of(self, number: int, pair: Pair, differences: tuple[str, ...]) -> Iterator[str]:
        """Give the causes of one order that is not the same."""
        if pair.a is None or pair.b is None:
            there, missing = (self.a, self.b) if pair.b is None else (self.b, self.a)
            yield from self._missing(pair.either, there, missing)
            return
        if "time" in differences or "price" in differences:
            yield from self._time(pair.a, pair.b)
        if "quantity" in differences:
            yield from self._quantity(pair.a, pair.b)
        if "fills" in differences:
            yield from self._fills(pair.a, pair.b, differences)

    # ---- in both -----------------------------------------------------------------------------------------------

    def _time(self, a: OrderStory, b: OrderStory) -> Iterator[str]:
        symbol = a.approved.symbol
        if a.approved.purpose is Purpose.EXIT:
            opened = (_opened(self.a.history, symbol, a.clock), _opened(self.b.history, symbol, b.clock))
            yield from self._bought(*opened)
        for log, order, other in ((self.a, a, b), (self.b, b, a)):
            if order.approved.venue_time < other.approved.venue_time:
                away = self.b if log is self.a else self.a
                yield from self._hindered(order, away)
        yield from self._follows(symbol)
        if a.approved.rationale.partition(":")[0] != b.approved.rationale.partition(":")[0]:
            yield f"decided for another reason: {a.approved.rationale!r} against {b.approved.rationale!r}"

    def _quantity(self, a: OrderStory, b: OrderStory) -> Iterator[str]:
        if a.approved.side is Side.SELL:
            if a.held != b.held:
                yield f"{self.a.name} held {a.held:,} shares of it, {self.b.name} {b.held:,}"
            yield from self._follows(a.approved.symbol)
            return
        if a.equity != b.equity:
            since = f", apart since order {self._money_apart}" if self._money_apart else ", marked at other moments"
            yield f"it was sized by an equity of {self._in_both(a.equity, b.equity)}{since}"
        if a.cash != b.cash:
            yield f"cash was {self._in_both(a.cash, b.cash)}"

    def _fills(self, a: OrderStory, b: OrderStory, differences: tuple[str, ...]) -> Iterator[str]:
        if "quantity" in differences or "price" in differences:
            return  # another order gets other fills
        if a.clock != b.clock:
            apart = (b.clock - a.clock) // NANOS_PER_MS
            yield f"batches ended elsewhere: the decision left {_ms(apart)} in {self.b.name}"
        if a.reached_at and b.reached_at and a.reached_at != b.reached_at:
            waited = [(story.reached_at - story.approved.venue_time) // NANOS_PER_MS for story in (a, b)]
            there, here = f"{waited[0]:,} ms after its row in {self.a.name}", f"{waited[1]:,} ms in {self.b.name}"
            yield f"it reached the venue {there}, {here} (venue time)"
        for log, story, other in ((self.a, a, b), (self.b, b, a)):
            if story.filled < other.filled and story.status not in ("FILLED", other.status):
                shares = f"{story.filled:,} of {story.approved.quantity:,} filled"
                yield f"in {log.name} it ended {story.status} with {shares}"

    # ---- in one ------------------------------------------------------------------------------------------------

    def _missing(self, story: OrderStory, there: Log, missing: Log) -> Iterator[str]:
        found = [*self._hindered(story, missing)]
        if not found and story.approved.purpose is Purpose.EXIT:
            found = [*self._not_sold(story, there, missing)]
        yield from found or self._follows(story.approved.symbol)

    def _not_sold(self, story: OrderStory, there: Log, missing: Log) -> Iterator[str]:
        order = story.approved
        if not missing.history.holding(order.symbol, order.venue_time):
            sold = _newest(missing.history, order.symbol, Side.SELL, order.venue_time)
            when = f", sold at {kst_text(sold.venue_time)}" if sold else ""
            yield f"{missing.name} held none of it then{when}"
            return
        a, b = (_opened(log.history, order.symbol, story.clock) for log in (self.a, self.b))
        yield from self._bought(a, b)

    def _hindered(self, story: OrderStory, log: Log) -> Iterator[str]:
        """Say what kept a log from making this order when the other did."""
        order, history, name = story.approved, log.history, log.name
        at = order.venue_time
        if not history.ends or not history.opened or not history.opened[0].venue_time <= at <= history.ends[-1]:
            yield f"{name} heard no quotes at {kst_text(at)}"
            return
        day = _day_at(history, at)
        if day is not None and day.to_state not in SIGNALLING[order.purpose]:
            yield f"the day was {day.to_state} in {name} since {kst_text(day.venue_time)}: {day.reason}"
        for denied in history.denied:
            if denied.symbol == order.symbol and denied.side is order.side:
                if abs(denied.venue_time - at) <= NEAR:
                    yield f"denied by {denied.reason} in {name} at {kst_text(denied.venue_time)}: {denied.message}"
                elif order.purpose is Purpose.ENTRY and 0 < at - denied.venue_time < QUIET_AFTER_DENIAL:
                    yield f"{name} had denied one at {kst_text(denied.venue_time)} and was quiet for 300 s"
        busy = _open_at(history, order.symbol, at)
        if busy is not None and (order.purpose is Purpose.ENTRY or busy.approved.purpose is Purpose.EXIT):
            when = kst_text(busy.approved.venue_time)
            yield f"{name} had an open order of it, a {busy.approved.side.lower()} of {when}"
        if order.purpose is Purpose.ENTRY:
            yield from self._not_entered(story, log)

    def _not_entered(self, story: OrderStory, log: Log) -> Iterator[str]:
        order, history, name, at = story.approved, log.history, log.name, story.approved.venue_time
        held = history.holding(order.symbol, at)
        if held:
            yield f"{name} held {held:,} shares of it"
            return
        sold, pause = _newest(history, order.symbol, Side.SELL, at), _cool_down(history, order.origin)
        if sold is not None and at < sold.venue_time + pause * NANOS_PER_SECOND:
            yield f"{name} had sold it at {kst_text(sold.venue_time)} and enters again after {pause:,} s"

    def _bought(self, a: "Opening | None", b: "Opening | None") -> Iterator[str]:
        """Say how the purchases of a holding differ: an exit watches price, peak and time since it hears of them."""
        if a is None or b is None:
            return
        if a.fill.last_px != b.fill.last_px:
            yield f"what it sells was bought at {self._in_both(a.fill.last_px, b.fill.last_px)}"
        late = (b.fill.venue_time - a.fill.venue_time) // NANOS_PER_MS
        if late:
            yield f"what it sells was bought {_ms(late)} in {self.b.name}, so its clock began then"
        heard = (b.heard - a.heard) // NANOS_PER_MS
        if heard and heard != late:
            yield f"{self.b.name} heard of the purchase {_ms(heard)} than {self.a.name}, and watched prices from then"

    def _in_both(self, a: int, b: int) -> str:
        return f"{a:,} in {self.a.name} and {b:,} in {self.b.name}"

    def _follows(self, symbol: str) -> Iterator[str]:
        before = self._of_symbol.get(symbol)
        if before is not None:
            yield f"follows from order {before[0]} of the same symbol, which was not the same"


# ---- what a log says -------------------------------------------------------------------------------------------


def _ms(late: int) -> str:
    return f"{abs(late):,} ms {'later' if late > 0 else 'earlier'}"


def _money(story: OrderStory | None) -> tuple[int, int]:
    return (story.filled, story.notional) if story is not None else (0, 0)


def _day_at(history: History, at: int) -> DayChanged | None:
    found = None
    for change in history.days:
        if change.venue_time > at:
            break
        found = change
    return found


def _open_at(history: History, symbol: str, at: int) -> OrderStory | None:
    """Give an order of a symbol that was made before a moment and had not ended then."""
    for story in history.orders.values():
        order = story.approved
        if order.symbol == symbol and order.venue_time < at:
            ended = max((fill.venue_time for fill in story.fills), default=story.changed_at)
            if ended > at:
                return story
    return None


def _newest(history: History, symbol: str, side: Side, at: int) -> FillBooked | None:
    found = None
    for fill in history.booked:
        if fill.venue_time > at:
            break
        if fill.symbol == symbol and fill.side is side:
            found = fill
    return found


class Opening(NamedTuple):
    """The first buy of a holding, and the newest row the trader had heard when it booked it (UTC ns)."""

    fill: FillBooked
    heard: int


def _opened(history: History, symbol: str, at: int) -> Opening | None:
    """Give what a holding of a moment began with."""
    found, held = None, 0
    for fill, heard in zip(history.booked, history.booked_at, strict=True):
        if fill.venue_time > at:
            break
        if fill.symbol == symbol:
            found = Opening(fill, heard) if fill.side is Side.BUY and not held else found
            held = fill.position_qty
    return found


def _cool_down(history: History, origin: str) -> int:
    """Give the venue seconds a strategy waits after an exit; 0 for one that does not wait."""
    for config in history.runs[0].config.strategies:
        if config.name == origin:
            try:
                params = build(config, known_strategies()).params
            except ConfigError:  # of a distribution that is not installed here
                params = config.params
            return int(params.get("cool_down_s", 0))
    return 0
