"""`hantrade broker conditions|candles|market`: what a broker knows and the trader does not ask for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import Queue
from typing import Annotated, Any

import typer

from broker.client import BrokerClient
from broker.port import Condition, ConditionNews, PhaseChanged
from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.names import labelled, symbol_of
from cli.output import emit_json, krw, show_table
from cli.protection import access_of
from cli.settings import load
from cli.settings_tables import check_endpoint
from domain.errors import ConfigError, HantradeError
from domain.time import KST, kst_datetime, kst_full_text, kst_text
from domain.types import NANOS_PER_SECOND, CandleInterval, UnixNanos

EndpointOption = Annotated[str, typer.Option("--endpoint", help="HOST:PORT; default: where quotes come from.")]
FollowOption = Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")]


def conditions(
    name: Annotated[str, typer.Argument(help="Run this one; none lists all.")] = "",
    follow: FollowOption = False,
    endpoint: EndpointOption = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """List the condition searches (조건검색) made in Kiwoom's own program, run one, or follow what enters and leaves.

    Example: hantrade broker conditions 거래량급증 --follow
    """
    with _client(home, endpoint) as client:
        known = client.conditions()
        if not name:
            _show_conditions(known, json)
            return
        chosen = next((one for one in known if one.name == name), None)
        if chosen is None:
            names = ", ".join(one.name for one in known) or "none"
            raise ConfigError(f"NAME must be one of {names}, was {name!r}")
        if not follow:
            symbols = client.run_condition(chosen)
            _show_symbols(symbols, json)
            return
        for news in _followed(lambda hear, end: client.watch_condition(chosen, hear, end)):
            _show_news(news, json)


def candles(
    symbol: Annotated[str, typer.Argument(help="Code or Korean name.")],
    interval: Annotated[
        str, typer.Option("--interval", help="1m 3m 5m 10m 15m 30m 45m 60m 1d; default: its own.")
    ] = "",
    since: Annotated[str, typer.Option("--since", help="First begin, KST: YYYY-MM-DD or YYYY-MM-DDTHH:MM.")] = "",
    until: Annotated[str, typer.Option("--until", help="Bars that begin before this, KST.")] = "",
    adjusted: Annotated[bool, typer.Option("--adjusted", help="As if splits had happened before (수정주가).")] = False,
    endpoint: EndpointOption = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show the bars a broker has of one instrument.

    Example: hantrade broker candles 005930 --interval 1d --since 2026-01-02
    """
    length = _interval(interval)
    with _client(home, endpoint) as client:
        bars = client.candles(symbol_of(symbol), _moment("--since", since), _moment("--until", until), length, adjusted)
    if json:
        emit_json(
            {
                "start": _iso(bar.start),
                "open_krw": bar.open,
                "high_krw": bar.high,
                "low_krw": bar.low,
                "close_krw": bar.close,
                "volume": bar.volume,
            }
            for bar in bars
        )
        return
    right = "right"
    columns = [("begin", "left"), ("open", right), ("high", right), ("low", right), ("close", right), ("volume", right)]
    rows = [
        [kst_full_text(bar.start), *(krw(value) for value in (bar.open, bar.high, bar.low, bar.close, bar.volume))]
        for bar in bars
    ]
    show_table(labelled(symbol_of(symbol)), columns, rows, "no bars")


def market(endpoint: EndpointOption = "", json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Follow phases of the day and volatility interruptions (VI) until Ctrl-C.

    Example: hantrade broker market
    """
    with _client(home, endpoint) as client:
        for news in _followed(client.watch_market):
            if isinstance(news, PhaseChanged):
                row: dict[str, Any] = {"phase": str(news.phase), "code": news.code}
                words = f"phase {news.phase} (code {news.code})"
            else:
                row = {"symbol": news.symbol, "active": news.active, "trigger_price_krw": news.trigger_price}
                row |= {"reason": news.reason, "times": news.times}
                begun = "begins" if news.active else "ends"
                words = f"VI {begun}: {labelled(news.symbol)} at {krw(news.trigger_price)} KRW {news.reason}"
            if json:
                emit_json([{"venue_time": _iso(news.venue_time), **row}])
            else:
                print(f"{kst_text(news.venue_time)}  {words}", flush=True)


# ---- inside ----------------------------------------------------------------------------------------------------


@contextmanager
def _client(home: Path, endpoint: str) -> Iterator[BrokerClient]:
    settings, _ = load(home)
    target = check_endpoint(endpoint) if endpoint else settings.broker.quotes
    client = BrokerClient(target, call_timeout_s=30.0, access=access_of(home, settings, "broker"))
    try:
        yield client
    finally:
        client.close()


def _followed(listen: Callable[[Callable[[Any], None], Callable[[HantradeError | None], None]], Any]) -> Iterator[Any]:
    """Give news as they come; ends with what ended the stream."""
    heard: Queue[Any] = Queue()
    over = threading.Event()

    def end(why: HantradeError | None) -> None:
        over.set()
        heard.put(why)

    listen(heard.put, end)
    while True:
        news = heard.get()
        if isinstance(news, HantradeError):
            raise news
        if news is None and over.is_set():
            return
        yield news


def _show_conditions(known: list[Condition], as_json: bool) -> None:
    if as_json:
        emit_json({"index": one.index, "name": one.name} for one in known)
        return
    rows = [[str(one.index), one.name] for one in known]
    show_table("conditions", [("index", "right"), ("name", "left")], rows, "none; they are made in 영웅문 (HTS)")


def _show_symbols(symbols: list[str], as_json: bool) -> None:
    if as_json:
        emit_json({"symbol": symbol} for symbol in symbols)
    else:
        print("\n".join(labelled(symbol) for symbol in symbols) or "nothing fits")


def _show_news(news: ConditionNews, as_json: bool) -> None:
    if as_json:
        row = {"symbols": list(news.symbols), "entered": news.entered, "left": news.left}
        emit_json([{"venue_time": _iso(news.venue_time), **row}])
        return
    moved = f"+ {labelled(news.entered)}" if news.entered else f"- {labelled(news.left)}" if news.left else ""
    fits = ", ".join(labelled(symbol) for symbol in news.symbols) or "nothing"
    print(f"{kst_text(news.venue_time)}  {moved or f'fits: {fits}'}", flush=True)


def _iso(nanos: int) -> str:
    return kst_datetime(nanos).isoformat(timespec="milliseconds")


def _interval(text: str) -> CandleInterval | None:
    if not text:
        return None
    try:
        return CandleInterval(text)
    except ValueError:
        raise ConfigError(f"--interval must be one of {' '.join(CandleInterval)}, was {text!r}") from None


def _moment(option: str, text: str) -> UnixNanos | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} must be YYYY-MM-DD or YYYY-MM-DDTHH:MM, was {text!r}") from None
    return UnixNanos(int(found.replace(tzinfo=found.tzinfo or KST).timestamp()) * NANOS_PER_SECOND)
