"""The beginning of an order's story in words: the quote, the attention, the signal and how it turned out."""

from cli.names import labelled
from domain.indicators import UNKNOWN
from domain.messages.market import AttentionMeasured
from domain.messages.trading import SignalFormed, SignalInput, SignalScored
from domain.types import Purpose
from persistence.story import Trigger

WHOLE_FROM = 1_000  # won and parts per million are read without decimals


def price(limit_price: int | None) -> str:
    """Give a limit price for people."""
    return "at market" if limit_price is None else f"at {limit_price:,} KRW"


def quote(found: Trigger) -> str:
    """Give the row a signal was formed on."""
    row = found.row
    quality = "; ".join(f"{v.rule}: {v.detail} ({'refused' if v.refused else 'flagged'})" for v in found.verdicts)
    return (
        f"{row.price:,} KRW × {row.last_qty:,}, bid {row.bid_price:,} × {row.bid_qty:,}, ask {row.ask_price:,} ×"
        f" {row.ask_qty:,}; judged {quality or 'ok'} in #{found.judged_seq:,}"
    )


def attention(m: AttentionMeasured) -> str:
    """Give what people searched for."""
    if m.z is None or m.asvi is None:
        return f"{labelled(m.symbol)}: unknown, {m.reason}"
    return f"{labelled(m.symbol)}: z {m.z:+.2f}, asvi {m.asvi:+.3f}, from {m.source} as of {m.as_of}"


def signal(m: SignalFormed) -> list[str]:
    """Give what a strategy argued for, then its inputs, a line each."""

    def value(item: SignalInput) -> str:
        if item.value is None:
            return "unknown"
        return f"{item.value:+,.0f}" if abs(item.value) >= WHOLE_FROM else f"{item.value:+.4g}"

    width = max((len(item.name) for item in m.inputs), default=0)
    horizon = f"{m.horizon_sessions} sessions" if m.horizon_sessions else f"{m.horizon_s:,} s"
    # an exit that used no attention says so by "unknown", whatever is known
    searched = "" if m.purpose is Purpose.EXIT and m.attention == UNKNOWN else f", attention {m.attention}"
    regime = f", volatility {m.regime}" if m.regime else ""
    return [
        f"{m.strategy} argues for {m.side} ({m.purpose}) {price(m.limit_price)}, mark {m.reference_price:,} KRW,"
        f" strength {m.strength:.2f}, confidence {m.confidence:.2f}, horizon {horizon}"
        f"{searched}{regime}: {m.rationale}",
        *(
            f"{item.name:<{width}}  {value(item):>9}  {item.verdict}"
            f"{'' if item.quality == 'ok' else f' ({item.quality})'}"
            for item in m.inputs
        ),
    ]


def score(m: SignalScored) -> str:
    """Give how a signal turned out."""
    if m.won is None or m.exit_price is None:
        return f"the signal could not be scored: {m.reason}"
    net = (m.gross_ppm - m.cost_ppm) / 100
    how = f"{m.entry_price:,} → {m.exit_price:,} KRW, {net:+.1f} basis points after costs of {m.cost_ppm / 100:.1f}"
    return f"the signal was {'right' if m.won else 'wrong'} at its horizon: {how}{f' ({m.reason})' if m.reason else ''}"
