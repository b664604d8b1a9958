"""Tables that every terminal can hold, plain values of messages, and round trips to the won."""

import io
import json
from datetime import date
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from broker.translate.values import timestamp
from cli import output
from cli.output import emit_json, krw, kst_clock, kst_clocks, kst_iso, nanos_of, plain, show_table, signed
from cli.trips import reasons, trips_of
from domain.time import from_kst
from hantrade.v1 import desk_pb2, types_pb2

NINE = timestamp(from_kst(date(2026, 1, 13), 9, 0))
COLUMNS = [("symbol", "left"), ("shares", "right"), ("P&L", "right"), ("why", "left")]
ROWS = [
    ["120110 코오롱인더", "7", "+1,234", "up 2 % in 5 bars on a volume that is well above what is normal for it"],
    ["000250 삼천당제약", "1,000", "-5", "stop"],
    ["005930", "20", "+0", ""],
]


def printed(monkeypatch: pytest.MonkeyPatch, width: int, *table: Any) -> list[str]:
    sink = io.StringIO()
    monkeypatch.setattr(output, "console", lambda: Console(file=sink, width=width, highlight=False))
    show_table(*table)
    return sink.getvalue().splitlines()


@pytest.mark.parametrize("width", [50, 80, 120, 200])
def test_given_a_terminal_when_a_table_is_shown_then_no_figure_is_cut(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lines = printed(monkeypatch, width, "trades", COLUMNS, ROWS, "none")
    text = "\n".join(lines)
    assert "…" not in text
    for symbol, shares, result, _ in ROWS:
        [line] = [line for line in lines if symbol in line]
        assert shares in line
        assert result in line
    assert all(cell_len(line.rstrip()) <= width for line in lines)


@pytest.mark.parametrize("width", [50, 200])
def test_given_korean_names_when_shown_then_the_columns_line_up(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = printed(monkeypatch, width, "trades", COLUMNS, ROWS, "none")
    ends = {
        cell_len(line[: line.index(result) + len(result)]) for *_, result, _ in ROWS for line in lines if result in line
    }
    assert len(ends) == 1


def test_given_no_rows_when_shown_then_a_word_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, 80, "trades", COLUMNS, [], "no trades") == ["no trades"]


def test_given_text_with_brackets_when_shown_then_it_is_not_taken_for_a_style(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, 120, "t", [("reason", "left")], [["[red]not a colour[/red]"]], "none")
    assert any("[red]not a colour[/red]" in line for line in lines)


def test_given_rows_when_emitted_then_each_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json([{"name": "코오롱"}, {"n": 1}])
    out = capsys.readouterr().out
    assert "코오롱" in out
    assert [json.loads(line) for line in out.splitlines()] == [{"name": "코오롱"}, {"n": 1}]


def test_given_a_message_when_made_plain_then_enums_times_spans_and_unset_fields_read_well() -> None:
    order = types_pb2.Order(client_order_id="o", side=types_pb2.SIDE_BUY, status=types_pb2.ORDER_STATUS_FILLED)
    order.decided_at.CopyFrom(NINE)
    made = plain(order)
    assert (made["side"], made["status"]) == ("BUY", "FILLED")
    assert made["limit_price_krw"] is None
    assert made["decided_at"] == "2026-01-13T09:00:00.000+09:00"
    assert made["live_venue_order_ids"] == []
    status = plain(desk_pb2.TraderStatus(feed_age=Duration(seconds=1, nanos=5_000_000)))
    assert status["feed_age_ms"] == 1_005


def test_given_amounts_and_times_when_written_then_they_read_as_people_write_them() -> None:
    assert (krw(1_234_567), krw(None), signed(-5), signed(0)) == ("1,234,567", "-", "-5", "+0")
    assert (kst_clock(NINE), nanos_of(NINE)) == ("09:00:00", from_kst(date(2026, 1, 13), 9, 0))
    assert kst_iso(NINE).endswith("+09:00")


def test_given_times_of_several_days_when_listed_then_each_has_its_date() -> None:
    next_day = timestamp(from_kst(date(2026, 1, 14), 9, 1))
    assert kst_clocks([NINE, NINE]) == ["09:00:00", "09:00:00"]
    assert kst_clocks([next_day, NINE]) == ["2026-01-14 09:01:00", "2026-01-13 09:00:00"]
    assert kst_clocks([]) == []


# ---- round trips -------------------------------------------------------------------------------------------------


def a_fill(symbol: str, side: int, quantity: int, price: int, realized: int = 0, order: str = "o") -> types_pb2.Fill:
    notional = quantity * price
    return types_pb2.Fill(
        client_order_id=order,
        symbol=symbol,
        side=side,  # type: ignore[arg-type]
        last_qty=quantity,
        last_px_krw=price,
        notional_krw=notional,
        commission_krw=notional * 150 // 1_000_000,
        tax_krw=notional * 2_000 // 1_000_000 if side == types_pb2.SIDE_SELL else 0,
        realized_pnl_krw=realized,
        fill_time=NINE,
    )


BUY, SELL = types_pb2.SIDE_BUY, types_pb2.SIDE_SELL


def test_given_partial_fills_of_two_symbols_when_grouped_then_each_goes_from_flat_to_flat() -> None:
    fills = [
        a_fill("A", BUY, 5, 100, order="a1"),
        a_fill("B", BUY, 1, 100, order="b1"),
        a_fill("A", BUY, 5, 110, order="a1"),
        a_fill("A", SELL, 4, 120, 50, order="a2"),
        a_fill("A", SELL, 6, 120, 60, order="a3"),
        a_fill("A", BUY, 1, 100, order="a4"),
    ]
    first, second, third = trips_of(fills)
    assert (first.symbol, first.bought, first.sold, first.paid, first.received) == ("A", 10, 10, 1_050, 1_200)
    assert (first.is_closed, first.realized, list(first.exit_orders)) == (True, 110, ["a2", "a3"])
    assert (second.symbol, second.is_closed) == ("B", False)
    assert (third.symbol, third.bought, list(third.entry_orders)) == ("A", 1, ["a4"])


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(1, 9), st.integers(1, 99), st.integers(-99, 99)), max_size=30
    )
)
def test_for_any_fills_trips_hold_every_won_of_them(drawn: list[tuple[str, int, int, int]]) -> None:
    held: dict[str, int] = {}
    fills = []
    for symbol, quantity, price, realized in drawn:
        if held.get(symbol, 0) >= quantity and realized % 2:
            held[symbol] -= quantity
            fills.append(a_fill(symbol, SELL, quantity, price, realized))
        else:
            held[symbol] = held.get(symbol, 0) + quantity
            fills.append(a_fill(symbol, BUY, quantity, price))
    trips = trips_of(fills)
    assert sum(trip.realized for trip in trips) == sum(fill.realized_pnl_krw for fill in fills)
    assert sum(trip.costs for trip in trips) == sum(fill.commission_krw + fill.tax_krw for fill in fills)
    assert sum(trip.bought - trip.sold for trip in trips) == sum(held.values())
    assert sum(not trip.is_closed for trip in trips) == sum(quantity > 0 for quantity in held.values())


def test_given_orders_with_the_same_reason_when_told_then_it_is_said_once() -> None:
    orders = {name: types_pb2.Order(rationale="stop") for name in "ab"} | {"c": types_pb2.Order()}
    assert reasons(["a", "b", "c", "unknown"], orders) == "stop"


def test_given_a_map_when_made_plain_then_it_is_an_object_in_order_also_when_empty() -> None:
    status = desk_pb2.TraderStatus()
    assert plain(status)["halted_symbols"] == {}
    status.quality_verdicts["STALE"], status.quality_verdicts["OFF_TICK"] = 2, 1
    assert list(plain(status)["quality_verdicts"].items()) == [("OFF_TICK", 1), ("STALE", 2)]
