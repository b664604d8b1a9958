"""What `backtest compare` prints: one table of figures, then the orders of each pair of logs, and why they differ."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.names import labelled, name_of
from cli.output import console, krw, show_table
from domain.time import KST, kst_datetime, kst_text

if TYPE_CHECKING:
    from datetime import date

    from backtest.compare import Comparison, Verdict
    from backtest.figures import Row, Table, Value
    from backtest.history import OrderStory
    from backtest.same_days import Told

NO_CAUSE = "no cause found in the logs"
DIGITS = {"%": 4}  # behind the point, where not 2
FIGURES = {
    "orders": "orders",
    "orders_by_hand": "of them by hand",
    "orders_denied": "orders denied",
    "fills": "fills",
    "shares": "shares filled",
    "notional_krw": "notional, KRW",
    "realized_pnl_krw": "realised, KRW",
    "costs_krw": "costs, KRW",
    "unrealized_pnl_krw": "unrealised, KRW",
    "equity_end_krw": "equity at the end, KRW",
    "day_loss_pct": "deepest day loss, %",
    "decision_slippage_ppm": "slippage to decision, ppm",
    "arrival_slippage_ppm": "slippage to arrival, ppm",
    "reaction_ms_p50": "reaction p50, ms",
    "reaction_ms_p99": "reaction p99, ms",
    "signals": "signals",
    "quotes": "quotes",
    "batches": "batches of quotes",
    "uptime_pct": "links up, %",
}


def objects_of(table: "Table", days: "tuple[date, ...]") -> Iterator[dict[str, Any]]:
    """Give one object an order of each pair, then one a figure, and the summary as the last."""
    for pair in table.pairs:
        yield from _orders(pair)
    yield from (_figure(row, [told.name.lower() for told in table.logs]) for row in table.rows)
    first = table.pairs[0]
    yield {
        "row": "summary",
        **_pair(first),
        "identical": table.is_same,
        **{told.name.lower(): _log(told) for told in table.logs},
        "days": [day.isoformat() for day in days],
        "pairs": {"-".join(pair.names): _pair(pair) for pair in table.pairs},
        "missing": [text for told in table.logs for text in told.period.missing],
    }


def _orders(comparison: "Comparison") -> Iterator[dict[str, Any]]:
    for item in comparison.verdicts:
        order = item.pair.either.approved
        yield {
            "row": "order",
            "pair": "-".join(comparison.names),
            "number": item.number,
            "verdict": item.verdict,
            "symbol": order.symbol,
            "name": name_of(order.symbol),
            "side": order.side,
            "purpose": order.purpose,
            "differences": list(item.differences),
            "causes": list(item.causes),
            "a": _object(item.pair.a),
            "b": _object(item.pair.b),
        }


def _figure(row: "Row", letters: list[str]) -> dict[str, Any]:
    others = list(zip(letters[1:], row.differences, row.causes, strict=True))
    return {
        "row": "figure",
        "figure": row.figure.key,
        "unit": row.figure.unit,
        **dict(zip(letters, row.values, strict=True)),
        **{f"difference_{letter}": difference for letter, difference, _ in others},
        "causes": {letter: list(causes) for letter, _, causes in others},
    }


def _pair(comparison: "Comparison") -> dict[str, Any]:
    first = comparison.first_difference
    return {
        "identical": comparison.is_same,
        **comparison.counts,
        "unexplained": comparison.unexplained,
        "first_difference": first.number if first else None,
        "settings": list(comparison.settings),
    }


def _object(story: "OrderStory | None") -> dict[str, Any] | None:
    if story is None:
        return None
    return {
        "client_order_id": story.approved.client_order_id,
        "decided_at": _iso(story.approved.venue_time),
        "heard_until": _iso(story.clock) if story.clock else None,
        "reached_venue_at": _iso(story.reached_at) if story.reached_at else None,
        "quantity": story.approved.quantity,
        "limit_price": story.approved.limit_price,
        "filled": story.filled,
        "notional_krw": story.notional,
        "status": story.status,
    }


def _iso(at: int) -> str:
    return kst_datetime(at).astimezone(KST).isoformat(timespec="milliseconds")


def _log(told: "Told") -> dict[str, Any]:
    history, lines = told.history, told.period.curve.lines
    return {
        "log_path": str(history.path),
        "mode": history.runs[0].config.mode if history.runs else None,
        "orders": len(history.orders),
        "fills": sum(line.fills for line in lines),
        "quotes": history.quotes,
        "batches": len(history.ends),
        "realized_pnl_krw": sum(line.realized for line in lines),
    }


def show(table: "Table", days: "tuple[date, ...]", *, everything: bool) -> None:
    """Print all figures, then of each pair what is not the same, or every order, and a summary."""
    out = console()
    for told in table.logs:
        said = _log(told)
        out.print(
            f"{told.name}: {said['log_path']}  {said['mode']}  {krw(said['orders'])} orders, "
            f"{krw(said['fills'])} fills, {krw(said['quotes'])} quotes in {krw(said['batches'])} batches, "
            f"realised {said['realized_pnl_krw']:+,} KRW"
        )
    for text in (text for told in table.logs for text in told.period.missing):
        out.print(f"not told: {text}")
    out.print()
    _show_figures(table, days)
    for comparison in table.pairs:
        out.print()
        _show_orders(comparison, everything=everything, is_only=len(table.pairs) == 1)


def _show_figures(table: "Table", days: "tuple[date, ...]") -> None:
    first, *others = [told.name for told in table.logs]
    columns = [("figure", "left"), (first, "right")]
    for name in others:
        columns += [(name, "right"), (f"{name} - {first}", "right")]
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} dates"
    show_table(f"figures of {span}", [*columns, ("why", "left")], [_cells(row, others) for row in table.rows], "")


def _cells(row: "Row", others: list[str]) -> list[str]:
    unit, first = row.figure.unit, row.values[0]
    cells, why = [FIGURES[row.figure.key], _number(first, unit)], []
    for name, value, difference, causes in zip(others, row.values[1:], row.differences, row.causes, strict=True):
        cells += [_number(value, unit), _number(difference, unit, "+")]
        if value != first:
            said = "; ".join(causes) or NO_CAUSE
            why.append(f"{name}: {said}" if len(others) > 1 else said)
    told = any(value is not None for value in row.values)
    return [*cells, "; ".join(why) if told else "told by none of them"]


def _number(value: "Value", unit: str, sign: str = "") -> str:
    if value is None:
        return "-"
    if not value:
        return "0"
    return f"{value:{sign},}" if isinstance(value, int) else f"{value:{sign},.{DIGITS.get(unit, 2)}f}"


def _show_orders(comparison: "Comparison", *, everything: bool, is_only: bool) -> None:
    out, (first, second) = console(), comparison.names
    for text in comparison.settings:
        out.print(f"settings differ{'' if is_only else f' between {first} and {second}'}: {text}")
    chosen = [item for item in comparison.verdicts if everything or item.verdict != "same"]
    columns = [
        *(("#", "right"), ("order", "left"), (first, "left"), (second, "left")),
        *(("verdict", "left"), ("why", "left")),
    ]
    nothing = f"no orders in {first} and {second}" if not comparison.verdicts else ""
    title = f"orders of {first} and {second}" + ("" if everything else " that are not the same")
    nothing = nothing or f"every order of {first} and {second} is the same"
    words = _words(comparison)
    show_table(title, columns, [_row(item, words) for item in chosen], nothing)
    out.print(_summary(comparison, words))


def _words(comparison: "Comparison") -> dict[str, str]:
    first, second = comparison.names
    return {"same": "same", "differs": "differs", "only_a": f"only in {first}", "only_b": f"only in {second}"}


def _row(item: "Verdict", words: dict[str, str]) -> list[str]:
    order = item.pair.either.approved
    verdict = words[item.verdict] + (f" in {', '.join(item.differences)}" if item.differences else "")
    why = "; ".join(item.causes) or ("" if item.verdict == "same" else NO_CAUSE)
    what = f"{order.side.lower()} {labelled(order.symbol)}"
    return [str(item.number), what, _cell(item.pair.a), _cell(item.pair.b), verdict, why]


def _cell(story: "OrderStory | None") -> str:
    if story is None:
        return "-"
    order = story.approved
    price = "market" if order.limit_price is None else krw(order.limit_price)
    average = f", {krw(story.filled)} at {krw(story.notional // story.filled)}" if story.filled else ", unfilled"
    return f"{kst_text(order.venue_time)} {krw(order.quantity)} x {price}{average}"


def _summary(comparison: "Comparison", words: dict[str, str]) -> str:
    counts = comparison.counts
    text = ", ".join(f"{krw(counts[name])} {word}" for name, word in words.items())
    first = comparison.first_difference
    if first is None:
        return f"{text}: the two made the same orders with the same fills"
    text += f"; the first difference is order {first.number}, and later ones may follow from it"
    return text + (f"; {comparison.unexplained} without a cause in the logs" if comparison.unexplained else "")
