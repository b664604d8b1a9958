"""Kiwoom's control without Qt: every method, every event, what it enforces and what goes wrong, by plan.

It holds no rule itself: it puts the parts together and says who may be asked what. Everything that comes from the
servers stops with the line; while a modal dialog stands nothing comes at all (schedule.py).
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from broker_sim.draws import Draws
from broker_win.control import SIGNATURES, Value
from broker_win.emulator.conditions import FAILURE, Conditions
from broker_win.emulator.desktop_port import Desktop
from broker_win.emulator.enc_files import write_enc_files
from broker_win.emulator.getters import Getters
from broker_win.emulator.house import House
from broker_win.emulator.limits import QueryLimit, Screens, is_screen
from broker_win.emulator.masters import Masters
from broker_win.emulator.order_desk import OrderDesk
from broker_win.emulator.outages import Doings as OutageDoings
from broker_win.emulator.outages import Outages
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan
from broker_win.emulator.real_time import RealTime
from broker_win.emulator.schedule import Schedule
from broker_win.emulator.session import Session
from broker_win.emulator.tape import Tape
from broker_win.emulator.trs import WRONG_INPUT, Doings, Trs
from domain.quotes import Depth, Quote

WATCH_MS: Final = 100  # between two looks at the servers and at the venue's clock
NEW_BUY: Final = 1  # nOrderType
WARNING_WINDOW: Final = "투자유의 종목 주문 확인"  # its real title is not known
ALWAYS: Final = frozenset({"OnEventConnect"})  # comes with or without a line


def _die() -> None:
    os._exit(1)  # at once, as a crashed process does


class KiwoomEngine:
    """An EnginePort (engine_port.py), and the Emitter of its parts (parts.py)."""

    def __init__(
        self,
        house: House,
        plan: EmulatorPlan,
        monotonic: Callable[[], int],
        module_path: Path,
        desktop: Desktop,
        *,
        block: Callable[[float], None] = time.sleep,
        die: Callable[[], None] = _die,
        run: str = "",
    ) -> None:
        """Stand before the servers, installed under `module_path`; `run` names this process (order_desk.py).

        `block` holds the thread for so many seconds, `die` ends the process. Raises ConfigError for a plan that cannot
        be read, OSError when nothing can be installed.
        """
        self._house, self._plan, self._module_path = house, plan, module_path
        self._hears = False  # the servers, since the first log-in
        write_enc_files(module_path)
        self._schedule = Schedule(monotonic, desktop, self._passes)
        self._tape, self._screens = Tape(), Screens()
        self._limit = QueryLimit(plan.trs.per_second, plan.trs.per_minute, plan.trs.per_hour)
        self._draws = Draws(plan.server.seed, "engine")
        self._outages = Outages(plan.hangs, plan.server.maintenance, house.now(), self._outage_doings(block, die))
        self._session = Session(
            self._schedule, house, plan.server, module_path, self._is_closed, on_login=self._on_login
        )
        self._masters = Masters(self._known, plan.flags)
        self.real_time = RealTime(house, self, plan)
        self.desk = OrderDesk(
            house,
            self,
            plan,
            self._session.account_ok,
            latest=self.real_time.latest,
            listed=lambda code: self._masters.shares(code) or None,
            run=run,
        )
        self._trs = Trs(
            house,
            self,
            plan,
            self._tape,
            Doings(self._count, self._session.account_ok, self._screens.use, self._auto_register),
        )
        self._conditions = Conditions(house, self, plan.flags.conditions, self._count, self._tr_delay)
        self._getters = Getters(lambda: self._schedule.current)
        self._methods = self._table()

    # ---- the Emitter -------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Give monotonic time in ns."""
        return self._schedule.now

    def emit(self, emission: Emission, after_ms: int = 0) -> None:
        """Send an event so much later."""
        self._schedule.emit(emission, after_ms)

    def later(self, after_ms: int, act: Callable[[], None]) -> None:
        """Do something so much later, on this thread."""
        self._schedule.later(after_ms, act)

    # ---- the EnginePort ----------------------------------------------------------------------------------------

    def bind(self, send: Callable[[Emission], None], wake: Callable[[], None]) -> None:
        """Take the way out."""
        self._schedule.bind(send, wake)
        self._schedule.later(WATCH_MS, self._watch)

    def call(self, method: str, arguments: tuple[Value, ...]) -> Any:
        """Call one method. Raises KeyError for one that is not played, or with too few or too many arguments."""
        count, act = self._methods[method]
        if len(arguments) != count:
            raise KeyError(f"{method} takes {count} arguments, not {len(arguments)}")
        return act(*arguments)

    def due(self) -> None:
        """Send everything that is due when it is called, in order."""
        self._schedule.due()

    def next_at(self) -> int | None:
        """Give when something is due next (monotonic ns), None when nothing waits."""
        return self._schedule.next_at()

    def close(self) -> None:
        """Hang up; what is called from here on is refused like without a line."""
        self._session.hang_up()
        self._schedule.close()
        self._house.close()

    # ---- methods -----------------------------------------------------------------------------------------------

    def _table(self) -> Mapping[str, tuple[int, Callable[..., Any]]]:
        masters, trs, getters, conditions = self._masters, self._trs, self._getters, self._conditions
        acts: dict[str, Callable[..., Any]] = {
            "CommConnect": self._session.connect,
            "GetConnectState": lambda: int(self._session.is_connected),
            "GetLoginInfo": self._session.info,
            "GetAPIModulePath": lambda: str(self._module_path),
            "SetInputValue": trs.set_input,
            "CommRqData": self._needs_line(trs.request),
            "CommKwRqData": self._needs_line(trs.request_many),
            "GetRepeatCnt": getters.repeat_count,
            "GetCommData": getters.cell,
            "GetCommDataEx": getters.table,
            "DisconnectRealData": self._disconnect,
            "SendOrder": self._needs_line(self._send_order),
            "GetChejanData": getters.chejan,
            "SetRealReg": self._needs_line(self._register),
            "SetRealRemove": self._remove,
            "GetCommRealData": getters.real,
            "GetCodeListByMarket": masters.codes,
            "GetMasterCodeName": masters.name,
            "GetMasterListedStockCnt": masters.shares_in_32_bits,
            "GetMasterConstruction": masters.construction,
            "GetMasterListedStockDate": masters.listed_on,
            "GetMasterLastPrice": masters.last_price,
            "GetMasterStockState": masters.state,
            "KOA_Functions": self._function,
            "GetConditionLoad": lambda: conditions.load() if self._session.is_connected else FAILURE,
            "GetConditionNameList": conditions.names,
            "SendCondition": self._send_condition,
            "SendConditionStop": lambda screen, _name, index: conditions.stop(self._screens.shown(screen), index),
        }
        return {method: (_count_of(signature), acts[method]) for method, signature in SIGNATURES.items()}

    def _needs_line(self, act: Callable[..., int]) -> Callable[..., int]:
        return lambda *arguments: self._session.refusal() or act(*arguments)

    def _send_order(self, *arguments: Value) -> int:
        rqname, screen, *rest = arguments
        if not is_screen(str(screen)):
            return WRONG_INPUT
        order = (rqname, self._screens.use(str(screen)), *rest)
        _, kind, code = rest[:3]
        warning = self._masters.function("IsOrderWarningStock", str(code))
        if kind == NEW_BUY and warning not in ("", "0"):
            # A person must agree first; meanwhile nothing comes (kiwoom.md 1.3). What is refused then is told nobody.
            def agreed() -> None:
                if self._session.is_connected:
                    self.desk.send_order(order)

            self._schedule.open_dialog(WARNING_WINDOW, f"{code} {warning}", agreed)
            return 0
        return self.desk.send_order(order)

    def _register(self, screen: str, codes: str, fids: str, opt: str) -> int:
        if not is_screen(screen):
            return WRONG_INPUT
        return self.real_time.register(self._screens.use(screen), codes, fids, opt)

    def _auto_register(self, screen: str, codes: Sequence[str]) -> None:
        if self._session.is_connected:
            for code in codes:
                self.real_time.auto_register(screen, code)

    def _remove(self, screen: str, code: str) -> None:
        self.real_time.remove(screen if screen == "ALL" else self._screens.shown(screen), code)

    def _disconnect(self, screen: str) -> None:
        self.real_time.disconnect(self._screens.release(screen))

    def _send_condition(self, screen: str, name: str, index: int, search: int) -> int:
        if not self._session.is_connected or not is_screen(screen):
            return FAILURE
        return self._conditions.send(self._screens.use(screen), name, index, search)

    def _function(self, name: str, param: str) -> str:
        if name == "ShowAccountWindow":
            self._session.open_account_window()
            return ""
        if name == "GetServerGubun":
            return self._session.info(name)
        if name == "SetConditionSearchFlag":
            return self._conditions.set_flag(param)
        return self._masters.function(name, param)

    # ---- the servers -------------------------------------------------------------------------------------------

    def _on_rows(self, rows: Sequence[Quote], depths: Sequence[Depth]) -> None:
        self._tape.hear(rows, depths)
        self.real_time.on_rows(rows, depths)

    def _watch(self) -> None:
        """Look at the servers and the venue's clock, again and again."""
        self._outages.look(self._house.now())
        if not self._house.is_up:
            self._lose()
        if self._hears:
            self.real_time.tick()
        self._schedule.later(WATCH_MS, self._watch)

    def _lose(self) -> None:
        if self._session.is_connected:
            self._session.lose()
            self.real_time.reset()
            self._conditions.reset()

    def _outage_doings(self, block: Callable[[float], None], die: Callable[[], None]) -> OutageDoings:
        return OutageDoings(
            # Behind the events of this moment: a lost line is told before its dialog stops all events.
            dialog=lambda title: self.later(0, lambda: self._schedule.open_dialog(title, title)),
            freeze=block,
            die=die,
            lose=self._lose,
        )

    # ---- inside ------------------------------------------------------------------------------------------------

    def _known(self) -> Mapping[str, Any]:
        """Give the master files: they come with the log-in and stay when the line is lost."""
        return self._house.instruments if self._hears else {}

    def _is_closed(self) -> bool:
        return self._outages.is_closed(self._house.now())

    def _passes(self, emission: Emission) -> bool:
        return emission.signal in ALWAYS or self._session.is_connected

    def _count(self) -> int:
        return self._limit.ask(self.now)

    def _on_login(self) -> None:
        self._limit.login_demanded = False
        if not self._hears:
            # Not before: what is heard without a line is lost, and facts of before are heard only once.
            self._hears = True
            self._house.hear(self.desk.on_fact, self._on_rows, self.real_time.on_phase)
            self._house.hear_market(self.real_time.on_news)

    def _tr_delay(self) -> int:
        low, high = self._plan.times.tr_ms
        return low + self._draws.below(high - low + 1)


def _count_of(signature: str) -> int:
    inside = signature.partition("(")[2].rstrip(")")
    return len(inside.split(",")) if inside else 0
