"""Small back-tests of made days, and histories put together by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from backtest.history import Fill, History, OrderStory, read_history
from backtest.plan import Pace
from backtest.run import Ran, Setup, run
from backtest.source import Source, chosen_days
from domain.config import RunConfig, SimConfig
from domain.krx.calendar import NO_OVERRIDES
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, OrderApproved
from domain.time import from_kst
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, Side, UnixNanos
from tests.broker_sim.builders import DAY, SYMBOL, a_bar, a_file
from trends.recorded import RecordedTrends, packaged_trends

AT_ONCE = SimConfig(latency_ms=0, latency_jitter_ms=0)
OPEN = from_kst(DAY, 9, 0)
SECOND = 1_000_000_000


def lively_days(folder: Path, *days: str, end: int = 930) -> Path:
    """Write minute bars of some days, 09:00 to a minute of the day."""
    bars = [bar for day in days or ("2026-01-13",) for bar in a_lively_day(day, end)]
    return a_file(folder, bars)


def a_lively_day(day: str, end: int) -> list[dict[str, Any]]:
    """Give minute bars that jump once an hour on volume, from 09:00 to a minute of the day: entries and exits."""
    bars, price = [], 10_000
    for minute in range(540, end + 1):
        if 920 <= minute < 930:
            continue  # the closing auction: nothing trades
        jump = 300 if minute % 60 == 30 else -20 if minute % 2 else 20
        close = max(9_000, min(11_500, price + jump))
        volume = 9_000 if jump == 300 else 300 + minute % 7
        prices = {"open": price, "high": max(price, close), "low": min(price, close), "close": close}
        time = f"{minute // 60:02d}:{minute % 60:02d}:00"
        bars.append(a_bar(SYMBOL, time, date=day, volume=volume, prev_close=10_000, **prices))
        price = close
    return bars


def a_run(
    data: Path,
    log_path: Path,
    *,
    config: RunConfig | None = None,
    symbols: tuple[str, ...] | None = None,
    trends: RecordedTrends | None = None,
    watch: Any = lambda _: None,
    stop: Any = lambda: False,
    cut: Any = None,
    **pace: int,
) -> Ran:
    """Back-test all days of a file."""
    config = config or RunConfig("backtest", sim=AT_ONCE)
    setup = Setup(config, "0.0.0", Pace(**pace), log_path, trends or packaged_trends(), cut)
    source = Source(data, chosen_days(data, None, None), symbols, NO_OVERRIDES)
    return run(setup, source, watch, stop)


def at(seconds: float) -> UnixNanos:
    return UnixNanos(OPEN + int(seconds * SECOND))


def approved(seconds: float, **changes: Any) -> OrderApproved:
    """Give an order that risk let pass so many seconds after the open."""
    made = OrderApproved(
        client_order_id=ClientOrderId(f"L-{seconds}"),
        symbol=SYMBOL,
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        purpose=Purpose.ENTRY,
        quantity=10,
        limit_price=Krw(10_000),
        reserved_krw=Krw(100_100),
        origin="attention_momentum",
        rationale="up",
        venue_time=at(seconds),
    )
    return replace(made, **changes)


def a_story(seconds: float, *fills: tuple[float, int, int], clock: float | None = None, **changes: Any) -> OrderStory:
    """Give an order with fills as (seconds, shares, price)."""
    heard = at(seconds if clock is None else clock)
    made = OrderStory(approved(seconds, **changes), 1, heard, heard, 0, Krw(10_000_000), Krw(10_000_000))
    made.fills = [Fill(at(when), shares, price) for when, shares, price in fills]
    made.reached_at = at(fills[0][0]) if fills else 0
    made.status = "FILLED" if fills else "WORKING"
    made.changed_at = made.fills[-1].venue_time if fills else heard
    return made


def a_history(*stories: OrderStory, config: RunConfig | None = None) -> History:
    """Give a log of a day on which these orders were made."""
    history = History(Path("none.db"))
    history.runs.append(RunStarted("r", "0", config or RunConfig("backtest")))
    history.opened.append(AccountOpened("2026-01-13", Krw(10_000_000), Krw(10_000_000), at(-60)))
    history.ends += [at(0), at(23_000)]
    for story in stories:
        history.orders[story.approved.client_order_id] = story
    return history


def history_of(path: Path) -> History:
    return read_history(path)
