"""The session with Kiwoom: up, in maintenance, or worth nothing until somebody logs in again."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from broker_sim.fates import NANOS_PER_MS, Fates
from domain.errors import BrokerUnavailable

LOST: Final = "-106 통신연결종료"
REFUSED: Final = "-101 서버접속실패"


class LineState(StrEnum):
    """Where the session stands."""

    UP = "UP"
    MAINTENANCE = "MAINTENANCE"  # nobody can log in; every stream broke when it began
    LOGGED_OUT = "LOGGED_OUT"  # the maintenance is over
    STALE = "STALE"  # streams stand but are silent, as behind a dialog nobody closes


class Line:
    """Moves by the clocks and by `login`. Windows go by venue time, the age of a login by system time."""

    def __init__(self, fates: Fates, venue_time: Callable[[], int], now: Callable[[], int]) -> None:
        """Log in, as with auto-login; in a maintenance window that waits."""
        self._fates = fates
        self._plan = fates.plan
        self._venue_time = venue_time
        self._now = now
        self._since = now()  # of the login
        self._logins = 0
        self.breaks = 0  # how often every stream broke
        self.state = LineState.UP
        self.look()

    @property
    def up(self) -> bool:
        """Tell whether requests and messages pass."""
        return self.state is LineState.UP

    def heard(self, venue_time: int) -> bool:
        """Tell whether a message of a venue time passes now; one said in maintenance never does."""
        return self.up and not self._in_maintenance(venue_time)

    def look(self) -> bool:
        """Look at the clocks; tell whether the session ended just now."""
        before = self.state
        if self._in_maintenance(self._venue_time()):
            if self.state is not LineState.MAINTENANCE:
                self.breaks += 1
                self._fates.done("maintenance", "login")
            self.state = LineState.MAINTENANCE
        elif self.state is LineState.MAINTENANCE:
            self.state = LineState.LOGGED_OUT
        elif self.state is LineState.UP and self._is_stale():
            self.state = LineState.STALE
            self._fates.done("stale", "login")
        return before is LineState.UP and self.state is not LineState.UP

    def require(self) -> None:
        """Raise BrokerUnavailable unless the session is up."""
        if not self.up:
            raise BrokerUnavailable(f"{LOST}: not logged in with Kiwoom ({self.state.value.lower()})")

    def login(self) -> None:
        """Log in again. Raises BrokerUnavailable in a maintenance window, or when the plan says so."""
        self.look()
        self._logins += 1
        if self.state is LineState.MAINTENANCE:
            raise BrokerUnavailable(f"{REFUSED}: Kiwoom is in maintenance")
        ppm = self._plan.login.failed_ppm
        if self._fates.strikes("failed", "login", ppm, self._logins, self._logins, self._venue_time()):
            self._fates.done("failed", "login")
            raise BrokerUnavailable(f"{REFUSED}: the login failed")
        self.state, self._since = LineState.UP, self._now()

    def _in_maintenance(self, at: int) -> bool:
        return bool(at) and any(window.covers(at) for window in self._plan.maintenance)

    def _is_stale(self) -> bool:
        after = self._plan.login.stale_after_ms * NANOS_PER_MS
        return bool(after) and abs(self._now() - self._since) >= after
