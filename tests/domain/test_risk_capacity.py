"""Limits on size and concentration: each bites at the won, words tell how far, sizing asks for what all accept."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.risk import RULES, SIZED_RULES, judge, size_entry
from domain.risk.capacity import CONCENTRATION, SIZING, most_shares
from domain.risk.exposure_facts import ExposureFacts
from domain.risk.exposures import Exposures
from domain.risk_config import RiskConfig
from domain.types import Krw, Side
from tests.actors.money_builders import an_instrument
from tests.domain.test_risk import a_picture, a_proposal

SECTORS = {"005930": "chips"}


def moving_alike(won: int) -> ExposureFacts:
    """Give what is known when so much is held of something else that moves just alike."""
    return ExposureFacts(is_paired=True, counted={"B": won})


EQUITY = 10_000_000
# code, settings, what stands before an order of 10 shares at 10,000 KRW, what it is denied with
LIMITS: list[tuple[str, dict[str, Any], Exposures, str]] = [
    ("MAX_QUANTITY", {"max_quantity": 9}, Exposures(), "order 10 shares is 1 shares over the limit of 9 shares"),
    (
        "POSITION_KRW",
        {"max_position_krw": Krw(599_999)},
        Exposures(own=500_000),
        "position 600,000 KRW is 1 KRW over the limit of 599,999 KRW",
    ),
    (
        "ADV",
        {"max_adv_ppm": 10_000},
        Exposures(shares=100, average_volume=10_999),
        "position (1.00 % of 10,999 shares traded a day allowed) 110 shares is 1 shares over the limit of 109 shares",
    ),
    (
        "MAX_POSITIONS",
        {"max_positions": 3},
        Exposures(others=3),
        "4 instruments held or being bought with it are 1 over the limit of 3",
    ),
    (
        "SECTOR",
        {"max_sector_ppm": 100_000, "sectors": SECTORS},
        Exposures(sector=900_001, sector_name="chips"),
        "sector chips 1,000,001 KRW is 1 KRW over the limit of 1,000,000 KRW",
    ),
    (
        "SECTOR",
        {"max_sector_ppm": 100_000, "sectors": {"000660": "chips"}},
        Exposures(sector=900_001),
        "sector unknown 1,000,001 KRW is 1 KRW over",
    ),
    (
        "MARKET",
        {"max_market_ppm": 100_000},
        Exposures(market=900_001),
        "market KOSPI 1,000,001 KRW is 1 KRW over the limit of 1,000,000 KRW",
    ),
    (
        "CORRELATED",
        {"max_correlated_ppm": 100_000},
        Exposures(gross=900_001, facts=moving_alike(900_001)),
        "position and what moves with it 1,000,001 KRW is 1 KRW over the limit of 1,000,000 KRW",
    ),
    (
        "GROSS_EXPOSURE",
        {"max_gross_ppm": 100_000},
        Exposures(gross=900_001),
        "all positions 1,000,001 KRW is 1 KRW over the limit of 1,000,000 KRW",
    ),
]


@pytest.mark.parametrize(("code", "limits", "stands", "text"), LIMITS)
def test_given_one_more_than_a_limit_when_a_buy_is_judged_then_it_says_value_limit_and_distance(
    code: str, limits: dict[str, Any], stands: Exposures, text: str
) -> None:
    denial = judge(a_proposal(), a_picture(config=RiskConfig(**limits), exposures=stands), RULES)
    assert denial is not None
    assert denial.code == code
    assert denial.message.startswith(text)


@pytest.mark.parametrize(("code", "limits", "stands", "_"), LIMITS)
def test_given_a_limit_that_is_just_reached_or_off_when_a_buy_is_judged_then_it_passes(
    code: str, limits: dict[str, Any], stands: Exposures, _: str
) -> None:
    counted: dict[str, Any] = {name: value for name, value in stands._asdict().items() if type(value) is int}
    one_less = stands._replace(**{name: value - (name != "average_volume") for name, value in counted.items()})
    quantity = 9 if code == "MAX_QUANTITY" else 10
    order = a_proposal(quantity=quantity)
    assert judge(order, a_picture(config=RiskConfig(**limits), exposures=one_less), RULES) is None
    assert judge(a_proposal(), a_picture(exposures=stands), RULES) is None


def test_given_no_room_under_any_limit_when_a_sale_is_judged_then_it_passes() -> None:
    limits: dict[str, Any] = {name: value for _, each, _, _ in LIMITS for name, value in each.items()}
    full = Exposures(2 * 10**9, 10**9, "chips", 10**9, 99, 10**6, 0, 10**9, "A", moving_alike(10**9))
    assert judge(a_proposal(Side.SELL), a_picture(config=RiskConfig(**limits), exposures=full), RULES) is None


def test_given_an_unknown_volume_or_no_sectors_when_a_buy_is_judged_then_these_limits_pass() -> None:
    limits = RiskConfig(max_adv_ppm=1, max_sector_ppm=1)
    stands = Exposures(shares=10**6, sector=10**9)
    assert judge(a_proposal(), a_picture(config=limits, exposures=stands), RULES) is None


@pytest.mark.parametrize(
    ("code", "limits", "stands"),
    [(code, limits, stands) for code, limits, stands, _ in LIMITS if code != "MAX_QUANTITY"],
)
def test_given_no_room_for_one_share_when_a_signal_is_sized_then_the_limit_is_named_with_the_distance(
    code: str, limits: dict[str, Any], stands: Exposures
) -> None:
    full = stands._replace(
        own=599_999,
        shares=109,
        sector=1_000_000,
        market=1_000_000,
        gross=1_000_000,
        facts=moving_alike(400_001),
    )
    size = size_entry(10_000, a_picture(config=RiskConfig(**limits), exposures=full))
    assert (size.quantity, size.binding.code) == (0, code)
    assert "short" in size.binding.message or "over the limit" in size.binding.message


def an_exposure(own: int, alike: int, apart: int, sector: int, market: int, *more: Any) -> Exposures:
    """Give exposures of an account that holds `own`, what moves with it, and what does not."""
    return Exposures(own + alike + apart, sector, "chips", market, *more, own, "A", moving_alike(alike))


won = st.integers(0, 12_000_000)
part = st.sampled_from((0, 50_000, 300_000, 1_000_000))


@settings(max_examples=150)
@given(
    price=st.integers(1, 900).map(lambda ticks: ticks * 10),
    limits=st.fixed_dictionaries(
        {
            "max_quantity": st.integers(0, 300),
            "max_position_krw": st.integers(0, 3_000_000).map(Krw),
            "max_adv_ppm": part,
            "max_positions": st.integers(0, 4),
            "max_sector_ppm": part,
            "max_market_ppm": part,
            "max_correlated_ppm": part,
            "max_gross_ppm": part,
        }
    ),
    stands=st.builds(an_exposure, won, won, won, won, won, st.integers(0, 4), st.integers(0, 99), st.none() | won),
)
def test_for_any_limits_a_signal_is_sized_to_the_largest_quantity_that_every_rule_accepts(
    price: int, limits: dict[str, Any], stands: Exposures
) -> None:
    known = a_picture(
        config=RiskConfig(**limits, sectors=SECTORS),
        mark=price,
        instrument=an_instrument(base=None),
        exposure=stands.own,
        exposures=stands,
    )
    size = size_entry(price, known)
    rooms = [(row, limit - row.used(known)) for row in SIZING if (limit := row.limit(known)) is not None]
    fits = [(row.code, most_shares(row, room, price, known.commission_ppm)) for row, room in rooms]
    least = min(most for _, most in fits if most is not None)
    assert (size.binding.code, size.quantity) == next(one for one in fits if one[1] == least)
    more = judge(a_proposal(limit_price=Krw(price), quantity=size.quantity + 1), known, SIZED_RULES)
    assert more is not None
    assert more.code in {"POSITION", "ORDER_VALUE", "CASH"} | {row.code for row in CONCENTRATION}
    if size.quantity:
        assert judge(a_proposal(limit_price=Krw(price), quantity=size.quantity), known, SIZED_RULES) is None
