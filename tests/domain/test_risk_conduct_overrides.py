"""Overrides of a person: one by one, with a note, and never of what nobody may override."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.risk import Cause
from domain.risk import RULES, Picture, Proposal
from domain.risk.conduct_facts import NO_CONDUCT
from domain.risk.overrides import OVERRIDABLE, judge_by_hand
from domain.risk_config import RiskConfig
from domain.types import Gate, Krw, Side
from tests.actors.money_builders import SAMSUNG, an_instrument, at
from tests.domain.test_risk import UNKNOWN, a_picture, a_proposal

CODES = tuple(rule.code for rule in RULES)
LOCKED = tuple(sorted(set(CODES) - set(OVERRIDABLE)))


def by_hand(side: Side = Side.BUY, *overrides: str, note: str = "I know", **changes: Any) -> Proposal:
    return a_proposal(side, confidence_ppm=None, overrides=overrides, note=note, **changes)


def test_every_code_that_may_be_overridden_is_a_rule() -> None:
    assert set(OVERRIDABLE) <= set(CODES)


@pytest.mark.parametrize("code", [*LOCKED, "NONSENSE", "", "collar"])
def test_given_a_check_nobody_overrides_when_it_is_named_then_the_order_is_denied_though_it_would_pass(
    code: str,
) -> None:
    denial, overridden = judge_by_hand(by_hand(Side.BUY, "COLLAR", code), a_picture(), RULES)
    assert denial is not None
    assert (denial.code, overridden) == ("OVERRIDE", ())
    assert denial.message.startswith(f"{code} cannot be overridden; a person may override COLLAR, ")
    assert denial.message.endswith("FOREIGN, with a note")


@pytest.mark.parametrize("note", ["", " \t"])
def test_given_no_note_when_a_check_is_overridden_then_the_order_is_denied(note: str) -> None:
    denial, _ = judge_by_hand(by_hand(Side.BUY, "COLLAR", note=note), a_picture(), RULES)
    assert denial == ("OVERRIDE", "overriding COLLAR needs a note that says why: the log keeps it")


def test_given_a_strategy_when_it_overrides_then_it_is_denied() -> None:
    denial, _ = judge_by_hand(a_proposal(overrides=("COLLAR",), note="x"), a_picture(), RULES)
    assert denial is not None
    assert denial.code == "OVERRIDE"


def test_given_two_checks_that_deny_when_one_is_overridden_then_the_other_still_denies() -> None:
    far = by_hand(Side.BUY, "COLLAR", "OPEN_ORDERS", limit_price=Krw(10_500), quantity=1_000)
    denial, overridden = judge_by_hand(far, a_picture(), RULES)
    assert denial is not None
    assert (denial.code, overridden) == ("ORDER_VALUE", ("COLLAR",))
    named = by_hand(Side.BUY, "ORDER_VALUE", "COLLAR", "POSITION", limit_price=Krw(10_500), quantity=300)
    assert judge_by_hand(named, a_picture(), RULES) == (None, ("COLLAR", "ORDER_VALUE", "POSITION"))


def test_given_the_window_of_duplicates_when_overridden_then_shares_bound_by_open_sells_still_are() -> None:
    window = {"last_same_at": at(10)}
    for side in Side:
        assert judge_by_hand(by_hand(side, "DUPLICATE"), a_picture(**window), RULES) == (None, ("DUPLICATE",))
    denial, _ = judge_by_hand(by_hand(Side.SELL, "DUPLICATE"), a_picture(selling=95, **window), RULES)
    assert denial is not None
    assert (denial.code, "would oversell" in denial.message) == ("DUPLICATE", True)


PICTURES = st.fixed_dictionaries(
    {},
    optional={
        "gate": st.sampled_from(list(Gate)),
        "day": st.sampled_from(["TRADING", "PAUSED"]),
        "orders_link": st.sampled_from(["READY", "BACKING_OFF"]),
        "instrument": st.sampled_from([None, an_instrument(), an_instrument(tradable=False)]),
        "mark": st.sampled_from([10_000, 9_000, 20_000]),
        "quoted_at": st.sampled_from([at(10), at(-100), None]),
        "orderable": st.sampled_from([Krw(0), Krw(10_000_000)]),
        "held": st.sampled_from([0, 5, 100]),
        "selling": st.sampled_from([0, 95]),
        "open_orders": st.sampled_from([0, 50]),
        "last_same_at": st.sampled_from([None, at(10)]),
        "unresolved": st.sampled_from([(), (UNKNOWN,)]),
        "loss_limit_hit": st.booleans(),
        "halted": st.sampled_from(["", "books differ"]),
        "doubt": st.sampled_from(["", "stale"]),
        "reducing": st.sampled_from([(), (Cause("NO_DATA", "no quote", False),)]),
        "conduct": st.sampled_from([NO_CONDUCT, NO_CONDUCT._replace(now=at(10), losing_streak=5, ours=3)]),
        "config": st.sampled_from(
            [RiskConfig(), RiskConfig(max_losing_streak=2, never_sell=(SAMSUNG,), collar_ticks=1, max_quantity=2)]
        ),
    },
)


@given(
    PICTURES,
    st.sampled_from(list(Side)),
    st.lists(st.sampled_from(OVERRIDABLE), unique=True, max_size=len(OVERRIDABLE)),
    st.sampled_from([10_000, 10_010, 10_003, 13_500]),
    st.sampled_from([0, 1, 10, 500]),
)
def test_for_any_picture_an_order_passes_only_where_every_check_that_denies_was_named(
    changes: dict[str, Any], side: Side, overrides: list[str], price: int, quantity: int
) -> None:
    picture: Picture = a_picture(**changes)
    proposal = by_hand(side, *overrides, limit_price=Krw(price), quantity=quantity)
    denying = [rule.code for rule in RULES if rule.scope.covers(proposal) and rule.check(proposal, picture)]
    denial, overridden = judge_by_hand(proposal, picture, RULES)
    assert list(overridden) == denying[: len(overridden)]
    assert set(overridden) <= set(overrides)
    if not overrides:
        assert (denial.code if denial else None) == next(iter(denying), None)
    if denial is None:
        assert set(denying) <= set(overrides)
        assert not set(denying) & set(LOCKED)
    else:
        assert denial.code == denying[len(overridden)]
        assert denial.code not in overrides or denial.code == "DUPLICATE"
