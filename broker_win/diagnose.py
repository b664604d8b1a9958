"""The broker's own health, one line each: what was found, and what a person can do about it."""

from typing import TYPE_CHECKING, Final

from broker.port import Diagnosis, DiagnosisState
from broker_win.bridge import Bridge
from broker_win.config import WinConfig
from domain.accounts import masked
from domain.errors import HantradeError
from fsm.broker_login import State

if TYPE_CHECKING:
    from broker_win.backend import WinBackend

OK, WARNING, FAILED, NOT_KNOWN = DiagnosisState
BEAT_S: Final = 2.0  # a control's thread that shows no sign of life for longer is stuck
SCREENS_MANY: Final = 180  # of 200
LITTLE: Final = 10  # requests left in the hour


async def diagnose(backend: "WinBackend", bridge: Bridge, config: WinConfig, probe: bool) -> list[Diagnosis]:
    """Look at everything that can be told here; `probe` sends two account queries, which prove account and password."""
    found = [_event_loop(bridge), _login(backend), _server_kind(backend, config), _accounts(backend, config)]
    found += [await _password(backend, probe), _requests(backend), _orders(backend), _screens(backend)]
    return [*found, *_tr_files(backend)]


def _event_loop(bridge: Bridge) -> Diagnosis:
    age = bridge.beat_age_s
    if age < BEAT_S:
        return Diagnosis("event_loop", OK, f"the control's thread showed a sign of life {age * 1000:.0f} ms ago")
    remedy = "the supervisor ends and restarts it; if it comes again, look for a window on the PC"
    return Diagnosis("event_loop", FAILED, f"the control's thread has been stuck for {age:.0f} s", remedy)


def _login(backend: "WinBackend") -> Diagnosis:
    session = backend.session_of_control
    if session.logged_in:
        return Diagnosis("login", OK, f"logged in as {session.masked() or 'an account to be named'}")
    remedy = "switch automatic log-in on (docs/windows.md), or log in at the PC"
    return Diagnosis("login", FAILED, session.trouble(), remedy)


def _server_kind(backend: "WinBackend", config: WinConfig) -> Diagnosis:
    session = backend.session_of_control
    if not session.logged_in:
        return Diagnosis("server_kind", NOT_KNOWN, f"known after the log-in; configured: {config.server_kind}")
    if session.server_kind is config.server_kind:
        return Diagnosis("server_kind", OK, f"Kiwoom's {session.server_kind} server, as configured")
    remedy = "log in to the other server (the box 모의투자 in the log-in window), or change server in broker_win.toml"
    return Diagnosis("server_kind", FAILED, session.trouble(), remedy)


def _accounts(backend: "WinBackend", config: WinConfig) -> Diagnosis:
    session = backend.session_of_control
    if not session.logged_in:
        return Diagnosis("accounts", NOT_KNOWN, "known after the log-in")
    listed = ", ".join(masked(one) for one in session.accounts) or "none"
    if session.account:
        return Diagnosis("accounts", OK, f"{session.masked()} of {listed}")
    if session.state is State.REFUSED and session.server_kind is not config.server_kind:
        return Diagnosis("accounts", NOT_KNOWN, f"not chosen on the wrong server; this log-in has {listed}")
    return Diagnosis("accounts", FAILED, session.trouble(), "set account in broker_win.toml to one of this log-in's")


async def _password(backend: "WinBackend", probe: bool) -> Diagnosis:
    if not probe:
        return Diagnosis("account_password", NOT_KNOWN, "asked for with a probe only")
    if not backend.session_of_control.account:
        return Diagnosis("account_password", NOT_KNOWN, "needs a log-in and an account")
    try:
        await backend.queries.deposit()  # opw00001 asks for the password, the cheaper opt10085 does not
        detail = await backend.queries.probe()
    except HantradeError as error:
        remedy = "register it at the PC: tray icon of OpenAPI+, 계좌비밀번호 저장, and tick AUTO (docs/windows.md)"
        return Diagnosis("account_password", FAILED, str(error), remedy)
    return Diagnosis("account_password", OK, detail)


def _requests(backend: "WinBackend") -> Diagnosis:
    budget = backend.asker.budget()
    used = ", ".join(f"{one.used} of {one.most} in {one.seconds} s" for one in budget.windows)
    waiting = sum(budget.waiting.values())
    detail = f"{used}; {waiting} waiting"
    if budget.relogin_wanted:
        return Diagnosis("requests", FAILED, f"Kiwoom wants another log-in; {detail}", "the process is started again")
    if budget.penalty_s > 0:
        paused = f"paused for {budget.penalty_s:.0f} s more after {budget.refused_in_a_row} refusals"
        return Diagnosis("requests", WARNING, f"{paused}; {detail}", "it ends by itself; ask less often")
    if budget.windows[-1].left < budget.reserve + LITTLE:
        return Diagnosis("requests", WARNING, detail, "the hour's budget is nearly used; audits go on from its reserve")
    return Diagnosis("requests", OK, detail)


def _orders(backend: "WinBackend") -> Diagnosis:
    trouble = backend.orders.trouble()
    if trouble:
        return Diagnosis("orders", WARNING, trouble, "`hantrade reconcile --dry-run` shows what differs")
    return Diagnosis("orders", OK, "every order sent has been heard of")


def _screens(backend: "WinBackend") -> Diagnosis:
    used = sum(len(screens) for screens in backend.screens.in_use().values())
    if used < SCREENS_MANY:
        return Diagnosis("screens", OK, f"{used} of 200 in use")
    return Diagnosis("screens", WARNING, f"{used} of 200 in use", "watch fewer symbols: beyond 200 data mixes up")


def _tr_files(backend: "WinBackend") -> list[Diagnosis]:
    told = backend.tr_differences
    if told is None:
        return [Diagnosis("tr_files", NOT_KNOWN, "the installed definitions were not read")]
    if told:
        remedy = "Kiwoom changed its lists: update hantrade before trading on them"
        return [Diagnosis("tr_files", WARNING, "; ".join(told), remedy)]
    return [Diagnosis("tr_files", OK, "the installed definitions are those this version knows")]
