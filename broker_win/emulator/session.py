"""The log-in of the emulated control: windows, failures, an update, and the line that breaks.

Files under `system` of the install folder as OpenAPI+ has them: `Autologin.dat` logs in without a window (kiwoom.md
4.3). With it an update is skipped and the server refuses (-102); a log-in by hand calls the updater, a program of its
own, which can copy its files only once no process has the control loaded: the next process finds them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from broker_win.emulator.house import House
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import ServerPlan
from broker_win.emulator.schedule import Schedule

LOGIN_WINDOW: Final = "Open API Login"
ACCOUNT_WINDOW: Final = "계좌비밀번호 입력"
UPDATER: Final = "opstarter"
NO_SERVER: Final = -101
OLD_VERSION: Final = -102
LINE_LOST: Final = -106
NO_PASSWORD: Final = -301
NOT_YOURS: Final = -302
ANSWERS_WITHIN_MS: Final = 5_000  # how long a log-in waits for servers that do not answer
LOOK_AGAIN_MS: Final = 100


class Session:
    """One log-in for the life of a process; what is lost stays lost, as nobody trusts a second one (kiwoom.md 4.2)."""

    def __init__(
        self,
        schedule: Schedule,
        house: House,
        plan: ServerPlan,
        module_path: Path,
        is_closed: Callable[[], bool] = lambda: False,
        on_login: Callable[[], None] = lambda: None,
    ) -> None:
        """Start without a line. `is_closed` tells whether the servers are down for maintenance."""
        self._schedule, self._house, self._plan = schedule, house, plan
        self._is_closed, self._on_login = is_closed, on_login
        self._auto_file = module_path / "system" / "Autologin.dat"
        self._updated = module_path / "system" / "version.dat"
        self._fetched = module_path / "system" / "version.new"
        self._fails_left = plan.login_fails
        self._under_way = False
        self._lost = False
        self._has_password = plan.password_registered
        self._asks_password = False
        self.is_connected = False
        if self._fetched.exists():
            self._fetched.replace(self._updated)
        if plan.auto_login and not self._auto_file.parent.exists():
            self._auto_file.parent.mkdir(parents=True)
            self._auto_file.write_bytes(b"emulated")

    def connect(self) -> int:
        """Begin a log-in; the result comes as OnEventConnect. Gives 0."""
        if self.is_connected:
            self._schedule.later(self._plan.login_ms, self._done)
        elif not self._under_way:
            self._under_way = True
            if self._plan.auto_login and self._auto_file.exists():
                self._schedule.later(self._plan.login_ms, self._finish)
            else:
                self._schedule.open_dialog(LOGIN_WINDOW, "아이디와 비밀번호를 입력하세요.", self._typed, stops=False)
        return 0

    def refusal(self) -> int:
        """Give why nothing can be asked for: 0, -101 before the log-in, -106 once the line is lost."""
        return 0 if self.is_connected else LINE_LOST if self._lost else NO_SERVER

    def lose(self) -> None:
        """Lose the line."""
        if self.is_connected:
            self.is_connected, self._lost = False, True
            self._say(LINE_LOST)

    def hang_up(self) -> None:
        """Leave for good: nobody hears of it."""
        self.is_connected, self._lost = False, True

    def info(self, tag: str) -> str:
        """Give GetLoginInfo; empty before the log-in and for an unknown tag."""
        if not self.is_connected:
            return ""
        accounts = "".join(f"{account};" for account in self._plan.accounts)
        return {
            "ACCOUNT_CNT": str(len(self._plan.accounts)),
            "ACCNO": accounts,
            "ACCLIST": accounts,
            "USER_ID": "emulator",
            "USER_NAME": "홍길동",
            "KEY_BSECGB": "1",
            "FIREW_SECGB": "2",
            "GetServerGubun": self.server_kind(),
        }.get(tag, "")

    def server_kind(self) -> str:
        """Give GetServerGubun: 1 is the mock server."""
        return "1" if self._plan.kind == "mock" else "0"

    def account_ok(self, account: str) -> int:
        """Give 0 when this account may be asked about and traded, else why not."""
        if account not in self._plan.accounts:
            return NOT_YOURS
        if self._has_password:
            return 0
        if self._plan.password_dialog:
            self.open_account_window()
        return NO_PASSWORD

    def open_account_window(self) -> None:
        """Let a person type the account's password; a window that stands already is not opened again."""
        if self._asks_password:
            return
        self._asks_password = True
        self._schedule.open_dialog(ACCOUNT_WINDOW, "계좌비밀번호를 등록하세요.", self._registered)

    # ---- inside ------------------------------------------------------------------------------------------------

    def _registered(self) -> None:
        self._has_password, self._asks_password = True, False

    def _typed(self) -> None:
        """A person logged in by hand, which lets the updater come first."""
        if self._code() != OLD_VERSION:
            self._schedule.later(self._plan.login_ms, self._finish)
            return
        self._fetched.parent.mkdir(parents=True, exist_ok=True)
        self._fetched.write_bytes(b"emulated")
        self._schedule.open_dialog(UPDATER, "OpenAPI를 사용하는 프로그램을 모두 종료하세요.", self._finish)

    def _code(self) -> int:
        code = self._plan.login_code
        return 0 if code == OLD_VERSION and self._updated.exists() else code

    def _finish(self, waited_ms: int = 0) -> None:
        if not self._house.is_up and waited_ms < ANSWERS_WITHIN_MS:
            self._schedule.later(LOOK_AGAIN_MS, lambda: self._finish(waited_ms + LOOK_AGAIN_MS))
            return
        self._under_way = False
        code = self._code()
        if self._fails_left:
            self._fails_left -= 1
            code = code or NO_SERVER
        elif self._plan.login_fails:
            code = 0
        if not self._house.is_up or self._is_closed() or self._lost:
            code = NO_SERVER
        if code:
            self._say(code)
        else:
            self._done()

    def _done(self) -> None:
        if not self._lost:
            self.is_connected = True
            self._say(0)
            self._on_login()

    def _say(self, code: int) -> None:
        self._schedule.emit(Emission("OnEventConnect", (code,)))
