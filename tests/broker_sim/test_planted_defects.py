"""Defects planted at random rows of the packaged day: each rule finds its own, and is silent on what was clean."""

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from broker_sim.recording import Recording
from broker_sim.verdicts import a_book, closes
from cli.sample import sample_path
from domain import quality
from domain.krx.ticks import is_half_tick, is_on_tick
from domain.quality import RULES, QualityBook
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND

SEEDS = (1, 2, 3)
REFUSES = {rule.name: rule.refuses for rule in RULES}
# Judged only where a run sets `jump_deviations`; the rules' own tests plant theirs.
BY_THE_TAPE = {"jump_unconfirmed", "jump_refuted"}
S = NANOS_PER_SECOND
Plant = Callable[[Recording, Quote, Quote], Quote]  # recording, row before of the symbol, row


@cache
def the_day() -> tuple[Recording, tuple[Quote, ...]]:
    """Give a day of trades of some symbols, with best prices a tick apart."""
    recording = Recording.load(sample_path())
    chosen = sorted(recording.instruments)[:6]
    rows = [row for batch in closes(recording) for row in batch if row.symbol in chosen and row.last_qty]
    return recording, tuple(rows)


def spoken(recording: Recording, rows: list[Quote]) -> set[tuple[int, str]]:
    """Judge row by row, as a quiet feed brings them."""
    book: QualityBook = a_book(recording)
    found = set()
    for at, row in enumerate(rows):
        accepted, verdicts = quality.judge([row], book, recording.instruments)
        book.fold(accepted)
        found |= {(at, verdict.rule) for verdict in verdicts}
    return found


def off_tick(recording: Recording, before: Quote, row: Quote) -> Quote:
    market, day = recording.instruments[row.symbol].market, recording.day
    step = 1
    while is_on_tick(row.price + step, market, day) or is_half_tick(row.price + step, market, day):
        step += 1
    return row._replace(price=row.price + step)


def above(recording: Recording, before: Quote, row: Quote) -> Quote:
    upper = recording.instruments[row.symbol].upper_limit
    assert upper is not None
    return row._replace(price=upper * 2)


def far(recording: Recording, before: Quote, row: Quote) -> Quote:
    return row._replace(price=before.price * 2)


PLANTS: dict[str, Plant] = {
    quality.UNKNOWN_SYMBOL: lambda r, b, row: row._replace(symbol="999999"),
    quality.BAD_VALUE: lambda r, b, row: row._replace(last_qty=-5),
    quality.OUTSIDE_LIMITS: above,
    quality.OUTSIDE_SESSION: lambda r, b, row: row._replace(venue_time=r.session.open - S),
    quality.OUT_OF_ORDER: lambda r, b, row: row._replace(venue_time=b.venue_time - S),
    quality.DUPLICATE: lambda r, b, row: b,
    quality.NO_VOLUME: lambda r, b, row: row._replace(last_qty=0),
    quality.IN_CLOSING_AUCTION: lambda r, b, row: row._replace(
        venue_time=r.session.close_auction + 300 * S, kind=int(QuoteKind.TRADE)
    ),
    quality.STALE: lambda r, b, row: row._replace(venue_time=row.venue_time - 299 * S),
    quality.VOLUME_FELL: lambda r, b, row: row._replace(cumulative_volume=b.cumulative_volume - 1),
    quality.OFF_TICK: off_tick,
    quality.CROSSED_BOOK: lambda r, b, row: row._replace(bid_price=row.price, ask_price=row.price),
    quality.PRICE_JUMP: far,
}


def planted(rule: str, seed: int) -> tuple[Recording, list[Quote], int]:
    """Give the day with one defect, and where it lies."""
    recording, day = the_day()
    draws = random.Random(f"{rule} {seed}")
    rows = list(day)
    before: dict[str, tuple[int, Quote]] = {}
    places: list[tuple[int, Quote]] = []
    for at, row in enumerate(rows):
        known = before.get(row.symbol)
        fits = known is not None and known[1].venue_time > recording.session.open + 1_200 * S
        if fits and known is not None and row.kind == QuoteKind.TRADE:
            places.append((at, known[1]))
        before[row.symbol] = (at, row)
    at, earlier = draws.choice(places)
    true = rows[at]
    wrong = PLANTS[rule](recording, earlier, true)
    if rule == quality.STALE:  # the symbol itself was silent, else the row is out of order
        silent = range(true.venue_time - 300 * S, true.venue_time)
        rows = [row for row in rows if row.symbol != true.symbol or row.venue_time not in silent]
        at = rows.index(true)
    if rule == quality.PRICE_JUMP:  # where limits are known they speak first
        free = replace(recording.instruments[true.symbol], lower_limit=None, upper_limit=None)
        recording = replace(recording, instruments={**recording.instruments, true.symbol: free})
    if REFUSES[rule] or rule == quality.STALE:
        rows.insert(at, wrong)
    else:
        rows[at] = wrong  # kept: the true row behind it would be its duplicate
    return recording, rows, at


def test_every_rule_has_a_defect_that_is_planted() -> None:
    assert {rule.name for rule in RULES} - BY_THE_TAPE == set(PLANTS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rule", PLANTS)
def test_given_a_defect_planted_in_a_real_day_when_judged_then_its_rule_finds_it_and_clean_rows_stay_silent(
    rule: str, seed: int
) -> None:
    recording, rows, at = planted(rule, seed)

    found = spoken(recording, rows)

    assert (at, rule) in found
    following = next((index for index in range(at + 1, len(rows)) if rows[index].symbol == rows[at].symbol), at)
    touched = {at} if REFUSES[rule] else {at, following}  # the row behind a kept one is judged against it
    assert {index for index, _ in found} <= touched


@pytest.mark.parametrize("rule", PLANTS)
def test_given_a_rule_switched_off_when_its_defect_is_planted_then_it_is_missed(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, rows, at = planted(rule, SEEDS[0])
    mute = tuple(one._replace(check=lambda _: None) if one.name == rule else one for one in RULES)
    monkeypatch.setattr(quality, "RULES", mute)

    assert (at, rule) not in spoken(recording, rows)


def test_given_the_packaged_day_when_judged_then_no_rule_speaks() -> None:
    recording, rows = the_day()

    assert spoken(recording, list(rows)) == set()
