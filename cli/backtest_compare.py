"""What `backtest compare` prints: every order of both logs, what differs and why."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.names import labelled, name_of
from cli.output import console, krw, show_table
from domain.time import KST, kst_datetime, kst_text

if TYPE_CHECKING:
    from backtest.compare import Comparison, Verdict
    from backtest.history import History, OrderStory

WORDS = {"same": "same", "differs": "differs", "only_a": "only in A", "only_b": "only in B"}
NO_CAUSE = "no cause found in the logs"


def objects_of(comparison: "Comparison") -> Iterator[dict[str, Any]]:
    """Give one object an order, and the summary as the last."""
    for item in comparison.verdicts:
        order = item.pair.either.approved
        yield {
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
    first = comparison.first_difference
    yield {
        "identical": comparison.is_same,
        **comparison.counts,
        "unexplained": comparison.unexplained,
        "first_difference": first.number if first else None,
        "settings": list(comparison.settings),
        "a": _log(comparison.a),
        "b": _log(comparison.b),
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


def _log(history: "History") -> dict[str, Any]:
    return {
        "log_path": str(history.path),
        "mode": history.runs[0].config.mode if history.runs else None,
        "orders": len(history.orders),
        "fills": len(history.booked),
        "quotes": history.quotes,
        "batches": len(history.ends),
        "realized_pnl_krw": sum(fill.realized_pnl for fill in history.booked)
        + sum(revision.realized_pnl for revision in history.revised),
    }


def show(comparison: "Comparison", *, everything: bool) -> None:
    """Print what is not the same, or every order, then a summary."""
    out = console()
    for letter, history in (("A", comparison.a), ("B", comparison.b)):
        said = _log(history)
        out.print(
            f"{letter}: {said['log_path']}  {said['mode']}  {krw(said['orders'])} orders, {krw(said['fills'])} fills, "
            f"{krw(said['quotes'])} quotes in {krw(said['batches'])} batches, "
            f"realised {said['realized_pnl_krw']:+,} KRW"
        )
    for text in comparison.settings:
        out.print(f"settings differ: {text}")
    chosen = [item for item in comparison.verdicts if everything or item.verdict != "same"]
    columns = [("#", "right"), ("order", "left"), ("A", "left"), ("B", "left"), ("verdict", "left"), ("why", "left")]
    nothing = "no orders" if not comparison.verdicts else "every order is the same"
    show_table(
        "orders that are not the same" if not everything else "orders", columns, [_row(i) for i in chosen], nothing
    )
    out.print(_summary(comparison))


def _row(item: "Verdict") -> list[str]:
    order = item.pair.either.approved
    verdict = WORDS[item.verdict] + (f" in {', '.join(item.differences)}" if item.differences else "")
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


def _summary(comparison: "Comparison") -> str:
    counts = comparison.counts
    text = ", ".join(f"{krw(counts[name])} {word}" for name, word in WORDS.items())
    first = comparison.first_difference
    if first is None:
        return f"{text}: the two made the same orders with the same fills"
    text += f"; the first difference is order {first.number}, and later ones may follow from it"
    return text + (f"; {comparison.unexplained} without a cause in the logs" if comparison.unexplained else "")
