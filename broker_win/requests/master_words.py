"""What Kiwoom's master files say of one instrument, in our terms. Pure. Words: kiwoom.md 1.5."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from broker_win import text
from domain.errors import BrokerUnavailable
from domain.instruments import Instrument
from domain.krx.limits import MOST_LEVERAGE, price_limits
from domain.types import InstrumentFlag, Krw, Market, Symbol

HALTED: Final = "거래정지"
NORMAL: Final = "정상"
OF_STATE: Final = {
    HALTED: InstrumentFlag.HALTED,
    "관리종목": InstrumentFlag.ADMINISTRATIVE,
    "감리종목": InstrumentFlag.SUPERVISED,
    "투자유의종목": InstrumentFlag.CAUTION,
}
OF_CONSTRUCTION: Final = {
    "투자주의": InstrumentFlag.CAUTION,
    "투자경고": InstrumentFlag.WARNING,
    "투자위험": InstrumentFlag.RISK,
    "투자주의환기종목": InstrumentFlag.ALERT,
}
NO_WARNING: Final = "0"
OF_WARNING: Final = {
    "2": InstrumentFlag.LIQUIDATION,
    "3": InstrumentFlag.OVERHEATED,
    "4": InstrumentFlag.RISK,
    "5": InstrumentFlag.WARNING,
}
FUNDS: Final = (Market.ETF, Market.ETN)


@dataclass(frozen=True, slots=True)
class MasterTexts:
    """What the control gave of one code, as received."""

    name: str
    base_price: str
    state: str  # words joined by |
    construction: str
    warning: str  # IsOrderWarningStock
    listed: str  # YYYYMMDD


def warning_of(told: str) -> InstrumentFlag | None:
    """Give what IsOrderWarningStock means, None for no warning; an unknown number is a caution."""
    number = told.strip()
    return None if number in ("", NO_WARNING) else OF_WARNING.get(number, InstrumentFlag.CAUTION)


def instrument_of(code: str, market: Market, told: MasterTexts, today: date) -> Instrument:
    """Put one instrument together, with the limits of its base price by the rules of the exchange.

    No limits are given where the rules alone do not tell them: halted, in liquidation (정리매매), on its listing day,
    without a base price. Raises BrokerUnavailable when the base price cannot be read.
    """
    words = tuple(word for part in told.state.split("|") if (word := part.strip()))
    flags = _flags(words, told)
    base = _base_price(code, told.base_price)
    special = {InstrumentFlag.HALTED, InstrumentFlag.LIQUIDATION} & set(flags) or told.listed == f"{today:%Y%m%d}"
    limits = None if base is None or special else price_limits(base, market, today, leverage=leverage_of(market, told))
    construction = () if told.construction in ("", NORMAL) else (told.construction,)
    return Instrument(
        symbol=Symbol(code),
        name=told.name,
        market=market,
        base_price=base,
        lower_limit=limits and limits[0],
        upper_limit=limits and limits[1],
        tradable=HALTED not in words,
        flags=flags,
        state_words=words + construction,
    )


def leverage_of(market: Market, told: MasterTexts) -> int:
    """Give how many times the ordinary limits a fund has. Only its name tells: 레버리지 and 2X are twice, 3X thrice."""
    if market not in FUNDS:
        return 1
    name = told.name.upper()
    for times in range(MOST_LEVERAGE, 1, -1):
        if f"{times}X" in name:
            return times
    return 2 if "레버리지" in name else 1


def _flags(words: tuple[str, ...], told: MasterTexts) -> tuple[InstrumentFlag, ...]:
    found = [OF_STATE.get(word) for word in words]
    found += [OF_CONSTRUCTION.get(told.construction), warning_of(told.warning)]
    return tuple(flag for flag in InstrumentFlag if flag in found)


def _base_price(code: str, told: str) -> Krw | None:
    try:
        return text.price(told) or None
    except ValueError as error:
        raise BrokerUnavailable(f"GetMasterLastPrice of {code}: {error}") from None
