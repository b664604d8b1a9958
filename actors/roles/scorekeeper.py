"""The scorekeeper: was a signal right, once its horizon has passed?"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, ClassVar

from actors.roles.scorekeeper_state import ScorekeeperState
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.orders import HoldingAdjusted
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import BaselineScored, DayChanged, SessionPlanned, SignalFormed, SignalScored
from domain.signal_views import ScoresQuery, ScoresView
from domain.types import UnixNanos

# Said at once. A close may end more claims than the kernel lets one message lead to; the rest follows from the next.
MOST_AT_ONCE = 50_000


class Scorekeeper(ScorekeeperState):
    """Score every signal by prices at which one could have traded, and always being in beside it.

    Silent unless the configuration says that signals are scored. What a score means:

    Entry price  The ask of the row the signal was formed on for a buy, the bid for a sell; the last price where that
                 side is empty, and the reason says so.
    Horizon      `horizon_s` of venue time, or to the close of the n-th session after, `horizon_sessions`. One that
                 would end in the closing auction or later ends with the day's closing price, at which all trade alike.
                 A signal with neither claims nothing and is not scored: exits that only close a holding.
    Exit price   The bid (for a sell the ask) of the last good row at or before the end, the last price where that side
                 is empty; at the close the last price of the session. Known, and said, with the first row after the
                 end: nothing that comes later changes it.
    Entries      won: the return in the direction of the side, ppm of the entry price, is above the costs of a round
                 trip (domain/scoring/outcome.py).
    Exits        are held against holding on: a sale at the bid against a sale at the bid of the horizon's end. The sale
                 happens either way, so the costs are 0, and won means that the price fell; unchanged is not won.
    Not scored   (won None, the reason says why): no good row since the signal or none within the last ten minutes of
                 the horizon (a halt, an outage); data that end before the horizon does; a close that was not seen;
                 prices across a corporate action, seen by a base price that is not the close before it, by a move
                 beyond the daily limit or by the broker's adjustment; across a session that was not seen.

    Always in    At the end of every minute of the continuous session: a buy of each watched instrument that had a good
                 row in the minute and shows both sides, at the ask of its last row, for each horizon that a strategy's
                 parameters name or an entry was formed with; closed, charged and left out by the rules above. Told
                 once a symbol, date of entry and horizon, when the session ends that ends it.

    Hears: run, instruments, session, judged quotes, end of quotes, day, signals, corporate actions, carried states.
    Says: SignalScored, BaselineScored.
    Keeps: claims and shadow entries that wait, last rows, last closes, what was scored last.
    """

    NAME: ClassVar[str] = "scorekeeper"
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        InstrumentsReceived,
        SessionPlanned,
        QuotesJudged,
        QuotesEnded,
        DayChanged,
        SignalFormed,
        HoldingAdjusted,
        StateCarried,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (SignalScored, BaselineScored)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Say what has been found. Not behind a signal: that is not what it follows from."""
        if not self.pending or isinstance(message, SignalFormed):
            return ()
        return tuple(islice(self.pending, MOST_AT_ONCE))

    def view(self, query: Any) -> Any:
        """Answer ScoresQuery."""
        if not isinstance(query, ScoresQuery):
            return super().view(query)
        baselines = self._baselines() if query.baselines else ()
        return ScoresView(tuple(self.scored), baselines, len(self.claims), self.scores)

    def _baselines(self) -> tuple[BaselineScored, ...]:
        plan = self.plan
        now = max((row[1] for row in self.last.values()), default=0)
        under_way = self.always_in.told(plan.trading_date, UnixNanos(now)) if plan is not None else ()
        return (*self.baselines, *under_way)
