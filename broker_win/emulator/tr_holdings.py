"""TRs about cash and holdings: opw00001, opw00004, opw00018, opt10085 (kiwoom.md 3)."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from broker.port import AccountState
from broker_win.emulator.definitions import definitions
from broker_win.emulator.texts import basis_points, day, hundredths, row, single, text
from broker_win.emulator.tr_case import Case, Row, Sheet, Tr
from broker_win.emulator.tr_quotes import last_price
from domain.krx.costs import commission, commission_rate, transaction_tax
from domain.messages.link import BrokerDayOrder, BrokerPosition
from domain.quotes import Quote
from domain.time import kst_date
from domain.types import DayOrderAction, DayOrderState, Market, Side

MOCK: Final = "mock"
LETTERS: Final = {Market.ETN: "Q"}  # in front of a code; all others have the plan's


class Worth(NamedTuple):
    """A holding at its last price; KRW."""

    price: int
    value: int
    fee_in: int
    fee_out: int
    tax: int
    gain: int  # after all costs


class Traded(NamedTuple):
    """Shares of one code bought and sold today."""

    bought: int = 0
    sold: int = 0
    paid: int = 0  # KRW, without costs
    earned: int = 0
    commission: int = 0
    tax: int = 0


def written_code(case: Case, code: str) -> str:
    """Give a code the way lists of the account write it: with the letter of its kind in front."""
    one = case.instruments.get(code)
    return LETTERS.get(one.market if one else Market.KOSPI, case.plan.unknowns.account_first_letter) + code


def traded_today(case: Case) -> Mapping[str, Traded]:
    """Sum the day's orders by code."""
    found: dict[str, Traded] = {}
    for order in case.rows("day_orders"):
        before = found.get(order.symbol, Traded())
        found[order.symbol] = _with(before, order)
    return found


def deposit(case: Case) -> Sheet:
    """Answer opw00001."""
    state: AccountState = case.got["account"]
    settled = state.cash if state.deposit is None else state.deposit
    d1 = state.cash if state.d1_deposit is None else state.d1_deposit
    out = state.orderable_cash if state.withdrawable is None else state.withdrawable
    known = {
        "예수금": settled,
        "출금가능금액": out,
        "주문가능금액": state.orderable_cash,
        "100%종목주문가능금액": state.orderable_cash,
        "주식증거금현금": state.cash - state.orderable_cash,
        "d+1추정예수금": d1,
        "d+1매도매수정산금": d1 - settled,
        "d+1출금가능금액": min(d1, state.orderable_cash),
        "d+2추정예수금": state.cash,
        "d+2매도매수정산금": state.cash - d1,
        "d+2출금가능금액": min(state.cash, state.orderable_cash),
    }
    fields = {name: single(known.get(name, 0)) for name in definitions()["opw00001"].single}
    return Sheet(fields | {"출력건수": "00000"})


def evaluation(case: Case) -> Sheet:
    """Answer opw00004."""
    state: AccountState = case.got["account"]
    held, traded, quotes = case.rows("positions"), traded_today(case), case.quotes
    worths = [_worth(case, position, quotes) for position in held]
    cost, value = sum(one.cost_basis for one in held), sum(worth.value for worth in worths)
    realized = sum(one.realized_pnl for one in held)
    today = {"당일투자원금": cost, "당월투자원금": cost, "누적투자원금": cost}
    gains = {"당일투자손익": realized, "당월투자손익": realized, "누적투자손익": realized}
    sums = {
        "예수금": state.cash if state.deposit is None else state.deposit,
        "D+2추정예수금": state.cash,
        "유가잔고평가액": value,
        "예탁자산평가액": value + state.cash,
        "총매입금액": cost,
        "추정예탁자산": value + state.cash,
        "매도담보대출금": 0,
    }
    rates = dict.fromkeys(("당일손익율", "당월손익율", "누적손익율"), _rate(case, realized, cost))
    rows = [
        Row(
            one.symbol,
            {
                "종목코드": written_code(case, one.symbol),
                "종목명": text(case.name(one.symbol), 40),
                "보유수량": row(one.quantity),
                "평균단가": row(_average(one)),
                "현재가": row(worth.price),
                "평가금액": row(worth.value),
                "손익금액": row(worth.gain),
                "손익율": _rate(case, worth.gain, one.cost_basis),
                "매입금액": row(one.cost_basis),
                "결제잔고": row(_settled(one, traded)),
                "전일매수수량": row(0),
                "전일매도수량": row(0),
                "금일매수수량": row(traded.get(one.symbol, Traded()).bought),
                "금일매도수량": row(traded.get(one.symbol, Traded()).sold),
            },
        )
        for one, worth in zip(held, worths, strict=True)
        if one.quantity
    ]
    words = {"계좌명": text("홍길동"), "지점명": text("키움금융센터"), "출력건수": f"{len(rows):05d}"}
    return Sheet(words | {name: single(value) for name, value in {**sums, **today, **gains}.items()} | rates, rows)


def holdings(case: Case) -> Sheet:
    """Answer opw00018."""
    state: AccountState = case.got["account"]
    traded, quotes = traded_today(case), case.quotes
    held = [one for one in case.rows("positions") if one.quantity]
    worths = [_worth(case, position, quotes) for position in held]
    cost, value = sum(one.cost_basis for one in held), sum(worth.value for worth in worths)
    gain = sum(worth.gain for worth in worths)
    sums = {
        "총매입금액": cost,
        "총평가금액": value,
        "총평가손익금액": gain,
        "추정예탁자산": value + state.cash,
        "총대출금": 0,
        "총융자금액": 0,
        "총대주금액": 0,
    }
    rows = [
        Row(
            one.symbol,
            {
                "종목번호": written_code(case, one.symbol),
                "종목명": text(case.name(one.symbol), 40),
                "평가손익": single(worth.gain),
                "수익률(%)": _rate(case, worth.gain, one.cost_basis),
                "매입가": single(_average(one)),
                "전일종가": row(case.base(one.symbol)),
                "보유수량": single(one.quantity),
                "매매가능수량": single(one.quantity if one.sellable is None else one.sellable),
                "현재가": row(worth.price),
                "전일매수수량": single(0),
                "전일매도수량": single(0),
                "금일매수수량": single(traded.get(one.symbol, Traded()).bought),
                "금일매도수량": single(traded.get(one.symbol, Traded()).sold),
                "매입금액": single(one.cost_basis),
                "매입수수료": single(worth.fee_in),
                "평가금액": single(worth.value),
                "평가수수료": single(worth.fee_out),
                "세금": single(worth.tax),
                "수수료합": single(worth.fee_in + worth.fee_out),
                "보유비중(%)": _rate(case, worth.value, value),
                "신용구분": "00",
                "신용구분명": "",
                "대출일": "",
            },
        )
        for one, worth in zip(held, worths, strict=True)
    ]
    fields = {name: single(value) for name, value in sums.items()}
    return Sheet(fields | {"총수익률(%)": _rate(case, gain, cost), "조회건수": f"{len(rows):04d}"}, rows)


def returns(case: Case) -> Sheet:
    """Answer opt10085: holdings, and what was sold out today with its realised profit."""
    traded, quotes = traded_today(case), case.quotes
    rows = [
        Row(
            one.symbol,
            {
                "일자": day(case.now),
                "종목코드": written_code(case, one.symbol),
                "종목명": text(case.name(one.symbol), 40),
                "현재가": row(_worth(case, one, quotes).price),
                "매입가": row(_average(one)),
                "매입금액": row(one.cost_basis),
                "보유수량": row(one.quantity),
                "당일매도손익": row(one.realized_pnl),
                "당일매매수수료": row(traded.get(one.symbol, Traded()).commission),
                "당일매매세금": row(traded.get(one.symbol, Traded()).tax),
                "신용구분": "00",
                "결제잔고": row(_settled(one, traded)),
                "청산가능수량": row(one.quantity if one.sellable is None else one.sellable),
                "신용금액": row(0),
                "신용이자": row(0),
            },
        )
        for one in case.rows("positions")
        if one.quantity or one.realized_pnl
    ]
    return Sheet(rows=rows)


def _with(before: Traded, order: BrokerDayOrder) -> Traded:
    if order.action is DayOrderAction.CANCEL or order.state is DayOrderState.REJECTED:
        return before
    bought = order.filled_qty if order.side is Side.BUY else 0
    paid = order.filled_notional if order.side is Side.BUY else 0
    return Traded(
        before.bought + bought,
        before.sold + order.filled_qty - bought,
        before.paid + paid,
        before.earned + order.filled_notional - paid,
        before.commission + (order.commission or 0),
        before.tax + (order.tax or 0),
    )


def _worth(case: Case, one: BrokerPosition, quotes: Mapping[str, Quote]) -> Worth:
    instrument = case.instruments.get(one.symbol)
    price = last_price(quotes.get(one.symbol), instrument) if instrument else 0
    value = price * one.quantity
    ppm = commission_rate(MOCK if case.plan.server.kind == MOCK else "default").ppm
    fee_in, fee_out = commission(one.cost_basis, ppm), commission(value, ppm)
    tax = transaction_tax(value, instrument.market if instrument else Market.KOSPI, kst_date(case.now))
    gain = value - one.cost_basis - fee_in - fee_out - tax
    return Worth(price, value, fee_in, fee_out, tax, gain)


def _average(one: BrokerPosition) -> int:
    return one.cost_basis // one.quantity if one.quantity else 0


def _settled(one: BrokerPosition, traded: Mapping[str, Traded]) -> int:
    today = traded.get(one.symbol, Traded())
    return max(0, one.quantity - today.bought + today.sold)


def _rate(case: Case, part: int, whole: int) -> str:
    """Write percent: in hundredths on the mock server, with two decimals on the real one (kiwoom.md 3, opw00018)."""
    found = basis_points(part, whole)
    return row(found) if case.plan.server.kind == MOCK else hundredths(found).rjust(12)


def _account_only(build: Callable[[Case], Sheet]) -> Callable[[Case], Sheet]:
    """Give nothing where the account could not be read."""
    return lambda case: build(case) if case.got.get("account") is not None else Sheet()


HOLDING_TRS: Final = {
    "opw00001": Tr(_account_only(deposit), ("account",), is_of_account=True),
    "opw00004": Tr(_account_only(evaluation), ("account", "positions", "quotes", "day_orders"), is_of_account=True),
    "opw00018": Tr(_account_only(holdings), ("account", "positions", "quotes", "day_orders"), is_of_account=True),
    "opt10085": Tr(returns, ("positions", "quotes", "day_orders"), is_of_account=True),
}
