"""How checks, limits and stops go over the wire, and which stops of a person are refused."""

import pytest

from broker.translate.risk import add_risk, read_terms, write_check
from domain.errors import RequestRefused
from domain.messages.risk import Cause
from domain.risk_config import StopTerms
from domain.types import Krw, UnixNanos
from domain.views import CheckView, LimitView, RiskView, StopView
from hantrade.v1 import desk_pb2


def a_view() -> RiskView:
    stop = StopView("120110", 10, 4, Krw(95), None, Krw(98), UnixNanos(5), Krw(101), Krw(99), True, "locked", False)
    return RiskView(
        reserved=Krw(0),
        orderable_cash=Krw(0),
        sellable={},
        open_orders=0,
        denied=0,
        denied_by_reason={},
        entries_denied="DAILY_LOSS: 9 KRW are lost",
        flattening=(),
        checks=(
            CheckView("SECTOR", 400_000, "ppm of equity", 390_000, 10_000, 3),
            CheckView("ADV", 0, "", is_on=False),
        ),
        limits=(LimitView("drawdown", "WARN_60", Krw(60), Krw(100), Krw(1_000), 100_000),),
        reducing=(Cause("DEAD_MAN", "nobody", needs_person=False),),
        stops=(stop,),
        manual_mode=True,
        operator_seen=UnixNanos(7_000_000_000),
    )


def test_given_a_view_when_written_then_nothing_of_it_is_lost() -> None:
    status = desk_pb2.TraderStatus()
    add_risk(status, a_view())
    sector, adv = status.checks
    assert (sector.limit, sector.value, sector.distance, sector.denied) == ("400000", "390000", "10000", 3)
    assert adv.limit == "off"
    [limit] = status.limits
    assert (limit.level, limit.loss_krw, limit.limit_krw, limit.base_equity_krw) == ("WARN_60", 60, 100, 1_000)
    assert status.entries_denied == "DAILY_LOSS: 9 KRW are lost"
    [cause] = status.reducing
    assert (cause.code, cause.needs_person, status.manual_mode) == ("DEAD_MAN", False, True)
    [stop] = status.stops
    assert (stop.ours, stop.stop_price_krw, stop.HasField("target_price_krw"), stop.stuck) == (4, 95, False, "locked")
    assert (stop.sell_at.nanos, status.operator_seen.seconds) == (5, 7)


def test_given_a_check_without_a_figure_of_the_account_when_written_then_it_is_empty() -> None:
    assert write_check(CheckView("TICK", "tick table", "KRW")).value == ""


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("stop_loss_ppm", 1_000_000, "0 (off) to 999,999"),
        ("stop_loss_ppm", -1, "0 (off) to 999,999"),
        ("take_profit_ppm", 10_000_001, "0 (off) to 10,000,000"),
        ("trailing_ppm", 1_000_000, "0 (off) to 999,999"),
        ("hold_s", -1, "0 (off) to 315,360,000"),
    ],
)
def test_given_stops_out_of_range_when_read_then_field_value_and_range_are_named(
    field: str, value: int, allowed: str
) -> None:
    request = desk_pb2.SetStopsRequest(terms=desk_pb2.StopTerms(**{field: value}))
    with pytest.raises(RequestRefused) as refused:
        read_terms(request)
    assert str(refused.value) == f"INVALID_ARGUMENT: terms.{field} expected {allowed}, was {value:,}"


def test_given_no_terms_when_read_then_those_of_the_settings_are_meant() -> None:
    assert read_terms(desk_pb2.SetStopsRequest()) is None
    assert read_terms(desk_pb2.SetStopsRequest(terms=desk_pb2.StopTerms(hold_s=9))) == StopTerms(hold_s=9)
