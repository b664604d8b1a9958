"""The master files: lists of codes, names, states, and what KOA_Functions gives of them (kiwoom.md 1.5).

The venue tells names, markets and base prices. Listed shares and days are made up from the code, the same every time.
"""

from collections.abc import Callable, Mapping
from typing import Final
from zlib import crc32

from broker_win.emulator.plan import FlagsPlan
from domain.instruments import Instrument
from domain.types import InstrumentFlag, Market

FUNDS: Final = (Market.ETF, Market.ETN)
# 0 holds the funds, too (unconfirmed). Markets that are not played (3 ELW, 4, 5, 6, 9, 30) are empty.
MARKETS: Final[Mapping[str, tuple[Market, ...]]] = {
    "": tuple(Market),
    "0": (Market.KOSPI, *FUNDS),
    "10": (Market.KOSDAQ,),
    "8": (Market.ETF,),
    "50": (Market.KONEX,),
    "60": (Market.ETN,),
}
KINDS: Final = {Market.KOSPI: "0", Market.KOSDAQ: "10", Market.KONEX: "50", Market.ETF: "8", Market.ETN: "60"}
BOARDS: Final = {Market.KOSPI: "거래소", Market.KOSDAQ: "코스닥", Market.KONEX: "코넥스", Market.ETF: "ETF"}
SHARES: Final = {"005930": 5_919_637_922}  # more than 32 bits hold; of the others nothing is known
CONSTRUCTIONS: Final = (
    (InstrumentFlag.RISK, "투자위험"),
    (InstrumentFlag.WARNING, "투자경고"),
    (InstrumentFlag.CAUTION, "투자주의"),
    (InstrumentFlag.ALERT, "투자주의환기종목"),
)
WARNINGS: Final = (
    (InstrumentFlag.LIQUIDATION, "2"),
    (InstrumentFlag.OVERHEATED, "3"),
    (InstrumentFlag.RISK, "4"),
    (InstrumentFlag.WARNING, "5"),
)
STATES: Final = (
    (InstrumentFlag.HALTED, "거래정지"),
    (InstrumentFlag.ADMINISTRATIVE, "관리종목"),
    (InstrumentFlag.SUPERVISED, "감리종목"),
    (InstrumentFlag.CAUTION, "투자유의종목"),
)
SECTORS: Final = {
    "0": (("001", "종합(KOSPI)"), ("002", "대형주"), ("003", "중형주"), ("004", "소형주")),
    "1": (("101", "종합(KOSDAQ)"),),
    "2": (("201", "KOSPI200"),),
    "4": (("401", "KOSPI100"),),
    "7": (("701", "KRX100"),),
}


class Masters:
    """What the control knows once it is logged in; empty before."""

    def __init__(self, instruments: Callable[[], Mapping[str, Instrument]], flags: FlagsPlan) -> None:
        """Read instruments anew at each call; `flags` of the plan outweigh what the venue says."""
        self._instruments, self._flags = instruments, flags

    def codes(self, market: str) -> str:
        """Give GetCodeListByMarket, with a `;` behind each."""
        wanted = MARKETS.get(market, ())
        return "".join(f"{code};" for code, one in sorted(self._instruments().items()) if one.market in wanted)

    def name(self, code: str) -> str:
        """Give GetMasterCodeName; empty for an unknown code."""
        one = self._instruments().get(code)
        return one.name if one else ""

    def last_price(self, code: str) -> str:
        """Give GetMasterLastPrice, the base price of the day, filled with zeros; empty for an unknown code."""
        one = self._instruments().get(code)
        return f"{one.base_price or 0:08d}" if one else ""

    def construction(self, code: str) -> str:
        """Give GetMasterConstruction; empty for an unknown code."""
        one = self._instruments().get(code)
        if one is None:
            return ""
        found = (word for flag, word in CONSTRUCTIONS if flag in one.flags)
        return self._flags.constructions.get(code) or next(found, "정상")

    def state(self, code: str) -> str:
        """Give GetMasterStockState, joined by `|`; empty for an unknown code."""
        one = self._instruments().get(code)
        if one is None:
            return ""
        if planned := self._flags.states.get(code):
            return planned
        if one.state_words:
            return "|".join(one.state_words)
        words = [word for flag, word in STATES if flag in one.flags]
        if not one.tradable and "거래정지" not in words:
            words.append("거래정지")
        return "|".join(("증거금100%", *words) if words else ("증거금40%", "담보대출", "신용가능"))

    def listed_on(self, code: str) -> str:
        """Give GetMasterListedStockDate, YYYYMMDD; empty for an unknown code."""
        if code not in self._instruments():
            return ""
        made_up = crc32(code.encode())
        return f"{1980 + made_up % 40}{1 + made_up // 40 % 12:02d}{1 + made_up // 480 % 28:02d}"

    def shares(self, code: str) -> int:
        """Give listed shares, 0 for an unknown code."""
        if code not in self._instruments():
            return 0
        return SHARES.get(code, 1_000_000 + crc32(code.encode()) % 200_000_000)

    def shares_in_32_bits(self, code: str) -> int:
        """Give GetMasterListedStockCnt: a 32-bit number, which large companies overflow."""
        return (self.shares(code) + 2**31) % 2**32 - 2**31

    def function(self, name: str, param: str) -> str:
        """Give KOA_Functions of master data; empty for an unknown function or code."""
        one = self._instruments().get(param)
        if name == "GetUpjongCode":
            return "".join(f"{param},{code},{sector}|" for code, sector in SECTORS.get(param, ()))
        if name == "GetUpjongNameByCode":
            return next((sector for all_ in SECTORS.values() for code, sector in all_ if code == param), "")
        if one is None:
            return ""
        if name == "GetMasterStockInfo":
            return f"시장구분0|{BOARDS.get(one.market, '거래소')};시장구분1|{one.market.value};업종구분|제조업;"
        if name == "IsOrderWarningStock":
            found = (number for flag, number in WARNINGS if flag in one.flags)
            return self._flags.warnings.get(param) or next(found, "0")
        if name == "GetMasterListedStockCntEx":
            return str(self.shares(param))
        return {"IsOrderWarningETF": "0", "GetStockMarketKind": KINDS[one.market]}.get(name, "")
