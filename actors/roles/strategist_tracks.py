"""What the strategist keeps of one watched symbol, and of when it was there in a session."""

from domain.bars import MINUTE_NS, MinuteBars, SessionBar
from domain.daily_series import DailySeries
from strategies.base import Day, Scene

GOOD = "ok"


class Track:
    """One watched symbol."""

    __slots__ = (
        "argued",
        "bars",
        "daily",
        "days",
        "flags",
        "hears",
        "holders",
        "minutes",
        "quotes",
        "scene",
        "session",
    )

    def __init__(self, scene: Scene) -> None:
        """Start without rows."""
        self.scene = scene
        self.bars = MinuteBars(scene.instrument.symbol)
        self.session = SessionBar()
        self.daily = DailySeries()
        self.argued = ""  # newest session that was given with a row to argue at, YYYY-MM-DD
        self.flags: tuple[str, ...] = ()  # of rows left out since the bar before
        # Names of strategies that are not benched, in the order of the configuration.
        self.minutes: tuple[str, ...] = ()  # take its minute bars
        self.days: tuple[str, ...] = ()  # take its daily bars
        self.holders: tuple[str, ...] = ()  # see its holding
        self.quotes: tuple[str, ...] = ()  # are given its rows
        self.hears = False  # somebody waits for its next row

    def begin_date(self) -> None:
        """Forget what belongs to the date before: bars, rows, attention."""
        self.bars, self.session, self.flags = MinuteBars(self.bars.symbol), SessionBar(), ()
        self.scene.attention = self.scene.quote = None

    def listen(self) -> None:
        """Note whether somebody waits for the next row."""
        self.hears = bool(self.quotes or self.daily.waiting)

    def leave_out(self, rules: str) -> None:
        """Note why a row is no part of the bar being made."""
        self.flags = tuple(sorted({*self.flags, *rules.split(",")}))

    @property
    def quality(self) -> str:
        """Give the quality of what stands behind an argument: ok, or the flags of the rows left out."""
        return ",".join(self.flags) or GOOD


class Presence:
    """From when to when the strategist heard of a session, by venue time: a session's bar needs all of it.

    A break in between is not seen here; the broker's history mends what it cost.
    """

    __slots__ = ("ended", "first", "last")

    def __init__(self) -> None:
        """Start having heard nothing."""
        self.first = 0  # UTC ns
        self.last = 0  # UTC ns
        self.ended = False  # the source said that it has no more rows

    def seen(self, venue_time: int) -> None:
        """Take a moment at which something was heard."""
        self.first = self.first or venue_time
        self.last = max(self.last, venue_time)

    def is_whole(self, day: Day) -> bool:
        """Tell whether it reaches from the first minute of the session to its end."""
        return 0 < self.first <= day.open_time + MINUTE_NS and (self.ended or self.last >= day.close_time)
