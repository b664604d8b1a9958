"""Entries at every open, scored by hand."""

from datetime import date

from backtest.judging.claims import BROKEN, NO_ENTRY, NO_EXIT, NOT_DUE, REASONS, Claim
from backtest.judging.outcomes import DailyOutcomes, rates
from backtest.judging.scoring import one_at_a_time, score
from domain.types import Side
from tests.backtest.judging.builders import a_panel


def a_claim(at: int, horizon: int = 1, side: Side = Side.BUY) -> Claim:
    return Claim(at, 0, side, horizon, 0.6, "normal")


def reasons(closes: list[float], horizon: int) -> list[str]:
    made = DailyOutcomes(a_panel({"005930": closes}), 150).of(horizon, Side.BUY)
    return [REASONS[one] for one in made.reason[:, 0]]


def test_given_an_entry_when_scored_then_gross_is_exact_and_costs_are_commissions_tax_and_a_tick() -> None:
    outcomes = DailyOutcomes(a_panel({"005930": [50_000, 50_000, 51_000, 52_000]}), 150)
    [one] = score([a_claim(1, 2)], outcomes.of)
    assert one.gross_ppm == 40_000  # from the open of the second session, 50,000, to the close two sessions on
    # 2021: 0.08 % transaction tax and 0.15 % rural tax; the tick at 50,000 was 100 won
    assert one.cost_ppm == 2 * 150 + 800 + 1_500 + 2_000
    assert one.won
    [sold] = score([a_claim(1, 2, Side.SELL)], outcomes.of)
    assert (sold.gross_ppm, sold.won) == (-40_000, False)


def test_given_a_gain_of_just_the_costs_when_scored_then_it_is_not_won() -> None:
    costs = 2 * 150 + 2_300 + 2_000
    for gain, won in ((costs, False), (costs + 20, True)):
        price = 50_000 + 50_000 * gain // 1_000_000
        [one] = score([a_claim(1)], DailyOutcomes(a_panel({"005930": [50_000, 50_000, price]}), 150).of)
        assert (one.gross_ppm, one.won) == (gain, won)


def test_given_the_year_of_the_sale_when_costs_are_made_then_its_tax_counts() -> None:
    panel = a_panel({"005930": [50_000] * 260})
    found = dict(zip(panel.sessions, rates(panel, 0)[:, 0].tolist(), strict=True))
    assert found[date(2021, 6, 1)] == 2_300
    assert found[date(2022, 1, 10)] == 2_300


def test_given_halts_and_the_end_when_scored_then_every_lack_has_its_reason() -> None:
    assert reasons([100, 100, 0, 100, 100, 100], 2) == [NO_EXIT, "", NO_ENTRY, "", NOT_DUE, NOT_DUE]


def test_given_claims_that_overlap_when_scored_then_the_first_stands_until_its_close() -> None:
    outcomes = DailyOutcomes(a_panel({"005930": [100, 100, 0, 100, 100, 100, 100, 100]}), 150)
    kept, overlapping = one_at_a_time(score([a_claim(at, 2) for at in range(1, 8)], outcomes.of))
    assert [one.claim.at for one in kept] == [1, 4, 7]
    assert overlapping == 4


def test_given_a_claim_nobody_could_enter_when_another_follows_then_both_are_counted() -> None:
    outcomes = DailyOutcomes(a_panel({"005930": [100, 100, 0, 100, 100, 100]}), 150)
    kept, overlapping = one_at_a_time(score([a_claim(2, 2), a_claim(3, 2)], outcomes.of))
    assert [one.reason for one in kept] == [NO_ENTRY, ""]
    assert not overlapping


def test_given_a_split_that_was_not_adjusted_when_scored_then_claims_across_it_have_no_score() -> None:
    # The session of the split opens on the scale of before here: who entered at that open lost nothing.
    assert reasons([1_000, 1_000, 1_000, 500, 500, 500], 1) == ["", "", BROKEN, BROKEN, "", NOT_DUE]
    assert reasons([1_000, 1_000, 0, 500, 500, 500], 1) == ["", NO_EXIT, NO_ENTRY, BROKEN, "", NOT_DUE]
    assert reasons([1_000, 1_000, 1_300, 910, 910], 1) == ["", "", "", "", NOT_DUE], "the limits themselves are no leap"
    assert reasons([1_000, 1_000, 0, 500, 500, 500], 2)[1] == BROKEN
