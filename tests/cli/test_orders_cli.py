"""`hantrade orders` typed at a running trader."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.main import app
from hantrade.v1 import desk_pb2, types_pb2
from tests.actors.trader_house import SYMBOL, until
from tests.cli.demo_house import runner
from tests.cli.live_house import LiveHome, a_live_home


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    with a_live_home(tmp_path_factory.mktemp("orders")) as made:
        yield made


def listed(live: LiveHome, *args: str) -> list[dict[str, object]]:
    code, out = live.type("orders", "list", "--json", *args)
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def test_given_an_order_by_name_when_submitted_changed_and_cancelled_then_each_step_shows(live: LiveHome) -> None:
    code, out = live.type("orders", "submit", "buy", "코오롱인더", "3", "--price", "9800", "--json", "--note", "mine")
    order = json.loads(out)
    assert (code, order["symbol"], order["quantity"], order["limit_price_krw"]) == (0, SYMBOL, 3, 9_800)
    order_id = order["client_order_id"]
    until(lambda: [o["status"] for o in listed(live, "--open")] == ["WORKING"])
    assert live.type("orders", "modify", order_id, "--price", "9790")[0] == 0
    until(lambda: [o["limit_price_krw"] for o in listed(live, "--open", "--symbol", SYMBOL)] == [9_790])
    assert live.type("orders", "cancel", order_id)[0] == 0
    until(lambda: listed(live, "--open") == [])
    code, out = live.type("orders", "show", order_id, "--json")
    shown = json.loads(out)
    assert (code, shown["status"], shown["fills"]) == (0, "CANCELLED", [])
    code, out = live.type("orders", "show", order_id)
    assert "코오롱인더" in out
    assert "no fills" in out


def test_given_a_cancel_that_is_kept_when_answered_then_the_command_says_when_it_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    order = types_pb2.Order(client_order_id="o-7", symbol=SYMBOL, status=types_pb2.ORDER_STATUS_PENDING_SUBMIT)
    kept = desk_pb2.CancelManualOrderResponse(order=order, text="it is cancelled as soon as the broker has it")
    desk = SimpleNamespace(call=lambda _, request: kept if request.client_order_id == "o-7" else None)
    monkeypatch.setattr("cli.orders.desk_of", lambda home: nullcontext(desk))
    done = runner.invoke(app, ["orders", "cancel", "o-7", "--home", str(tmp_path)])
    assert (done.exit_code, done.stderr) == (0, "order o-7: it is cancelled as soon as the broker has it\n")
    done = runner.invoke(app, ["orders", "cancel", "o-7", "--json", "--home", str(tmp_path)])
    told = json.loads(done.stdout)
    assert (told["status"], told["cancels"], told["text"]) == ("PENDING_SUBMIT", 0, kept.text)


def test_given_a_market_order_when_filled_then_books_show_it(live: LiveHome) -> None:
    assert live.type("orders", "submit", "buy", SYMBOL, "2")[0] == 0
    until(lambda: live.type("fills", "list", "--json")[1] != "")
    [fill, *_] = [json.loads(line) for line in live.type("fills", "list", "--json")[1].splitlines()]
    assert (fill["symbol"], fill["side"]) == (SYMBOL, "BUY")
    until(lambda: json.loads(live.type("positions", "--json")[1].splitlines()[0])["quantity"] == 2)
    cash = json.loads(live.type("cash", "--json")[1])
    assert cash["commission_krw"] >= 0
    assert cash["cash_krw"] < 10_000_000
    for command in (["fills", "list"], ["positions"], ["quotes", "코오롱인더"]):
        assert "코오롱인더" in live.type(*command)[1], command
    assert "equity" in live.type("cash")[1]


@pytest.mark.parametrize(
    ("args", "ends", "terms", "story"),
    [
        (["--kind", "market", "--tif", "ioc"], ("FILLED",), "IOC", "at market IOC"),
        (["--kind", "best-limit"], ("FILLED",), "best limit", "best limit"),
        (
            ["--kind", "best-limit", "--tif", "fok", "--venue", "sor"],
            ("FILLED", "CANCELLED"),
            "best limit FOK SOR",
            "best limit FOK on SOR",
        ),
        (["--kind", "first-limit"], ("WORKING", "FILLED"), "first limit", "first limit"),
        (["--kind", "mid"], ("WORKING", "FILLED"), "mid", "mid"),
        (["--price", "9800", "--tif", "ioc"], ("CANCELLED",), "IOC", "at 9,800 KRW IOC"),
        (
            ["--kind", "conditional-limit", "--price", "9800"],
            ("WORKING",),
            "conditional limit",
            "conditional limit at 9,800 KRW",
        ),
        (
            ["--kind", "stop-limit", "--price", "10200", "--stop-price", "10300"],
            ("WORKING",),
            "stop limit stop 10,300",
            "stop limit at 10,200 KRW once 10,300 KRW trades",
        ),
    ],
)
def test_given_a_kind_when_submitted_then_the_venue_takes_it_or_its_reason_shows(
    live: LiveHome, args: list[str], ends: tuple[str, ...], terms: str, story: str
) -> None:
    code, out = live.type("orders", "submit", "buy", SYMBOL, "1", *args, "--json")
    assert code == 0, out
    order_id = json.loads(out)["client_order_id"]

    def shown() -> dict[str, object]:
        found: dict[str, object] = json.loads(live.type("orders", "show", order_id, "--json")[1])
        return found

    until(lambda: shown()["status"] in ends)
    assert f"│ {terms} " in " ".join(live.type("orders", "show", order_id)[1].split())
    told = " ".join(live.type("log", "why", order_id, "--log", str(live.root / "log.db"))[1].split())
    assert f"asks: BUY 1 코오롱인더 (120110) {story}" in told or f"asks: BUY 1 120110 코오롱인더 {story}" in told
    if shown()["status"] == "WORKING":
        assert live.type("orders", "cancel", order_id)[0] == 0


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (("--kind", "pre-open-close"), "PRE_OPEN_CLOSE"),
        (("--kind", "post-close"), "POST_CLOSE"),
        (("--kind", "off-hours-single", "--price", "9800"), "OFF_HOURS_SINGLE"),
    ],
)
def test_given_a_kind_of_another_phase_when_submitted_then_it_is_denied_before_the_venue_sees_it(
    live: LiveHome, kind: tuple[str, ...], words: str
) -> None:
    code, out = live.type("orders", "submit", "buy", SYMBOL, "1", *kind, "--json")
    assert (code, f"{words} DAY is not taken in CONTINUOUS" in out) == (1, True), out


STOP_BELOW = ("--stop-price", "9900")


@pytest.mark.parametrize(
    ("args", "code", "named"),
    [
        (["submit", "hold", SYMBOL, "1"], 2, "buy or sell"),
        (["submit", "buy", SYMBOL, "0"], 2, "quantity"),
        (["submit", "buy", "없는회사", "1"], 2, "없는회사"),
        (["submit", "buy", SYMBOL, "1", "--price", "0"], 2, "--price"),
        (["submit", "buy", SYMBOL, "900000"], 1, "KRW"),
        (["submit", "buy", SYMBOL, "1", "--price", "9801"], 1, "TICK"),
        (["submit", "buy", SYMBOL, "1", "--kind", "iceberg"], 2, "limit or market or conditional-limit"),
        (["submit", "buy", SYMBOL, "1", "--tif", "gtc"], 2, "day or ioc or fok"),
        (["submit", "buy", SYMBOL, "1", "--venue", "nyse"], 2, "krx or nxt or sor"),
        (["submit", "buy", SYMBOL, "1", "--stop-price", "0"], 2, "--stop-price"),
        (["submit", "buy", SYMBOL, "1", "--stop-price", "9900"], 2, "--stop-price does not go with --kind market"),
        (["submit", "buy", SYMBOL, "1", "--price", "9900", "--kind", "mid"], 2, "--price does not go with --kind mid"),
        (["submit", "buy", SYMBOL, "1", "--kind", "limit"], 2, "--price is expected with --kind limit"),
        (["submit", "buy", SYMBOL, "1", "--kind", "first-limit", "--tif", "ioc"], 1, "one of DAY"),
        (["submit", "buy", SYMBOL, "1", "--kind", "post-close", "--venue", "nxt"], 1, "KRX or SOR"),
        (["submit", "buy", SYMBOL, "1", "--kind", "stop-limit", "--price", "9900", *STOP_BELOW], 1, "STOP_PRICE"),
        (["modify", "x"], 2, "--price"),
        (["modify", "x", "--quantity", "0"], 2, "--quantity"),
        (["modify", "x", "--price", "9800"], 1, "not known"),
        (["cancel", "x"], 1, "not known"),
        (["show", "x"], 1, "not known"),
        (["list", "--symbol", "없는회사"], 2, "없는회사"),
    ],
)
def test_given_a_wrong_command_when_typed_then_exit_code_and_line_tell(
    live: LiveHome, args: list[str], code: int, named: str
) -> None:
    found, text = live.type("orders", *args)
    assert found == code, text
    assert named in text
