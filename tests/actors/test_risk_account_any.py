"""Whatever happens to an account: no entry passes while something reduces, and a restart changes nothing."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Message
from domain.messages.holdings import AdjustmentBooked
from domain.messages.operator import HaltRequested, PauseRequested, PresenceReported
from domain.messages.risk import Cause, LimitsUnlocked, ReducingChanged
from domain.messages.trading import (
    GateChanged,
    OrderApproved,
)
from domain.risk.loss_levels import rank
from domain.types import Gate, Krw, Purpose, VenuePhase
from tests.actors.account_house import (
    START,
    Account,
    account,
    beat,
    index,
    marked,
    resume,
)
from tests.actors.builders import (
    a_quote,
    judged,
    venue,
)
from tests.actors.money_builders import a_signal, by_hand

EVENTS: list[Any] = [
    *(("equity", loss) for loss in (0, 300_000, 449_999, 450_000, 499_999, 500_000, 950_000, 1_100_000)),
    *(("flow", amount) for amount in (-3_000_000, 5_000_000)),
    *(("index", value) for value in (250_000, 243_000, 242_500)),
    *(("tick", seconds) for seconds in (1, 59, 600)),
    *("breaker", "goes on", "quote", "resume", "resume with a note", "pause", "halt", "new day", "start", "here"),
]


class Anything(Account):
    """An account to which anything happens; holds after every step what limits promise."""

    def __init__(self) -> None:
        super().__init__(shock_drop_ppm=30_000, no_data_s=60, dead_man_s=1_200)
        self.at, self.date, self.flows = 10.0, 13, 0
        self.causes: tuple[Cause, ...] = ()

    def do(self, event: Any) -> None:
        before = len(self.house.core.history)
        self.at += 1
        for message in self.messages(event):
            self.house.hear(message)
        self.house.hear(a_signal(seconds=self.at), by_hand())
        self.check(before)

    def messages(self, event: Any) -> list[Message]:
        match event:
            case ("equity", loss):
                return [marked(START + self.flows - loss, seconds=self.at)]
            case ("flow", amount):
                cash = (Krw(START + self.flows), Krw(START + self.flows + amount))
                equity = self.watch.equity + amount
                self.flows += amount
                kind = "deposit" if amount > 0 else "withdrawal"
                booked = AdjustmentBooked("a", "kim", "", 0, 0, Krw(0), *cash, "", venue(self.at), kind)
                return [booked, marked(equity, seconds=self.at)]
            case ("index", value):
                return [index(value, self.at)]
            case ("tick", seconds):
                self.house.tick(seconds)
                return []
            case "new day":
                self.date = min(self.date + 1, 16)
                return [account(f"2026-01-{self.date}", max(1, self.watch.equity))]
            case "start":
                self.restarted()
                return []
        plain: dict[Any, list[Message]] = {
            "breaker": [beat(self.at, VenuePhase.HALTED)],
            "goes on": [beat(self.at)],
            "quote": [judged(a_quote(self.at))],
            "resume": [resume("")],
            "resume with a note": [resume()],
            "pause": [PauseRequested("c", "kim", "")],
            "halt": [HaltRequested("c", "kim", "")],
            "here": [PresenceReported("c", "kim")],
        }
        return plain[event]

    def check(self, since: int) -> None:
        """Hold what was said since an event to what limits promise."""
        causes, unlocked = self.causes, False
        for item in self.house.core.history[since:]:
            match item.message:
                case LimitsUnlocked():
                    unlocked = True
                case ReducingChanged() as change:
                    assert change.causes != causes, "nothing is told twice"
                    gone = {cause.code for cause in causes if cause.needs_person} - {one.code for one in change.causes}
                    assert unlocked or not gone, "only a person lifts these"
                    causes = change.causes
                case OrderApproved(purpose=Purpose.ENTRY) | GateChanged(level=Gate.OPEN):
                    assert not causes
        self.causes = causes
        assert causes == self.watch.causes
        for loss in self.watch.losses():
            told = self.watch.told[loss.name]
            measured = loss.level(self.watch.config)
            assert told.reduces == (loss.name.upper() in self.codes)
            assert told.reduces or told.level == measured
            assert rank(told.level) >= rank(measured)


@settings(max_examples=60)
@given(events=st.lists(st.sampled_from(EVENTS), min_size=5, max_size=30))
def test_for_any_events_no_entry_passes_while_something_reduces_and_a_restart_changes_nothing(
    events: list[Any],
) -> None:
    here = Anything()
    for event in events:
        here.do(event)
    here.restarted()
