"""`hantrade krx`: ask the market's rules. Needs no broker, no log and no network."""

from datetime import date
from typing import Annotated

import typer

from cli import krx_check, krx_session
from cli.context import DEFAULT_HOME, HomeOption
from cli.krx_answers import PLAIN, DateOption, JsonOption, MarketOption, day_of, market_of, number, one_line_errors, say
from cli.krx_hours import hours_of
from domain.errors import ConfigError
from domain.krx.calendar import Overrides, is_session, next_session, previous_session, settlement_date
from domain.krx.costs import (
    CUT_TO_WON,
    commission_rate,
    fill_costs,
    rounding_of,
)
from domain.krx.limits import UNLIMITED, LimitRegime, limit_percent, price_limits
from domain.krx.ticks import is_half_tick, is_on_tick, step, tick_size
from domain.types import Side

app = typer.Typer(
    help="Ask the rules of the Korean market: ticks, limits, hours, costs. Example: hantrade krx tick 71300",
    no_args_is_help=True,
)
app.command("session")(krx_session.session)
app.command("kinds")(krx_session.kinds)
app.command("check")(krx_check.check)


def _side(text: str) -> Side:
    try:
        return Side(text.upper())
    except ValueError:
        raise ConfigError(f"side expected buy or sell, was {text!r}") from None


def _regime(text: str) -> LimitRegime:
    try:
        return LimitRegime(text.upper())
    except ValueError:
        allowed = ", ".join(regime.value.lower() for regime in LimitRegime)
        raise ConfigError(f"regime expected one of {allowed}, was {text!r}") from None


@app.command(context_settings=PLAIN)
def tick(
    price: Annotated[str, typer.Argument(help="Price in won.", metavar="PRICE")],
    on: DateOption = "",
    market: MarketOption = "kospi",
    as_json: JsonOption = False,
) -> None:
    """Show the tick at PRICE and whether PRICE may be ordered.

    Example: hantrade krx tick 71300 --market kosdaq --date 2026-01-13
    """
    with one_line_errors():
        won, board, day = number("price", price), market_of(market), day_of(on)
        size, valid = tick_size(won, board, day), is_on_tick(won, board, day)
        below, above = step(won, -1, board, day), step(won, 1, board, day)
        is_half = not valid and is_half_tick(won, board, day)
    lines = [f"{won:,} won, {board.value} on {day}: tick {size:,} won, {'valid' if valid else 'not a valid price'}"]
    if not valid:
        half = "; half a tick, as executions at the mid-point are" if is_half else ""
        lines.append(f"nearest valid prices: {below:,} and {above:,} won{half}")
    answer = {"price": won, "tick": size, "valid": valid, "half_tick": is_half, "below": below, "above": above}
    say(answer, as_json, lines)


@app.command(context_settings=PLAIN)
def limits(
    base: Annotated[str, typer.Argument(help="Base price (previous regular close) in won.", metavar="BASE")],
    on: DateOption = "",
    market: MarketOption = "kospi",
    regime: Annotated[
        str, typer.Option("--regime", help="normal, listing or liquidation; BASE of a listing: the offer price.")
    ] = "normal",
    leverage: Annotated[str, typer.Option("--leverage", help="Of an ETF or ETN: 1, 2 or 3; inverse alike.")] = "1",
    as_json: JsonOption = False,
) -> None:
    """Show the lowest and highest price of a day for a base price.

    Example: hantrade krx limits 239000
    """
    with one_line_errors():
        won, board, day, rule = number("base", base), market_of(market), day_of(on), _regime(regime)
        lower, upper = price_limits(won, board, day, regime=rule, leverage=number("leverage", leverage))
        percent = limit_percent(board, day) * int(leverage)
    capped = upper != UNLIMITED
    answer = {
        "base": won,
        "lower": lower,
        "upper": upper if capped else None,
        "regime": rule.value.lower(),
        "leverage": int(leverage),
    }
    what = f"±{percent} %" if rule is LimitRegime.NORMAL else rule.value.lower()
    span = f"{lower:,} to {upper:,} won ({what}, both tradable)" if capped else "no limits (liquidation)"
    lines = [f"base {won:,} won, {board.value} on {day}: {span}"]
    if not is_on_tick(won, board, day):
        lines.append(f"note: a base of {won:,} won is not on the tick grid of that day")
    say(answer, as_json, lines)


@app.command()
def cost(
    side: Annotated[str, typer.Option("--side", help="buy or sell.")],
    price: Annotated[str, typer.Option("--price", help="Price in won.")],
    quantity: Annotated[str, typer.Option("--quantity", help="Shares.")],
    on: Annotated[
        str, typer.Option("--date", help="Day of the trade. Default: today or the next session.", show_default=False)
    ] = "",
    market: MarketOption = "kospi",
    rate: Annotated[
        str, typer.Option("--rate", help="Named commission: default (0.015 %) or mock (0.35 %).")
    ] = "default",
    commission_ppm: Annotated[
        str, typer.Option("--commission-ppm", help="Commission in parts per million instead; 150 is 0.015 %.")
    ] = "",
    rounding: Annotated[
        str, typer.Option("--rounding", help="won: all cut at 1 won; ten-won: commission cut at 10 won.")
    ] = CUT_TO_WON.name,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show what one fill costs, with the tax of the year it settles in.

    Example: hantrade krx cost --side sell --price 50000 --quantity 10 --date 2025-12-29
    """
    with one_line_errors():
        overrides = hours_of(home).overrides
        way, board, day = _side(side), market_of(market), _trade_day(on, overrides)
        notional = number("price", price) * number("quantity", quantity)
        named = commission_rate(rate)
        ppm = _ppm(commission_ppm) if commission_ppm else named.ppm
        policy = rounding_of(rounding)
        settled = settlement_date(day, overrides)
        costs = fill_costs(way, notional, board, day, ppm, rounding=policy, settled=settled)
    answer = {
        "notional_krw": notional,
        "commission_krw": costs.commission,
        "tax_krw": costs.tax,
        "settlement_date": settled.isoformat(),
        "commission_ppm": ppm,
        "rounding": policy.name,
    }
    lines = [
        f"{way.value.lower()} for {notional:,} won, {board.value} on {day}, settled {settled}:",
        f"  commission {costs.commission:,} won, tax {costs.tax:,} won, together {costs.total:,} won",
        f"  commission {ppm} ppm ({'given' if commission_ppm else named.source})",
        f"  rounding {policy.name}: {policy.source}; unconfirmed",
    ]
    say(answer, as_json, lines)


def _trade_day(text: str, overrides: Overrides) -> date:
    day = day_of(text)
    if is_session(day, overrides):
        return day
    if not text:
        return next_session(day, overrides)
    allowed = f"a trading day such as {previous_session(day, overrides)} or {next_session(day, overrides)}"
    raise ConfigError(f"date expected {allowed}, was {text!r} (closed)")


def _ppm(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 6:
        return int(text)
    raise ConfigError(f"commission-ppm expected a whole number from 0 to 999999, was {text!r}")
