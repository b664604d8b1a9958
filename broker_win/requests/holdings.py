"""Cash and holdings out of opw00001 and opw00018. Pure."""

from typing import Final

from broker_win.requests.tables import Row, TrTable, code_of, count_of, price_of, quantity_of, won_of
from broker_win.rows import BalanceRow, Deposit
from domain.errors import BrokerUnavailable

D2: Final = "d+2추정예수금"


def has_d2(table: TrTable) -> bool:
    """Tell whether opw00001 says what is left after everything settled."""
    return bool(table.single.get(D2))


def deposit_of(table: TrTable) -> Deposit:
    """Read opw00001; what debts make negative stays so. Raises BrokerUnavailable when a figure is missing."""
    return Deposit(
        deposit=won_of("opw00001", table.single, "예수금"),
        d1=won_of("opw00001", table.single, "d+1추정예수금"),
        d2=won_of("opw00001", table.single, D2),
        orderable=won_of("opw00001", table.single, "주문가능금액"),
        withdrawable=won_of("opw00001", table.single, "출금가능금액"),
    )


def balances_of(table: TrTable) -> list[BalanceRow]:
    """Read opw00018: what is held, sold out codes left out. Raises BrokerUnavailable when rows or figures are missing.

    조회건수 counts the rows of a page or of all, sources do not say which; fewer rows than it says are too few in
    either case.
    """
    count_of("opw00018", table, "조회건수")
    found = [_balance(row) for row in table.rows]
    return [one for one in found if one.quantity]


def _balance(row: Row) -> BalanceRow:
    mark = price_of("opw00018", row, "현재가")
    return BalanceRow(
        code=code_of("opw00018", row, "종목번호"),
        name=row["종목명"],
        quantity=quantity_of("opw00018", row, "보유수량"),
        sellable=quantity_of("opw00018", row, "매매가능수량"),
        average_price=price_of("opw00018", row, "매입가"),
        cost=won_of("opw00018", row, "매입금액"),
        mark_price=mark or None,
    )


def one_holding_each(rows: list[BalanceRow]) -> list[BalanceRow]:
    """Check that no code comes twice: 합산 lists each once. Raises BrokerUnavailable."""
    seen: set[str] = set()
    for one in rows:
        if one.code in seen:
            raise BrokerUnavailable(f"opw00018 expected each code once, {one.code} came twice: pages overlapped")
        seen.add(one.code)
    return rows
