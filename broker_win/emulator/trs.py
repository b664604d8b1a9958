"""Queries: inputs in their order, one page per request, the answer as an event (kiwoom.md 1.2, 3).

What the real control does with wrong inputs is done here: it takes the request, says "Fail to parse Request TR" in
OnReceiveMsg and never answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from broker_sim.draws import Draws
from broker_win.emulator.definitions import Definition, definitions
from broker_win.emulator.house import House
from broker_win.emulator.limits import is_screen
from broker_win.emulator.parts import Emission, Emitter, TrData
from broker_win.emulator.plan import EmulatorPlan
from broker_win.emulator.session import NOT_YOURS
from broker_win.emulator.tape import Tape
from broker_win.emulator.tr_case import ACCOUNT, CODE, Case, Row, Sheet, Tr
from broker_win.emulator.tr_charts import CHART_TRS
from broker_win.emulator.tr_holdings import HOLDING_TRS
from broker_win.emulator.tr_orders import ORDER_TRS
from broker_win.emulator.tr_quotes import QUOTE_TRS
from domain.errors import RequestRefused
from domain.types import PPM

WRONG_INPUT: Final = -105
UNKNOWN_TR: Final = -201
BAD_REQUEST: Final = -202
TOO_MANY_CODES: Final = -204
MOST_CODES: Final = 100
STOCKS: Final = 0  # nTypeFlag of CommKwRqData; 3 is futures, which are not played
MOST_PLACES: Final = 1_000  # requests whose next page is remembered
WATCH_LIST: Final = "optkwfid"
CANNOT_PARSE: Final = "Fail to parse Request TR"
COUNTS: Final = frozenset({"출력건수", "조회건수"})
DONE: Final = {"mock": "[00Z310] 모의투자 조회가 완료되었습니다", "real": "[100000] 조회가 완료되었습니다."}
AWAY: Final = "[RC4027] 서비스가 일시 중단되었습니다. 잠시 후 다시 시도하십시오."
TRS: Final[Mapping[str, Tr]] = {**QUOTE_TRS, **CHART_TRS, **HOLDING_TRS, **ORDER_TRS}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for one page."""

    rqname: str
    trcode: str  # as called
    screen: str  # as called
    shown: str  # under which its answer comes: another's when there are too many
    inputs: Mapping[str, str]
    after: str | None  # key of the last row of the page before; None for the first page
    at: int  # when the answer is due, monotonic ns
    definition: Definition
    tr: Tr


@dataclass(frozen=True, slots=True)
class Doings:
    """What a query needs of the others."""

    count: Callable[[], int]  # the limit: 0 or -200
    account_ok: Callable[[str], int]
    use_screen: Callable[[str], str]
    register: Callable[[str, Sequence[str]], None]  # screen and codes: real time begins to flow


class Trs:
    """The queries of one process."""

    def __init__(self, house: House, emitter: Emitter, plan: EmulatorPlan, tape: Tape, doings: Doings) -> None:
        """Start with no input set."""
        self._house, self._emitter, self._plan, self._tape, self._doings = house, emitter, plan, tape, doings
        self._inputs: dict[str, str] = {}
        self._places: dict[tuple[str, str, str], str] = {}  # rqname, TR, screen -> key of the last row given
        self._draws = Draws(plan.server.seed, "trs")

    def set_input(self, name: str, value: str) -> None:
        """Take SetInputValue. A name set again keeps its place in the order."""
        self._inputs[name] = value

    def request(self, rqname: str, trcode: str, prev_next: int, screen: str) -> int:
        """Take CommRqData with the inputs set before it, which are gone after it. Gives 0 or why it does not go."""
        inputs, self._inputs = self._inputs, {}
        definition = definitions().get(trcode.lower())
        if not is_screen(screen):
            return WRONG_INPUT
        if definition is None or definition.trcode not in TRS or definition.trcode == WATCH_LIST:
            return UNKNOWN_TR
        if not rqname or prev_next not in (0, 2):
            return BAD_REQUEST
        if code := self._doings.count():
            return code
        if tuple(inputs) == definition.inputs and ACCOUNT in inputs and (code := self._account(definition, inputs)):
            return code
        self._begin(definition, inputs, rqname, trcode, screen, prev_next == 2)
        return 0

    def request_many(self, codes: str, prev_next: int, count: int, kind: int, rqname: str, screen: str) -> int:
        """Take CommKwRqData: prices of up to 100 codes, joined by `;`. Gives 0 or why it does not go."""
        asked = [code.strip() for code in codes.split(";") if code.strip()]
        if not is_screen(screen):
            return WRONG_INPUT
        if max(count, len(asked)) > MOST_CODES:
            return TOO_MANY_CODES
        if not rqname or not asked or count < 1 or prev_next or kind != STOCKS:
            return BAD_REQUEST
        if code := self._doings.count():
            return code
        inputs = {CODE: ";".join(asked[:count])}
        self._begin(definitions()[WATCH_LIST], inputs, rqname, WATCH_LIST.upper(), screen, more=False)
        return 0

    # ---- inside ------------------------------------------------------------------------------------------------

    def _account(self, definition: Definition, inputs: Mapping[str, str]) -> int:
        if definition.needs_password:
            return self._doings.account_ok(inputs[ACCOUNT])
        return 0 if inputs[ACCOUNT] in self._plan.server.accounts else NOT_YOURS

    def _begin(
        self, definition: Definition, inputs: Mapping[str, str], rqname: str, trcode: str, screen: str, more: bool
    ) -> None:
        shown = self._doings.use_screen(screen)
        delay_ms = self._between(*self._plan.times.tr_ms)
        if tuple(inputs) != definition.inputs:
            self._tell(shown, rqname, trcode, CANNOT_PARSE, delay_ms)
            return
        lost_ppm = self._plan.trs.page_lost_ppm if more else self._plan.trs.error_ppm
        if self._draws.below(PPM) < lost_ppm:
            return
        place = (rqname, definition.trcode, screen)
        # Without a page before it there is nothing to go on behind: the first page comes again.
        after = self._places.pop(place, None) if more else None
        self._places.pop(place, None)
        at = self._emitter.now + delay_ms * 1_000_000
        tr = TRS[definition.trcode]
        self._read(Ask(rqname, trcode, screen, shown, inputs, after, at, definition, tr), tr.reads, {})

    def _read(self, ask: Ask, left: tuple[str, ...], got: dict[str, Any]) -> None:
        """Read what the answer needs, one after the other, then answer. Of an unknown code there is nothing to read."""
        code = ask.inputs.get(CODE, "").strip().partition("_")[0]
        of_one = not ask.tr.is_of_account and ";" not in code
        if not left or (of_one and code not in self._house.instruments):
            self._answer(ask, got)
        else:
            self._house.read(left[0], partial(self._take, ask, left, got), code if of_one else "")

    def _take(self, ask: Ask, left: tuple[str, ...], got: dict[str, Any], answer: Any) -> None:
        if isinstance(answer, Exception):
            if left[0] != "candles" or not isinstance(answer, RequestRefused):  # a venue without bars still has prices
                self._tell(ask.shown, ask.rqname, ask.trcode, AWAY, self._left_ms(ask))
                return
            answer = []
        self._read(ask, left[1:], {**got, left[0]: answer})

    def _answer(self, ask: Ask, got: Mapping[str, Any]) -> None:
        case = Case(ask.inputs, got, self._house.instruments, self._house.now(), self._plan, self._tape)
        page, more = self._page(ask, ask.tr.build(case))
        data = self._data(ask.definition, page)
        arguments = (ask.shown, ask.rqname, ask.trcode, "", "2" if more else "0", 0, "", "", "")
        delay_ms = self._left_ms(ask)
        self._emitter.emit(Emission("OnReceiveTrData", arguments, data), delay_ms)
        if ask.tr.is_of_account:
            behind_ms = self._between(*self._plan.times.message_ms)
            self._tell(ask.shown, ask.rqname, ask.trcode, DONE[self._plan.server.kind], delay_ms + behind_ms)
        if ask.tr.registers:
            codes = [code for code in case.codes if code in case.instruments]
            self._emitter.later(delay_ms, lambda: self._doings.register(ask.shown, codes))

    def _page(self, ask: Ask, sheet: Sheet) -> tuple[Sheet, bool]:
        size = ask.definition.page_rows
        if self._plan.trs.short_pages:
            size = min(size, self._plan.trs.short_pages)
        start = _behind(sheet.rows, ask.after)
        rows = sheet.rows[start : start + size]
        more = start + size < len(sheet.rows)
        if more:
            while len(self._places) >= MOST_PLACES:
                del self._places[next(iter(self._places))]
            self._places[ask.rqname, ask.definition.trcode, ask.screen] = rows[-1].key
        single = dict(sheet.single)
        for name in COUNTS & single.keys():  # of the rows in this very answer
            single[name] = f"{len(rows):0{len(single[name])}d}"
        return Sheet(single, rows), more

    def _data(self, definition: Definition, page: Sheet) -> TrData:
        single = {name: page.single.get(name, "") for name in definition.single}
        if definition.is_read_as_single:
            fields = page.rows[0].fields if page.rows else {}
            return TrData({name: fields.get(name, "") for name in definition.multi})
        rows = [[row.fields.get(name, "") for name in definition.multi] for row in page.rows]
        return TrData(single, rows, definition.multi)

    def _tell(self, screen: str, rqname: str, trcode: str, text: str, delay_ms: int) -> None:
        self._emitter.emit(Emission("OnReceiveMsg", (screen, rqname, trcode, text)), delay_ms)

    def _left_ms(self, ask: Ask) -> int:
        return max(0, (ask.at - self._emitter.now + 999_999) // 1_000_000)

    def _between(self, low: int, high: int) -> int:
        return low + self._draws.below(high - low + 1)


def _behind(rows: Sequence[Row], after: str | None) -> int:
    """Give where the rows behind a key begin; the start when it is gone (a list that has begun anew)."""
    if after is None:
        return 0
    return next((number for number, row in enumerate(rows, 1) if row.key == after), 0)
