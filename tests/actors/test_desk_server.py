"""DeskService over real gRPC: what a caller gets from a whole trader, and what it is refused."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc

from actors.edges.desk_commands import Commands, content_of
from actors.edges.desk_server import MAX_STREAMS, DeskServer
from domain.errors import BrokerUnavailable, ConfigError, RequestRefused
from domain.messages.operator import CommandAnswered, ManualOrderRequested, PauseRequested, ReconcileRequested
from domain.types import OrderKind, Side
from hantrade.v1 import desk_pb2, types_pb2
from tests.actors.trader_house import OTHER, SYMBOL, DeskClient, House, a_desk, a_house, until

OPEN, EXITS, CANCELS = types_pb2.GATE_OPEN, types_pb2.GATE_EXITS_ONLY, types_pb2.GATE_CANCELS_ONLY
WATCHED = {SYMBOL, OTHER}
MARKET, STOP, CONDITIONAL = (
    getattr(types_pb2, f"ORDER_KIND_{name}") for name in ("MARKET", "STOP_LIMIT", "CONDITIONAL_LIMIT")
)
IOC = types_pb2.TIME_IN_FORCE_IOC
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with a_house(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture
def desk(house: House) -> DeskClient:
    """Give the desk of a trader that trades and has an open gate."""
    until(
        lambda: status(house.desk).connection == "READY" and status(house.desk).day in ("TRADING", "PAUSED", "HALTED")
    )
    if status(house.desk).gate != OPEN:
        house.desk.Resume(desk_pb2.ResumeRequest(caller="test", note="the next test"))
    if status(house.desk).gate != OPEN:  # a halt is lifted to a pause first
        house.desk.Resume(desk_pb2.ResumeRequest(caller="test", note="the next test"))
    until(lambda: status(house.desk).gate == OPEN)
    until(lambda: {q.quote.symbol for q in house.desk.ListQuotes(desk_pb2.ListQuotesRequest()).quotes} == WATCHED)
    return house.desk


def status(desk: DeskClient) -> desk_pb2.TraderStatus:
    answer: desk_pb2.TraderStatus = desk.GetStatus(desk_pb2.GetStatusRequest()).status
    return answer


def a_manual_order(**changes: Any) -> desk_pb2.SubmitManualOrderRequest:
    """Give a buy that rests: well below the market, inside the collar."""
    fields: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": types_pb2.SIDE_BUY,
        "kind": types_pb2.ORDER_KIND_LIMIT,
        "quantity": 1,
        "limit_price_krw": 9_800,
        "caller": "test",
    }
    return desk_pb2.SubmitManualOrderRequest(**fields | changes)


def open_orders(desk: DeskClient) -> list[types_pb2.Order]:
    return list(desk.ListOrders(desk_pb2.ListOrdersRequest(open_only=True)).orders)


def test_given_a_trader_when_everything_is_read_then_every_answer_agrees(desk: DeskClient) -> None:
    now = status(desk)
    assert (now.mode, now.connection, now.day, now.gate) == ("paper", "READY", "TRADING", OPEN)
    assert (now.symbols, now.trading_date, now.limits_unknown) == (2, "2026-01-13", 0)
    quotes = desk.ListQuotes(desk_pb2.ListQuotesRequest(symbols=[SYMBOL])).quotes
    assert [item.quote.symbol for item in quotes] == [SYMBOL]
    assert {q.quote.symbol for q in desk.ListQuotes(desk_pb2.ListQuotesRequest()).quotes} <= {SYMBOL, OTHER}
    cash = desk.GetCash(desk_pb2.GetCashRequest())
    assert cash.equity_krw == cash.start_equity_krw + cash.realized_pnl_krw + cash.unrealized_pnl_krw
    assert desk.GetPerformance(desk_pb2.GetPerformanceRequest()).costs_krw == cash.commission_krw + cash.tax_krw
    assert list(desk.ListSignals(desk_pb2.ListSignalsRequest(limit=1)).signals) == []
    assert list(desk.ListFills(desk_pb2.DeskServiceListFillsRequest()).fills) == []
    desk.ListPositions(desk_pb2.DeskServiceListPositionsRequest())


def test_given_a_trader_when_asked_about_its_signals_then_attention_strategies_and_accuracy_are_told(
    desk: DeskClient,
) -> None:
    until(lambda: status(desk).attention_known == 1)
    rows = {row.symbol: row for row in desk.ListAttention(desk_pb2.ListAttentionRequest()).rows}
    assert (rows[SYMBOL].source, rows[SYMBOL].HasField("z"), rows[SYMBOL].quality) == ("shifted-demo", True, "ok")
    assert (rows[OTHER].source, rows[OTHER].HasField("z")) == ("unknown", False)
    [strategy] = desk.ListStrategies(desk_pb2.ListStrategiesRequest()).strategies
    assert (strategy.name, strategy.state, strategy.error) == ("attention_momentum", "running", "")
    params = {param.name: param for param in strategy.params}
    assert (params["hold_s"].value, params["hold_s"].kind, params["hold_s"].least) == ("1800", "integer", 60)
    assert (params["confirm"].value, params["confirm"].kind) == ("true", "boolean")
    assert not params["confirm"].HasField("least")
    accuracy = desk.GetAccuracy(desk_pb2.GetAccuracyRequest())
    assert (accuracy.scores, accuracy.waiting, list(accuracy.rows)) == (True, 0, [])


def test_given_health_and_reflection_when_asked_then_the_desk_serves(desk: DeskClient) -> None:
    check = health_pb2_grpc.HealthStub(desk.channel).Check
    answer = check(health_pb2.HealthCheckRequest(service="hantrade.v1.DeskService"), timeout=5)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_given_an_order_by_hand_when_submitted_modified_and_cancelled_then_each_answer_tells(desk: DeskClient) -> None:
    order = desk.SubmitManualOrder(a_manual_order()).order
    assert (order.symbol, order.quantity, order.limit_price_krw) == (SYMBOL, 1, 9_800)
    until(lambda: [o.status for o in open_orders(desk)] == [types_pb2.ORDER_STATUS_WORKING])
    request = desk_pb2.ModifyManualOrderRequest(client_order_id=order.client_order_id, limit_price_krw=9_790)
    desk.ModifyManualOrder(request)
    until(lambda: [o.limit_price_krw for o in open_orders(desk)] == [9_790])
    answer = desk.CancelManualOrder(desk_pb2.CancelManualOrderRequest(client_order_id=order.client_order_id))
    assert (answer.cancels, answer.text) == (1, "cancel sent")
    until(lambda: open_orders(desk) == [])
    found = desk.GetOrder(desk_pb2.GetOrderRequest(client_order_id=order.client_order_id))
    assert (found.order.status, list(found.fills)) == (types_pb2.ORDER_STATUS_CANCELLED, [])


def test_given_a_command_id_when_it_is_repeated_at_once_then_one_order_is_made(desk: DeskClient) -> None:
    before = len(desk.ListOrders(desk_pb2.ListOrdersRequest()).orders)
    request = a_manual_order(command_id="c-1")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.SubmitManualOrder(request).order.client_order_id, range(8)))
    assert len(set(answers)) == 1
    assert len(desk.ListOrders(desk_pb2.ListOrdersRequest()).orders) == before + 1
    code, refused = desk.refusal("SubmitManualOrder", a_manual_order(command_id="c-1", quantity=2))
    assert (code, refused.code) == (grpc.StatusCode.FAILED_PRECONDITION, "ID_REUSED")
    for other in ({"time_in_force": IOC}, {"venue": types_pb2.VENUE_SOR}, {"kind": CONDITIONAL}):
        assert desk.refusal("SubmitManualOrder", a_manual_order(command_id="c-1", **other))[1].code == "ID_REUSED"
    until(lambda: [order.status for order in open_orders(desk)] == [types_pb2.ORDER_STATUS_WORKING])
    desk.CancelManualOrder(desk_pb2.CancelManualOrderRequest(client_order_id=answers[0]))
    until(lambda: open_orders(desk) == [])


def test_given_an_order_over_the_limits_when_submitted_then_the_rule_is_named_and_the_order_is_denied(
    desk: DeskClient,
) -> None:
    code, refused = desk.refusal("SubmitManualOrder", a_manual_order(quantity=900_000))
    newest = desk.ListOrders(desk_pb2.ListOrdersRequest(limit=1)).orders[0]
    assert (code, newest.status) == (grpc.StatusCode.FAILED_PRECONDITION, types_pb2.ORDER_STATUS_DENIED)
    assert (newest.quantity, refused.code in newest.reason) == (900_000, True)


@pytest.mark.parametrize(
    ("method", "request_", "code", "field"),
    [
        ("GetOrder", desk_pb2.GetOrderRequest(client_order_id="?"), grpc.StatusCode.NOT_FOUND, "client_order_id"),
        ("ListQuotes", desk_pb2.ListQuotesRequest(symbols=["999999"]), grpc.StatusCode.NOT_FOUND, "symbols"),
        ("CancelManualOrder", desk_pb2.CancelManualOrderRequest(client_order_id="?"), grpc.StatusCode.NOT_FOUND, ""),
        ("SubmitManualOrder", a_manual_order(side=0), INVALID, "side"),
        ("SubmitManualOrder", a_manual_order(kind=0), INVALID, "kind"),
        ("SubmitManualOrder", a_manual_order(kind=99), INVALID, "kind"),
        ("SubmitManualOrder", a_manual_order(kind=MARKET), INVALID, "limit_price_krw"),
        ("SubmitManualOrder", a_manual_order(limit_price_krw=None), INVALID, "limit_price_krw"),
        ("SubmitManualOrder", a_manual_order(stop_price_krw=9_900), INVALID, "stop_price_krw"),
        ("SubmitManualOrder", a_manual_order(kind=STOP), INVALID, "stop_price_krw"),
        ("SubmitManualOrder", a_manual_order(kind=CONDITIONAL, time_in_force=IOC), INVALID, "time_in_force"),
        ("SubmitManualOrder", a_manual_order(time_in_force=99), INVALID, "time_in_force"),
        ("SubmitManualOrder", a_manual_order(venue=99), INVALID, "venue"),
        ("SubmitManualOrder", a_manual_order(quantity=0), INVALID, "quantity"),
        ("SubmitManualOrder", a_manual_order(limit_price_krw=-1), INVALID, "limit_price_krw"),
        ("ModifyManualOrder", desk_pb2.ModifyManualOrderRequest(client_order_id="?", quantity=-1), INVALID, "quantity"),
        ("ListOrders", desk_pb2.ListOrdersRequest(limit=-1), INVALID, "limit"),
        ("ListFills", desk_pb2.DeskServiceListFillsRequest(limit=-1), INVALID, "limit"),
        ("ListSignals", desk_pb2.ListSignalsRequest(limit=-1), INVALID, "limit"),
        ("WatchStatus", desk_pb2.WatchStatusRequest(interval=Duration(nanos=1)), INVALID, "interval"),
        ("WatchStatus", desk_pb2.WatchStatusRequest(interval=Duration(seconds=61)), INVALID, "interval"),
        ("ReadLog", desk_pb2.ReadLogRequest(from_seq=-1), INVALID, "from_seq"),
        ("ReadLog", desk_pb2.ReadLogRequest(type="Nonsense"), INVALID, "type"),
    ],
)
def test_given_a_wrong_request_when_called_then_code_and_field_tell(
    desk: DeskClient, method: str, request_: Any, code: grpc.StatusCode, field: str
) -> None:
    found, refused = desk.refusal(method, request_)
    assert (found, refused.field) == (code, field)


def test_given_open_orders_when_halted_then_the_answer_comes_with_the_gate_in_force(
    house: House, desk: DeskClient
) -> None:
    order = desk.SubmitManualOrder(a_manual_order()).order
    answer = desk.Halt(desk_pb2.HaltRequest(caller="test", note="enough"))
    assert house.trader.system.gate.level == "CANCELS_ONLY"
    assert (answer.gate, answer.cancels, answer.unconfirmed) == (CANCELS, 1, "")
    until(lambda: open_orders(desk) == [])
    assert desk.GetOrder(desk_pb2.GetOrderRequest(client_order_id=order.client_order_id)).order.leaves_qty == 0
    code, _ = desk.refusal("SubmitManualOrder", a_manual_order())
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    for blank in ("", " \n"):
        code, _ = desk.refusal("Resume", desk_pb2.ResumeRequest(caller="test", note=blank))
        assert code is grpc.StatusCode.FAILED_PRECONDITION  # a halt needs a note


def test_given_a_pause_when_resumed_then_the_gate_follows(desk: DeskClient) -> None:
    assert desk.Pause(desk_pb2.PauseRequest(caller="test")).gate == EXITS
    assert desk.Resume(desk_pb2.ResumeRequest(caller="test")).gate == OPEN


def test_given_an_unknown_symbol_when_flattened_then_it_is_refused_and_the_day_goes_on(desk: DeskClient) -> None:
    before = desk.GetStatus(desk_pb2.GetStatusRequest()).status
    with pytest.raises(grpc.RpcError) as refused:
        desk.Flatten(desk_pb2.FlattenRequest(symbol="999999", caller="test"))
    assert "999999" in refused.value.details()
    after = desk.GetStatus(desk_pb2.GetStatusRequest()).status
    assert (after.day, after.gate) == (before.day, before.gate)


def test_given_nothing_held_when_flattened_then_nothing_is_sold(desk: DeskClient) -> None:
    answer = desk.Flatten(desk_pb2.FlattenRequest(caller="test", note="over"))
    assert (answer.exits, answer.text) == (0, "cancelling 0 orders, selling 0 holdings")


def test_given_the_log_when_read_then_filters_hold_and_every_record_is_whole(desk: DeskClient) -> None:
    everything = list(desk.ReadLog(desk_pb2.ReadLogRequest()))
    assert [record.seq for record in everything] == list(range(1, len(everything) + 1))
    assert everything[0].type == "RunStarted"
    moves = list(desk.ReadLog(desk_pb2.ReadLogRequest(type="ConnectionChanged", stream="connection/orders")))
    assert {move.type for move in moves} == {"ConnectionChanged"}
    assert {move.stream for move in moves} == {"connection/orders"}
    assert all(move.causation_seq > 0 and move.role == "connection_supervisor" for move in moves)
    assert next(desk.ReadLog(desk_pb2.ReadLogRequest(from_seq=5))).seq == 5


def test_given_a_reader_that_follows_when_something_happens_then_it_is_told(desk: DeskClient) -> None:
    seen = status(desk).log_seq
    following = desk.ReadLog(desk_pb2.ReadLogRequest(from_seq=seen + 1, type="PauseRequested", follow=True))
    desk.Pause(desk_pb2.PauseRequest(caller="somebody", note="look"))
    record = next(following)
    assert (record.type, record.role, '"caller":"somebody"' in record.payload) == ("PauseRequested", "desk", True)
    following.cancel()


def test_given_many_streams_when_one_more_comes_then_it_is_refused_and_commands_still_pass(desk: DeskClient) -> None:
    streams = [desk.WatchStatus(desk_pb2.WatchStatusRequest(), 60) for _ in range(MAX_STREAMS)]
    for stream in streams:
        next(stream)
    code, _ = desk.refusal("WatchStatus", desk_pb2.WatchStatusRequest())
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert desk.Pause(desk_pb2.PauseRequest(caller="test")).gate == EXITS
    for stream in streams:
        stream.cancel()

    def free() -> bool:
        try:
            next(desk.WatchStatus(desk_pb2.WatchStatusRequest()))
        except grpc.RpcError:
            return False
        return True

    until(free)


def test_given_streams_and_a_stop_when_the_desk_ends_then_they_end_soon_and_ids_survive_a_restart(
    tmp_path: Path,
) -> None:
    with a_house(tmp_path) as house:
        until(lambda: status(house.desk).gate == OPEN)
        until(lambda: len(house.desk.ListQuotes(desk_pb2.ListQuotesRequest()).quotes) == len(WATCHED))
        first = house.desk.SubmitManualOrder(a_manual_order(command_id="once")).order
        watching = house.desk.WatchStatus(desk_pb2.WatchStatusRequest(interval=Duration(seconds=60)))
        following = house.desk.ReadLog(desk_pb2.ReadLogRequest(follow=True))
        next(watching)
        ended = threading.Event()
        threading.Thread(target=drain, args=(ended, watching, following), daemon=True).start()
        house.desk.Stop(desk_pb2.StopRequest(caller="test"))
        assert house.trader.system.stopped.wait(10)
        house.trader.system.stop("stopped in order")
        assert ended.wait(5)
    with a_house(tmp_path) as again:
        repeated = again.desk.SubmitManualOrder(a_manual_order(command_id="once")).order
        assert repeated.client_order_id == first.client_order_id
        code, refused = again.desk.refusal("SubmitManualOrder", a_manual_order(command_id="once", quantity=2))
        assert (code, refused.code) == (grpc.StatusCode.FAILED_PRECONDITION, "ID_REUSED")


def drain(ended: threading.Event, *streams: Any) -> None:
    for stream in streams:
        with suppress(grpc.RpcError):
            for _ in stream:
                pass
    ended.set()


def test_given_a_port_that_is_taken_when_the_desk_starts_then_the_setting_is_named(house: House) -> None:
    host, port = house.trader.desk_address.rsplit(":", 1)
    with pytest.raises(ConfigError, match=r"desk\.port"):
        DeskServer(lambda *_, **__: None, house.trader.reader, host, int(port))


def test_given_a_host_off_this_machine_when_the_desk_starts_then_it_is_refused(house: House) -> None:
    with pytest.raises(ConfigError):
        DeskServer(lambda *_, **__: None, house.trader.reader, "0.0.0.0", 0)


def test_given_the_trader_of_this_house_when_the_desk_is_dialled_by_address_then_it_answers(house: House) -> None:
    with a_desk(house.trader.desk_address) as other:
        assert status(other).mode == "paper"


# ---- commands without a core -------------------------------------------------------------------------------------


def a_pause(command_id: str) -> PauseRequested:
    return PauseRequested(command_id, "test", "")


def test_given_a_stop_when_somebody_waits_then_they_are_told_and_nobody_new_is_let_in() -> None:
    posted = threading.Event()
    commands = Commands(lambda *_, **__: posted.set(), lambda _: None, lambda _: None)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(commands.ask, a_pause)
        assert posted.wait(5)
        commands.end()
        with pytest.raises(BrokerUnavailable, match="stopping"):
            waiting.result(5)
    with pytest.raises(BrokerUnavailable, match="stopping"):
        commands.ask(a_pause)


def test_given_a_role_that_failed_when_a_command_was_handled_then_the_caller_is_told() -> None:
    commands: Commands = Commands(
        lambda message, **__: commands.handled(message.command_id), lambda _: None, lambda _: None
    )
    with pytest.raises(RequestRefused) as refused:
        commands.ask(a_pause)
    assert refused.value.code == "ROLE_FAILED"


def test_given_a_reconciliation_when_it_was_handled_then_the_caller_waits_for_the_brokers_word() -> None:
    handled: list[Any] = []

    def post(message: Any, *, on_committed: Any, **_: Any) -> None:
        if on_committed is not None:
            on_committed()
        commands.answered(CommandAnswered(message.command_id, True, "", "books agree", ""))

    commands: Commands = Commands(post, handled.append, lambda _: None)
    assert commands.ask(lambda i: ReconcileRequested(i, "me", False)).text == "books agree"
    assert handled == []
    commands.ask(a_pause)
    assert len(handled) == 1


def test_given_an_id_of_an_earlier_run_when_repeated_then_nothing_is_posted() -> None:
    posted: list[Any] = []
    order = ManualOrderRequested("caller/x", "me", SYMBOL, Side.BUY, OrderKind.MARKET, 1, None, "")
    answer = CommandAnswered("caller/x", True, "", "", "L-1")
    commands = Commands(lambda message, **__: posted.append(message), lambda _: None, lambda _: (order, answer))
    content = content_of(order)
    assert commands.ask_once("x", content, lambda _: order) == answer
    assert commands.ask_once("x", content, lambda _: order) == answer
    with pytest.raises(RequestRefused, match="ID_REUSED"):
        commands.ask_once("x", content_of(replace(order, side=Side.SELL)), lambda _: order)
    assert posted == []
