"""Whether a history of bars keeps the daily limits, and why where it does not. Pure: rows in, findings out.

An exception counts as explained only with evidence in the history or from outside; what none explains is a fault of
the data, or of the rule.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from domain.krx.limits import (
    LIQUIDATION_SESSIONS,
    MOST_LEVERAGE,
    LimitRegime,
    base_of_close,
    listing_auction_limits,
    listing_rate,
    price_limits,
    resumption_auction_limits,
)
from domain.types import Krw, Market


class LimitReason(StrEnum):
    """Why a bar lies outside the ordinary limits."""

    LISTING_DAY = "LISTING_DAY"
    LIQUIDATION = "LIQUIDATION"
    BASE_SET_ANEW = "BASE_SET_ANEW"  # capital reduction, split, rights: the auction finds the base
    BASE_NOT_ADJUSTED = "BASE_NOT_ADJUSTED"  # the number of shares changed and the file's base did not
    LEVERAGE = "LEVERAGE"
    LISTED_DEFECT = "LISTED_DEFECT"  # the list of known defects names the row
    UNEXPLAINED = "UNEXPLAINED"


@dataclass(frozen=True, slots=True)
class DayBar:
    """One instrument's day in won; zeros where nothing traded."""

    day: date
    open: int
    high: int
    low: int
    close: int
    volume: int
    base: int | None  # base price: close less change, or the previous close; None when the file has none
    shares: int | None = None  # listed shares

    @property
    def is_traded(self) -> bool:
        """Tell whether anything traded: halted days carry the close forward with open, high, low and volume 0."""
        return self.high > 0 and self.volume > 0


@dataclass(frozen=True, slots=True)
class BarHistory:
    """One instrument's days in order, with what is known of it."""

    code: str
    name: str
    market: Market
    bars: tuple[DayBar, ...]
    file_days: tuple[date, date]  # first and last day of the whole file
    is_continuous: bool = True  # the file has a row for each day an instrument is listed: a first or last row tells
    leverage: int = 1
    listed_on: date | None = None  # from a list of instruments
    is_delisted: bool = False  # known to have left since: in a list of delisted codes, or missing in a later list
    defects: Mapping[date, str] = field(default_factory=dict)  # known defects of this instrument's rows


@dataclass(frozen=True, slots=True)
class Finding:
    """One bar outside its ordinary limits; prices in won."""

    code: str
    name: str
    market: Market
    bar: DayBar
    lower: Krw | None  # None without a base
    upper: Krw | None
    reason: LimitReason
    text: str  # one line for people


_TIMES: Final = re.compile(r"([1-9])\s?X(?![A-Z])")


def leverage_in(name: str, market: Market) -> int:
    """Read the leverage out of a fund's name: `2X`, `3X`, or 레버리지, which is 2; 1 for shares and other names.

    Source: names of the funds listed on 2026-08-21; the issuer's terms decide, not the name.
    """
    if market not in (Market.ETF, Market.ETN):
        return 1
    if (found := _TIMES.search(name)) is not None and int(found[1]) <= MOST_LEVERAGE:
        return int(found[1])
    return 2 if "레버리지" in name else 1


def check_history(history: BarHistory) -> Iterator[Finding]:
    """Give each traded bar outside the ordinary limits, with the reason, in order of day.

    Raises ConfigError for a day before 2015-06-15, whose limits are not known.
    """
    for index, bar in enumerate(history.bars):
        if not bar.is_traded:
            continue
        if bar.base is None or bar.base <= 0:
            reason, text = _without_base(history, index)
            yield Finding(history.code, history.name, history.market, bar, None, None, reason, text)
            continue
        lower, upper = price_limits(bar.base, history.market, bar.day)
        if lower <= bar.low and bar.high <= upper:
            continue
        reason, text = _explain(history, index, bar.base)
        yield Finding(history.code, history.name, history.market, bar, lower, upper, reason, text)


_Reason = tuple[LimitReason, str]
_LONGEST_BREAK: Final = 12  # calendar days between two sessions at most, long holidays included
_HALT_DAYS: Final = 3  # days without trades that tell a halt from a rarely traded issue
_LEAST_CHANGE: Final = 5  # a fifth of the shares: less is a buy-back or a small issue, which moves no base


def _without_base(history: BarHistory, index: int) -> _Reason:
    if _is_listing_day(history, index):
        return LimitReason.LISTING_DAY, "listing day without a previous close in the file: not checked"
    return _defect(history, index) or (LimitReason.UNEXPLAINED, "no base price in the file")


def _explain(history: BarHistory, index: int, base: int) -> _Reason:
    # on the first day of a file any row is the first of its code: only what does not fit better is a listing
    unsure = not _is_known_listing(history, index)
    found = (
        (None if unsure else _listing(history, index, base))
        or _set_anew(history, index, base)
        or _not_adjusted(history, index, base)
        or _leverage(history, index, base)
        or _liquidation(history, index)
        or (_listing(history, index, base) if unsure and not history.is_delisted else None)
        or _defect(history, index)
    )
    return found or (LimitReason.UNEXPLAINED, "no reason found in the file, its neighbours or the list of defects")


def _is_listing_day(history: BarHistory, index: int) -> bool:
    if history.listed_on is not None:
        return history.listed_on == history.bars[index].day
    return index == 0 and history.is_continuous


def _is_known_listing(history: BarHistory, index: int) -> bool:
    """Tell whether a row is surely a listing day: by a list, or because the file began before it."""
    told = history.listed_on is not None or history.bars[index].day > history.file_days[0]
    return told and _is_listing_day(history, index)


def _listing(history: BarHistory, index: int, base: int) -> _Reason | None:
    if not _is_listing_day(history, index):
        return None
    bar, market = history.bars[index], history.market
    known = _is_known_listing(history, index)
    if not known and not _moved(bar, base, market):
        return None
    how = "listing day" if known else "listing day as far as the file tells (its first day)"
    if market is Market.KONEX:  # its rule is not known; without a date from outside any first row would pass
        return (LimitReason.LISTING_DAY, f"{how}; limits of KONEX then are not known") if known else None
    rate = listing_rate(market, bar.day)
    if rate is None:
        return None
    if rate.day_percents is not None:
        lower, upper = price_limits(base, market, bar.day, regime=LimitRegime.LISTING)
        low, high = rate.day_percents
        text = f"{how}: {lower:,} to {upper:,} won, {low} % to {high} % of the offer price {base:,}"
        return (LimitReason.LISTING_DAY, text) if lower <= bar.low and bar.high <= upper else None
    if _fits(bar, listing_auction_limits(base, market, bar.day), market):
        return (
            LimitReason.LISTING_DAY,
            f"{how}: opened at {bar.open:,} on an offer of {base:,}, then the ordinary width",
        )
    return None


def _moved(bar: DayBar, base: int, market: Market) -> bool:
    """Tell whether opening or close lies outside the ordinary limits, not only a stray high or low."""
    lower, upper = price_limits(base, market, bar.day)
    return not (lower <= bar.open <= upper and lower <= bar.close <= upper)


def _fits(bar: DayBar, auction: tuple[Krw, Krw], market: Market) -> bool:
    """Tell whether the opening price is one the auction may find, and the day keeps the ordinary width around it."""
    if not auction[0] <= bar.open <= auction[1]:
        return False
    lower, upper = price_limits(bar.open, market, bar.day)
    return lower <= bar.low and bar.high <= upper


def _previous(history: BarHistory, index: int) -> DayBar | None:
    return history.bars[index - 1] if index else None


def _set_anew(history: BarHistory, index: int, base: int) -> _Reason | None:
    before, bar, market = _previous(history, index), history.bars[index], history.market
    is_old = before is not None and before.close > 0 and base_of_close(before.close, market, bar.day) == base
    first_of_file = bar.day == history.file_days[0] or not history.is_continuous
    if is_old or (before is None and first_of_file):
        return None
    if not _fits(bar, resumption_auction_limits(base, market, bar.day), market):
        return None
    close = "no row before" if before is None else f"previous close {before.close:,}"
    text = f"base set anew at {base:,} ({close}); the auction found {bar.open:,}"
    return LimitReason.BASE_SET_ANEW, text


def _not_adjusted(history: BarHistory, index: int, base: int) -> _Reason | None:
    before, bar, market = _previous(history, index), history.bars[index], history.market
    if before is None or not before.shares or not bar.shares or before.shares == bar.shares:
        return None
    adjusted = base * before.shares // bar.shares
    if adjusted <= 0 or abs(bar.shares - before.shares) * _LEAST_CHANGE < before.shares:
        return None
    lower, upper = price_limits(adjusted, market, bar.day)
    if not (lower <= bar.low and bar.high <= upper) and not _fits(
        bar, resumption_auction_limits(adjusted, market, bar.day), market
    ):
        return None
    text = f"shares {before.shares:,} to {bar.shares:,}: the base would be {adjusted:,}, the file has {base:,}"
    return LimitReason.BASE_NOT_ADJUSTED, text


def _leverage(history: BarHistory, index: int, base: int) -> _Reason | None:
    bar, times = history.bars[index], history.leverage
    if times == 1:
        return None
    lower, upper = price_limits(base, history.market, bar.day, leverage=times)
    if not (lower <= bar.low and bar.high <= upper):
        return None
    return LimitReason.LEVERAGE, f"{times}x fund: {lower:,} to {upper:,} won"


def _liquidation(history: BarHistory, index: int) -> _Reason | None:
    """Liquidation trading: the last seven sessions of a code, after a halt, without limits.

    So the row must lie in at most seven last traded days that follow days without trades. A code known to have left
    needs no more: its rows end before the file, or a list says so. One still there at the end of the file must have
    stood still for three days or more and then have left its limits on the first.
    """
    bars = history.bars
    if _is_known_listing(history, index):
        return None
    starts = [start for start in range(index + 1) if _resumes(bars, start) and _is_last_phase(bars, start)]
    if not starts:
        return None
    number = sum(bar.is_traded for bar in bars[starts[-1] : index + 1])
    text = f"liquidation trading: traded day {number} of at most {LIQUIDATION_SESSIONS} after a halt"
    if history.is_continuous and bars[-1].day < history.file_days[1]:
        return LimitReason.LIQUIDATION, f"{text}, its last row is {bars[-1].day}"
    if history.is_delisted:
        return LimitReason.LIQUIDATION, f"{text}, delisted since"
    if history.is_continuous and any(_stood_still(bars, start) and _is_outside(history, start) for start in starts):
        return LimitReason.LIQUIDATION, f"{text}, no other trade up to the end of the file"
    return None


def _resumes(bars: tuple[DayBar, ...], start: int) -> bool:
    """Tell whether trading begins at a row: after days without trades or without rows, or with the file."""
    if not bars[start].is_traded:
        return False
    return start == 0 or not bars[start - 1].is_traded or (bars[start].day - bars[start - 1].day).days > _LONGEST_BREAK


def _is_last_phase(bars: tuple[DayBar, ...], start: int) -> bool:
    return sum(bar.is_traded for bar in bars[start:]) <= LIQUIDATION_SESSIONS


def _stood_still(bars: tuple[DayBar, ...], start: int) -> bool:
    before = bars[max(0, start - _HALT_DAYS) : start]
    return len(before) == _HALT_DAYS and not any(bar.is_traded for bar in before)


def _is_outside(history: BarHistory, index: int) -> bool:
    bar = history.bars[index]
    if not bar.base:
        return False
    lower, upper = price_limits(bar.base, history.market, bar.day)
    return bar.low < lower or bar.high > upper


def _defect(history: BarHistory, index: int) -> _Reason | None:
    issue = history.defects.get(history.bars[index].day)
    return None if issue is None else (LimitReason.LISTED_DEFECT, f"listed defect: {issue}")
