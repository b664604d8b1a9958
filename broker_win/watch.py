"""What the parent makes of beats, time, windows and ends: when to start the host, end it, wait, call a person. Pure.

Every decision carries its reason in words. Two clocks come as arguments: `now`, monotonic ns, for whatever takes time,
and `venue`, UTC ns of the PC (of the simulated venue with the emulator), for the hours of rest.

A host is never repaired. It is ended when it hangs, when a window stands in its way, when it is not logged in or grows
too large, and started again: at once after a good run, ever more slowly when runs are short. Many starts in a short
time open the breaker: a person is told and the pauses are as long as they get, until a run is good again.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from broker_win.beats import Beat
from broker_win.dialogs import RULES, UNKNOWN_AFTER_S, Act, Deed, DialogCare, Rule, SeenWindow
from broker_win.exit_codes import ExitCode, told
from broker_win.rest_plan import RestPlan
from fsm import win_host
from fsm.win_host import State

NANOS_PER_SECOND: Final = 1_000_000_000
LONGEST_DOUBLING: Final = 16  # powers of two beyond it are above any ceiling
TROUBLE_PATIENCE_S: Final = 60  # logged in, and yet no orders may go


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """When patience ends."""

    start_timeout_s: int = 90  # from the start to the first beat; an old PC loads Qt and OpenAPI+ slowly
    beat_timeout_s: int = 10  # between two beats
    hang_timeout_s: int = 15  # without a sign of life of the control's thread, or of the event loop
    login_timeout_s: int = 180  # from the start, or from the loss, to a log-in
    mute_timeout_s: int = 300  # in market hours without any event of the control; 0: never
    mute_pause_s: int = 1_800  # between two ends for silence: it may be the market that is silent
    memory_soft_mb: int = 900  # ended outside market hours (32 bits end at 2,048)
    memory_hard_mb: int = 1_400  # ended at any time
    end_grace_s: int = 10  # from being asked to end to being killed
    backoff_first_s: int = 2
    backoff_max_s: int = 300
    stable_s: int = 300  # logged in for so long is a good run
    breaker_starts: int = 6  # within the window
    breaker_window_s: int = 900
    unknown_window_s: int = UNKNOWN_AFTER_S  # a window nobody knows may stand so long


class What(StrEnum):
    """What the parent is to do."""

    START = "start"
    ASK = "ask to end"
    KILL = "kill"
    PRESS = "press a button"
    ALERT = "alert"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to do, and why."""

    what: What
    why: str
    deed: Deed | None = None  # for PRESS


class Watch:
    """Decides. Holds no process: whoever carries decisions out tells what became of them."""

    def __init__(self, config: WatchConfig, rest: RestPlan, rules: Iterable[Rule] = RULES) -> None:
        """Begin stopped."""
        self._config, self._rest = config, rest
        self._dialogs = DialogCare(rules, config.unknown_window_s)
        self.state = win_host.MACHINE.initial
        self.why = "not started yet"
        self.runs = False  # a process exists
        self.beat: Beat | None = None  # the newest of this process
        self.starts = 0
        self.due_at = 0  # BACKING_OFF: when the next start is due
        self.was_resting = False  # and not logged in since
        self._started_at = self._beat_at = self._up_at = 0
        self._not_in_since: int | None = None  # UP, and not logged in any more
        self._trouble_since: tuple[str, int] | None = None
        self._ending_since: int | None = None
        self._failures = 0  # ends since the last good run
        self._recent: deque[int] = deque(maxlen=max(1, config.breaker_starts))  # times of starts
        self._breaker_open = False
        self._was_up = False  # once: what cannot work later may work again, e.g. while OpenAPI+ is updated
        self._muted_at: int | None = None  # when it was last ended for silence

    # ---- what happens -------------------------------------------------------------------------------------------

    def heard(self, beat: Beat, now: int) -> None:
        """Take a beat of the process that runs."""
        if self.runs:
            self.beat, self._beat_at = beat, now

    def exited(self, code: int | None, now: int) -> list[Decision]:
        """Take it that the process is gone."""
        self.runs, self._ending_since = False, None
        self._dialogs.forget()
        if self.state in (State.STOPPED, State.RESTING):
            return [Decision(What.NOTE, f"the host {told(code)}")]
        if code == ExitCode.CONFIG and not self._was_up:
            self._move("stop", "the host's configuration cannot work; its log says why")
            return [Decision(What.ALERT, self.why)]
        found = self._count_failure(now)
        wait_s = max(0, self.due_at - now) // NANOS_PER_SECOND
        when = f"started again in {wait_s} s" if wait_s else "started again at once"
        self._move("exited", f"the host {told(code)}; {when}")
        return [Decision(What.NOTE, self.why), *found]

    def sees(self, windows: Iterable[SeenWindow], now: int) -> list[Decision]:
        """Take the windows that stand on the desktop."""
        if not self.runs or self._ending_since is not None:
            return []
        found: list[Decision] = []
        for deed in self._dialogs.sees(windows, now):
            words = f'window "{deed.window.title}": {deed.why}'
            if deed.act is Act.CLOSE:
                found.append(Decision(What.PRESS, words, deed))
            elif deed.act is Act.ALERT:
                found.append(Decision(What.ALERT, words))
            elif self._ending_since is None:
                found += self._end(What.KILL, words, now)
        return found

    def stop(self, why: str, now: int) -> list[Decision]:
        """End it for good."""
        if self.state is State.STOPPED:
            return []
        self._move("stop", why)
        return self._ask(why, now)

    # ---- what time makes of it ----------------------------------------------------------------------------------

    def decide(self, now: int, venue: int, held: str = "") -> list[Decision]:
        """Give what is to be done now; the first call starts. `held` says why nothing may run, empty when it may."""
        if self.runs and self._ending_since is not None:
            return self._hurry(now)
        if self.state is State.STOPPED and self.starts:
            return []
        rest = self._rest.at(venue)
        why = held or (f"rests {rest.told()}" if rest is not None else "")
        if why and self.state is not State.RESTING:
            self._move("rest", why)
            self.was_resting = True
            return [Decision(What.NOTE, self.why), *self._ask(self.why, now)]
        if self.runs:
            return self._judge(now)
        if why or (self.state is State.BACKING_OFF and now < self.due_at):
            return []
        return self._start(now)

    def _start(self, now: int) -> list[Decision]:
        why = {State.RESTING: "the rest is over", State.BACKING_OFF: "another one"}.get(self.state, "first start")
        self._move("start", why)
        self.runs, self.beat, self.starts = True, None, self.starts + 1
        self._started_at = self._beat_at = now
        self._not_in_since = self._trouble_since = None
        self._recent.append(now)
        self._dialogs.forget()
        return [Decision(What.START, why)]

    def _judge(self, now: int) -> list[Decision]:
        beat, config = self.beat, self._config
        if beat is None:
            if self._passed(self._started_at, config.start_timeout_s, now):
                return self._end(What.KILL, f"no sign of life {config.start_timeout_s} s after the start", now)
            return []
        if self._passed(self._beat_at, config.beat_timeout_s, now):
            return self._end(What.KILL, f"no beat for {_seconds(now - self._beat_at)} s: the process hangs", now)
        for age, name in ((beat.qt_age_ms, "the control's thread"), (beat.loop_age_ms, "the event loop")):
            if age is not None and age > config.hang_timeout_s * 1_000:
                return self._end(What.KILL, f"{name} hangs for {age // 1_000} s", now)
        if (why := self._too_large(beat)) or (why := self._mute(beat, now)):
            return self._end(What.ASK, why, now)
        return self._judge_login(beat, now)

    def _judge_login(self, beat: Beat, now: int) -> list[Decision]:
        limit = self._config.login_timeout_s
        if self.state is State.STARTING:
            if beat.logged_in and beat.address:
                return self._is_up(beat, now)
            if self._passed(self._started_at, limit, now):
                return self._end(What.ASK, f"not logged in {limit} s after the start: {beat.trouble or 'no word'}", now)
            return []
        if beat.logged_in:
            self._not_in_since = None
            if self._passed(self._up_at, self._config.stable_s, now):
                self._failures, self._breaker_open = 0, False
            return self._tell_trouble(beat, now)
        if self._not_in_since is None:
            self._not_in_since = now
        if self._passed(self._not_in_since, limit, now):
            return self._end(What.ASK, f"not logged in any more since {limit} s: {beat.trouble or 'no word'}", now)
        return []

    def _is_up(self, beat: Beat, now: int) -> list[Decision]:
        took = _seconds(now - self._started_at)
        again = " again after the rest" if self.was_resting else ""
        self._move("logged_in", f"logged in{again} after {took} s, serves on {beat.address}")
        self._up_at, self.was_resting, self._was_up = now, False, True
        return [Decision(What.NOTE, self.why)]

    def _tell_trouble(self, beat: Beat, now: int) -> list[Decision]:
        """Tell once of what is wrong with orders, or keeps them from going, while everything else is well."""
        if not beat.trouble:
            self._trouble_since = None
        elif self._trouble_since is None or self._trouble_since[0] != beat.trouble:
            self._trouble_since = (beat.trouble, now)
        elif self._trouble_since[1] >= 0 and self._passed(self._trouble_since[1], TROUBLE_PATIENCE_S, now):
            self._trouble_since = (beat.trouble, -1)  # told
            return [Decision(What.ALERT, f"trouble with orders: {beat.trouble}")]
        return []

    def _too_large(self, beat: Beat) -> str:
        size, config = beat.rss_mb, self._config
        if size is None:
            return ""
        if size > config.memory_hard_mb:
            return f"it takes {size} MB of memory, more than {config.memory_hard_mb}"
        if size > config.memory_soft_mb and not beat.in_market:
            return f"it takes {size} MB of memory, more than {config.memory_soft_mb} outside market hours"
        return ""

    def _mute(self, beat: Beat, now: int) -> str:
        limit, age = self._config.mute_timeout_s, beat.last_event_age_ms
        if not limit or age is None or age < limit * 1_000 or self.state is not State.UP or not beat.in_market:
            return ""
        if not beat.screens:  # nothing is registered: nobody expects to hear anything
            return ""
        if not self._passed(self._up_at, limit, now):
            return ""
        if self._muted_at is not None and not self._passed(self._muted_at, self._config.mute_pause_s, now):
            return ""
        self._muted_at = now
        return f"the control says nothing for {age // 1_000} s in market hours"

    # ---- ends ---------------------------------------------------------------------------------------------------

    def _end(self, what: What, why: str, now: int) -> list[Decision]:
        self._move("end", why)
        self._ending_since = now
        return [Decision(what, why)]

    def _ask(self, why: str, now: int) -> list[Decision]:
        if not self.runs:
            return []
        self._ending_since = now
        return [Decision(What.ASK, why)]

    def _hurry(self, now: int) -> list[Decision]:
        assert self._ending_since is not None
        if not self._passed(self._ending_since, self._config.end_grace_s, now):
            return []
        self._ending_since = now  # and again, should it live on
        return [Decision(What.KILL, f"it did not end within {self._config.end_grace_s} s: {self.why}")]

    def _count_failure(self, now: int) -> list[Decision]:
        """Set when the next start is due; tell when the breaker opens."""
        config = self._config
        if self.state is State.UP and self._passed(self._up_at, config.stable_s, now):
            self._failures, self._breaker_open = 0, False
        self._failures += 1
        doubled: int = config.backoff_first_s << min(self._failures - 2, LONGEST_DOUBLING) if self._failures > 1 else 0
        wait_s = min(doubled, config.backoff_max_s)
        found: list[Decision] = []
        full = len(self._recent) == self._recent.maxlen
        if full and not self._breaker_open and not self._passed(self._recent[0], config.breaker_window_s, now):
            self._breaker_open = True
            often = f"{len(self._recent)} starts within {config.breaker_window_s} s"
            text = f"{often}; only one every {config.backoff_max_s} s until a run is good. Last: {self.why}"
            found.append(Decision(What.ALERT, text))
        if self._breaker_open:
            wait_s = config.backoff_max_s
        self.due_at = now + wait_s * NANOS_PER_SECOND
        return found

    def _move(self, trigger: str, why: str) -> None:
        self.state = win_host.next_state(self.state, trigger)
        self.why = why

    def _passed(self, since: int, limit_s: int, now: int) -> bool:
        return now - since >= limit_s * NANOS_PER_SECOND


def _seconds(nanos: int) -> int:
    return nanos // NANOS_PER_SECOND
