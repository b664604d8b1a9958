"""The SQL views: what they answer, that they use the indexes, and that they cannot change unnoticed."""

import gzip
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.messages.trading import NoticeRaised
from domain.time import kst_datetime
from domain.types import Severity
from persistence import schema, views
from tests.persistence.logs import T0, a_record, add, open_log

# Changing a view needs a migration that calls views.replace: logs of this version hold the old one.
PINNED = {2: "ca14861a5f28ef69", 3: "89c347ce1b208d32", 4: "71161368925296f5"}


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Give a whole small day, see old/README.md, upgraded by a trader."""
    path = tmp_path_factory.mktemp("views") / "day.db"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "old" / "v0001.db.gz").read_bytes()))
    open_log(path, create_id=None).close()
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    conn.row_factory = sqlite3.Row
    yield conn
    conn.close()


def _ask(conn: sqlite3.Connection, sql: str) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(sql)]


def test_given_the_views_when_changed_then_the_schema_version_must_grow() -> None:
    digest = hashlib.sha256("\n".join(views.creating(temporary=False)).encode()).hexdigest()[:16]
    assert PINNED.get(schema.SCHEMA_VERSION) == digest, "a changed view needs a new migration; then pin its digest here"


def test_given_a_new_log_when_its_schema_is_read_then_every_view_says_what_it_is(conn: sqlite3.Connection) -> None:
    found = dict(conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall())
    assert list(found) == [view.name for view in views.VIEWS]
    for view in views.VIEWS:
        assert f"-- {view.says}\n" in found[view.name]
        assert "\n" not in view.says
        assert len(view.says) < 100


def _scans(conn: sqlite3.Connection, name: str, sql: str) -> list[str]:
    """Give steps of the plan that read the whole table of events."""
    aliases = {"events", *re.findall(r"\bevents (?!WHERE|JOIN|ORDER|GROUP)(\w+)\b", sql)}
    steps = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {name}")]
    return [step for step in steps if re.match(rf"SCAN ({'|'.join(aliases)})$", step)]


@pytest.mark.parametrize("view", views.VIEWS, ids=lambda view: view.name)
def test_given_a_view_when_planned_then_it_goes_by_the_partial_indexes(
    conn: sqlite3.Connection, view: views.View
) -> None:
    plan = " ".join(row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {view.name}"))
    if view.name in views.SCANS:
        assert _scans(conn, view.name, view.select)
        assert "reads every event" in view.says
    else:
        assert not _scans(conn, view.name, view.select), plan
        assert "events_type" in plan or "events_stream" in plan


def test_given_a_view_without_the_condition_of_the_indexes_when_planned_then_the_check_sees_it(
    conn: sqlite3.Connection,
) -> None:
    fills = next(view for view in views.VIEWS if view.name == "fills")
    forgetful = views.View("forgetful", "x", fills.select.replace(f"AND e.{views.RARE}", ""))
    conn.execute(views.statement(forgetful, temporary=True))
    assert _scans(conn, "forgetful", forgetful.select) == ["SCAN e"]


def test_given_views_when_the_log_is_appended_to_then_no_trigger_and_no_further_index_cost_anything(
    conn: sqlite3.Connection,
) -> None:
    found = conn.execute("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'index')").fetchall()
    named = {tuple(row) for row in found if "sqlite" not in row[1]}
    assert named == {("index", "events_type"), ("index", "events_stream")}


def test_given_a_day_when_orders_are_asked_then_each_stands_once_with_its_fate_and_money(
    conn: sqlite3.Connection,
) -> None:
    orders = {row["client_order_id"]: row for row in _ask(conn, "SELECT * FROM orders")}
    assert [row["status"] for row in orders.values()] == ["CANCELLED", "DENIED", *["FILLED"] * 4]
    denied = orders["faf0ac86d2-83"]
    assert (denied["denial_code"], denied["filled_qty"], denied["origin"]) == ("ORDER_VALUE", 0, "operator:cli:mina")
    assert "9,997,000,000 KRW over the limit" in denied["denial"]
    bought = orders["faf0ac86d2-406"]
    assert (bought["filled_qty"], bought["notional"], bought["costs"]) == (194, 1_996_180, 296)
    assert bought["average_price"] == round(1_996_180 / 194, 2)
    assert bought["decided_kst"] == "2026-01-13T09:31:00.547+09:00"
    sold = orders["faf0ac86d2-843"]
    assert (sold["realized_pnl"], sold["costs"], sold["purpose"]) == (-6_883, 4_277, "EXIT")


def test_given_a_day_when_money_is_summed_over_the_views_then_it_balances_to_the_won(conn: sqlite3.Connection) -> None:
    [last] = _ask(conn, "SELECT * FROM equity ORDER BY seq DESC LIMIT 1")
    [fills] = _ask(conn, "SELECT count(*) AS n, sum(realized_pnl) AS pnl, sum(costs) AS costs FROM fills")
    trips = _ask(conn, "SELECT * FROM round_trips")
    assert (
        (fills["n"], fills["pnl"], fills["costs"]) == (15, last["realized_pnl"], last["costs"]) == (15, -7_353, 5_043)
    )
    assert [(row["bought_qty"], row["sold_qty"], row["is_closed"]) for row in trips] == [(194, 194, 1), (20, 20, 1)]
    assert all(row["realized_pnl"] == row["received"] - row["paid"] - row["costs"] for row in trips)
    assert sum(row["realized_pnl"] for row in trips) == fills["pnl"]
    assert last["equity"] == 10_000_000 + fills["pnl"] + last["unrealized_pnl"]


def test_given_a_holding_when_not_sold_then_its_trip_is_open(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    sides = [("BUY", 5, 5), ("SELL", 5, 0), ("BUY", 3, 3), ("BUY", 4, 7), ("SELL", 2, 5)]
    log.commit(
        [
            a_record(seq, type="FillBooked", stream="portfolio/A", payload=_fill(side, quantity, after))
            for seq, (side, quantity, after) in enumerate(sides, 1)
        ],
        durable=False,
    )
    rows = _rows(tmp_path / "a.db", "SELECT trip, bought_qty, sold_qty, is_closed, closed_kst IS NULL FROM round_trips")
    log.close()
    assert rows == [(1, 5, 5, 1, 0), (2, 7, 2, 0, 1)]


def test_given_sums_that_executions_revised_when_money_is_summed_then_it_is_that_of_the_executions(
    tmp_path: Path,
) -> None:
    log = open_log(tmp_path / "a.db")
    told = [
        ("FillBooked", _fill("BUY", 5, 5, 500, "inferred:1:5")),
        ("FillBooked", _fill("SELL", 5, 0, 600, realized=100)),
        ("FillRevised", _fill("BUY", None, None, 10, "t1", realized=-10)),  # of the trip that closed
        ("FillBooked", _fill("BUY", 3, 3, 300)),
        ("FillRevised", _fill("BUY", None, None, 0, "inferred:2:4")),  # of shares that were there: changes nothing
        ("FillRevised", _fill("BUY", None, None, -4, "t2")),
        ("AdjustmentBooked", b'{"symbol":"A","quantity_before":3,"position_qty":0}'),
        ("AdjustmentBooked", b'{"symbol":"A","quantity_before":0,"position_qty":0}'),  # only cash
        ("FillBooked", _fill("BUY", 1, 1, 100)),
    ]
    log.commit(
        [
            a_record(seq, type=kind, stream="portfolio/A", payload=payload)
            for seq, (kind, payload) in enumerate(told, 1)
        ],
        durable=False,
    )
    trips = _rows(
        tmp_path / "a.db", "SELECT trip, bought_qty, paid, received, realized_pnl, is_closed FROM round_trips"
    )
    fills = _rows(tmp_path / "a.db", "SELECT seq, last_qty, notional, booked_as FROM fills")
    log.close()
    assert trips == [(1, 5, 510, 600, 90, 1), (2, 3, 296, 0, 0, 1), (3, 1, 100, 0, 0, 0)]
    assert fills == [
        (1, 5, 500, "inferred"),
        (2, 5, 600, "execution"),
        (3, None, 10, "revision"),
        (4, 3, 300, "execution"),
        (6, None, -4, "revision"),
        (9, 1, 100, "execution"),
    ]


def _fill(
    side: str, quantity: int | None, after: int | None, notional: int = 0, trade: str = "t", realized: int = 0
) -> bytes:
    told = {"symbol": "A", "side": side, "trade_id": trade, "notional": notional, "commission": 0, "tax": 0}
    shares = {} if quantity is None else {"last_qty": quantity, "position_qty": after}
    return json.dumps(told | shares | {"realized_pnl": realized}).encode()


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    conn = sqlite3.connect(path)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def test_given_a_day_when_signals_are_asked_then_attention_inputs_and_fate_stand_beside(
    conn: sqlite3.Connection,
) -> None:
    entry, exit_ = _ask(conn, "SELECT * FROM signals")
    assert (entry["attention"], entry["confidence"], entry["became"]) == ("shifted-demo", 0.75, "FILLED")
    assert entry["inputs"].startswith("momentum for 0.02956; volume_surprise for 33.88; attention for")
    assert (exit_["client_order_id"], exit_["purpose"]) == ("faf0ac86d2-843", "EXIT")
    assert [(row["symbol"], row["points"], row["last_day"]) for row in _ask(conn, "SELECT * FROM trends")] == [
        ("120110", 180, "2026-01-12")
    ]
    assert [row["source"] for row in _ask(conn, "SELECT * FROM attention")] == ["unknown", "shifted-demo"]


def test_given_a_day_when_commands_are_asked_then_each_has_its_answer(conn: sqlite3.Connection) -> None:
    found = _ask(conn, "SELECT command, accepted, code, caller FROM commands")
    assert [row["command"] for row in found] == [
        *("ManualOrder", "ManualOrder", "ManualModify", "ManualCancel", "Pause", "Resume", "ManualOrder", "Flatten"),
        *("Halt", "Stop"),
    ]
    assert [row["accepted"] for row in found] == [1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert {row["code"] for row in found} == {None, "ORDER_VALUE", "WRONG_STATE"}


def test_given_a_day_when_the_links_are_asked_then_their_states_add_up_to_the_run(conn: sqlite3.Connection) -> None:
    [run] = _ask(conn, "SELECT * FROM runs")
    assert (run["mode"], run["ended"], run["events"]) == ("paper", "the venue's day is over", 2_254)
    for link in ("quotes", "orders"):
        [found] = _ask(conn, f"SELECT sum(seconds) AS s FROM link_time WHERE link = '{link}'")
        assert found["s"] == pytest.approx(run["seconds"], abs=0.05)
    assert {row["state"] for row in _ask(conn, "SELECT state FROM link_time WHERE NOT is_down")} == {"READY"}


def test_given_two_runs_when_the_first_was_cut_off_then_its_end_is_the_last_thing_before_the_second(
    tmp_path: Path,
) -> None:
    log = open_log(tmp_path / "a.db")
    for run, at in (("r1", 0), ("r2", 100)):
        changed = b'{"link":"quotes","from_state":"X","to_state":"READY","trigger":"t","reason":"","system_time":%d}'
        log.commit(
            [
                a_record(
                    log.last_seq + 1,
                    type="RunStarted",
                    stream=f"run/{run}",
                    run_id=run,
                    recorded_at=at * 10**9,
                    payload=b'{"run_id":"%s","config":{}}' % run.encode(),
                ),
                a_record(
                    log.last_seq + 2,
                    type="ConnectionChanged",
                    stream="connection/quotes",
                    run_id=run,
                    recorded_at=at * 10**9,
                    payload=changed % (at * 10**9),
                ),
                a_record(log.last_seq + 3, run_id=run, recorded_at=(at + 7) * 10**9),
            ],
            durable=False,
        )
    log.close()
    assert _rows(tmp_path / "a.db", "SELECT run_id, first_seq, last_seq, seconds, ended FROM runs") == [
        ("r1", 1, 3, 7.0, "running or cut off"),
        ("r2", 4, 6, 7.0, "running or cut off"),
    ]
    assert _rows(tmp_path / "a.db", "SELECT run_id, state, seconds, is_last FROM connections") == [
        ("r1", "READY", 7.0, 1),
        ("r2", "READY", 7.0, 1),
    ]


def test_given_a_fill_when_its_causes_are_asked_then_the_steps_lead_to_the_input(conn: sqlite3.Connection) -> None:
    found = _ask(conn, "SELECT step, cause_seq, cause_type FROM causes WHERE seq = 408")
    assert [(row["step"], row["cause_type"]) for row in found] == [
        (1, "OrderApproved"),
        (2, "SignalFormed"),
        (3, "QuotesJudged"),
        (4, "QuotesReceived"),
    ]
    types = [row["type"] for row in _ask(conn, "SELECT type FROM order_events WHERE client_order_id = 'faf0ac86d2-51'")]
    assert types[:3] == ["ManualOrderRequested", "OrderApproved", "SubmitOrder"]
    assert {"CancelOrder", "OrderCancelled", "CommandAnswered", "ManualCancelRequested"} <= set(types)


def test_given_orders_when_latencies_are_asked_then_the_steps_come_in_order(conn: sqlite3.Connection) -> None:
    found = _ask(conn, "SELECT * FROM latencies WHERE first_fill_ms IS NOT NULL")
    assert len(found) == 4
    assert all(
        0 < row["answered_ms"] <= row["accepted_ms"] <= row["first_fill_ms"] <= row["last_fill_ms"] for row in found
    )


def test_given_notices_when_asked_then_times_are_the_ones_of_the_log_in_kst(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    add(log, (NoticeRaised(Severity.ALERT, "t", "x"), 0), at=T0 + 999_999_998)
    log.close()
    [(text, ns, severity)] = _rows(tmp_path / "a.db", "SELECT recorded_kst, recorded_at, severity FROM notices")
    assert (text, severity) == ("2026-01-13T09:00:00.999+09:00", "ALERT")
    assert text == kst_datetime(ns).isoformat(timespec="milliseconds")
