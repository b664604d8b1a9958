"""What is asked of Kiwoom about account, orders and prices, answered in our own terms. Lives on the event loop."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from broker.port import Candle
from broker_win.clock import Clock
from broker_win.requests import trs
from broker_win.requests.answers import PasswordMissing
from broker_win.requests.asker import Asker
from broker_win.requests.candles import bars_of, check_follows, joined, start_of
from broker_win.requests.holdings import balances_of, deposit_of, has_d2, one_holding_each
from broker_win.requests.order_rows import order_rows
from broker_win.requests.queue import Weight
from broker_win.requests.quotes import MOST_CODES, quotes_of
from broker_win.requests.tables import TrTable
from broker_win.requests.trs import TrSpec
from broker_win.rows import BalanceRow, Deposit, OrderLists
from domain.errors import BrokerUnavailable
from domain.quotes import Quote
from domain.time import kst_date
from domain.types import CandleInterval, UnixNanos

__all__ = ["PasswordMissing", "Queries"]

ESTIMATE: Final = "3"  # 추정조회: with what settles on the next two days
PLAIN: Final = "2"  # 일반조회
SUMMED: Final = "1"  # 합산: one row a code
MEDIA: Final = "00"  # 비밀번호입력매체구분; the password itself is the one registered in OpenAPI+


class Queries:
    """Questions with typed answers. All raise BrokerUnavailable (PasswordMissing among them) or give the whole."""

    def __init__(self, asker: Asker, account: Callable[[], str], clock: Clock) -> None:
        """Ask through `asker` about `account` (10 digits, empty before the log-in)."""
        self._asker, self._account, self._clock = asker, account, clock
        self._kind_of_deposit = ESTIMATE
        self._day_bars, self._minute_bars = trs.day_bars(), trs.minute_bars()

    def heed(self, differences: Sequence[str]) -> None:
        """Read bars by name from now on where their installed columns stand elsewhere: slow, but right."""
        if trs.reads_by_place_no_more(self._day_bars, differences):
            self._day_bars = self._day_bars.cell_by_cell()
        if trs.reads_by_place_no_more(self._minute_bars, differences):
            self._minute_bars = self._minute_bars.cell_by_cell()

    async def deposit(self, weight: Weight = Weight.ACCOUNT) -> Deposit:
        """Give cash, today and after settlement."""
        table = await self._deposit(weight)
        if not has_d2(table) and self._kind_of_deposit == ESTIMATE:
            self._kind_of_deposit = PLAIN  # sources do not say which of the two leaves the days ahead blank
            table = await self._deposit(weight)
        return deposit_of(table)

    async def balances(self, weight: Weight = Weight.ACCOUNT) -> list[BalanceRow]:
        """Give the holdings, one row a code."""
        inputs = {**self._secret(), "조회구분": SUMMED}
        return one_holding_each(balances_of(await self._asker.ask(trs.balances(), inputs, weight)))

    async def order_lists(self, weight: Weight = Weight.RECOVERY) -> OrderLists:
        """Give every order number of the day, read from three lists; whole or BrokerUnavailable."""
        begun = self._clock.venue()
        day = kst_date(begun)
        account = self._known_account()
        every = {"매도수구분": "0", "종목코드": ""}
        history = await self._asker.ask(
            trs.order_history(),
            {
                "주문일자": f"{day:%Y%m%d}",
                **self._secret(),
                **every,
                "조회구분": "1",
                "주식채권구분": "0",
                "시작주문번호": "",
            },
            weight,
        )
        filled = await self._asker.ask(
            trs.filled_orders(),
            {**every, "조회구분": "0", "계좌번호": account, "비밀번호": "", "주문번호": "", "체결구분": "0"},
            weight,
        )
        # Last: what only ever grows is furthest here, and only this list has the exact sum of what was filled.
        open_ = await self._asker.ask(
            trs.open_orders(),
            {"계좌번호": account, "전체종목구분": "0", "매매구분": "0", "종목코드": "", "체결구분": "0"},
            weight,
        )
        return OrderLists(order_rows(open_, history, filled, day), begun)

    async def probe(self) -> str:
        """Ask the cheapest question there is, and say in words what came."""
        begun = self._clock.monotonic()
        table = await self._asker.ask(trs.returns(), {"계좌번호": self._known_account()}, Weight.ACCOUNT, most_rows=1)
        took = (self._clock.monotonic() - begun) // 1_000_000
        return f"opt10085 answered in {took} ms, {'holdings' if table.rows else 'no holding'} in the account"

    async def latest_quotes(self, codes: Sequence[str]) -> list[Quote]:
        """Give the quote of each code that has one today, asked for 100 at a time."""
        found = []
        for first in range(0, len(codes), MOST_CODES):
            some = codes[first : first + MOST_CODES]
            table = await self._asker.ask(trs.quotes(), {"종목코드": ";".join(some)}, Weight.QUOTE)
            found += quotes_of(table.rows, self._clock.venue())
        return found

    async def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval = CandleInterval.MINUTE_1,
        adjusted: bool = False,
    ) -> list[Candle]:
        """Give bars that began in [since, until) and ended by the venue's clock, oldest first; none of a strange code.

        Without `since` all that Kiwoom has: every 900 bars (600 days) are one request of the hour's.
        """
        if since is not None and until is not None and since >= until:
            return []
        spec = self._day_bars if interval is CandleInterval.DAY else self._minute_bars
        inputs = {"종목코드": symbol, "수정주가구분": "1" if adjusted else "0"}
        if interval is CandleInterval.DAY:
            last = kst_date(self._clock.venue())
            if until is not None:
                last = min(last, kst_date(until - 1))
            inputs["기준일자"] = f"{last:%Y%m%d}"
        else:
            inputs["틱범위"] = str(interval.minutes)
        return joined(await self._bars(spec, inputs, interval, since, until))

    # ---- inside ------------------------------------------------------------------------------------------------

    async def _bars(
        self,
        spec: TrSpec,
        inputs: dict[str, str],
        interval: CandleInterval,
        since: UnixNanos | None,
        until: UnixNanos | None,
    ) -> list[list[Candle]]:
        """Turn page after page into bars, so that never more than one page of texts is kept."""
        found: list[list[Candle]] = []
        before = None
        async with aclosing(self._asker.pages(spec, inputs, Weight.CHART)) as pages:
            async for page in pages:
                rows = [row for row in page.rows if any(row.values())]
                if before is not None:
                    check_follows(interval, before, rows)
                found.append(bars_of(interval, rows, since, until, self._clock.venue()))
                if not rows or (since is not None and start_of(interval, rows[-1]) < since):
                    break
                before = rows[-1]
        return found

    async def _deposit(self, weight: Weight) -> TrTable:
        inputs = {**self._secret(), "조회구분": self._kind_of_deposit}
        return await self._asker.ask(trs.deposit(), inputs, weight)

    def _secret(self) -> dict[str, str]:
        return {"계좌번호": self._known_account(), "비밀번호": "", "비밀번호입력매체구분": MEDIA}

    def _known_account(self) -> str:
        account = self._account()
        if not account:
            raise BrokerUnavailable("no account is known before the log-in")
        return account
