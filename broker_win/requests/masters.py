"""Kiwoom's master files: which codes there are, what they are called, how they stand. Lives on the event loop.

The control reads them from its own disk, so nothing here counts as a query. Still each call holds its thread: thousands
of codes are read in slices, between which events and other jobs have their turn, and only codes somebody asks for.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.control import Control, Value
from broker_win.requests.master_words import MasterTexts, instrument_of, warning_of
from domain.errors import BrokerUnavailable
from domain.instruments import Instrument
from domain.krx.codes import is_code
from domain.time import kst_date
from domain.types import InstrumentFlag, Market

# In this order: the first list a code stands in is its market. The list of KOSPI holds the funds, too (unconfirmed).
LISTS: Final = (("8", Market.ETF), ("60", Market.ETN), ("50", Market.KONEX), ("10", Market.KOSDAQ), ("0", Market.KOSPI))
NOT_OURS: Final = ("3", "5")  # ELW and warrants: no market of ours, wherever else they stand
CODES_A_JOB: Final = 40  # of 6 calls each; a call takes some 0.1 ms of the control's thread
NOTHING: Final = "Kiwoom's control lists no codes: its master files are not there yet"
_log = logging.getLogger(__name__)


class Masters:
    """What is listed today."""

    def __init__(self, bridge: Bridge, clock: Clock) -> None:
        """Know nothing yet."""
        self._bridge, self._clock = bridge, clock
        self._markets: dict[str, Market] = {}
        self._known: dict[str, Instrument] = {}
        self._day = kst_date(0)
        self._reading = asyncio.Lock()

    async def load(self) -> None:
        """Read the lists of codes anew, forget what was known of each. Raises BrokerUnavailable."""
        async with self._reading:
            await self._load()

    def is_known(self, symbol: str) -> bool:
        """Tell whether a code is listed."""
        return symbol in self._markets

    def market_of(self, symbol: str) -> Market:
        """Give the market of a code; KOSPI for one that is not listed, so that costs of old holdings can be told."""
        return self._markets.get(symbol, Market.KOSPI)

    def codes(self) -> list[str]:
        """Give every listed code, in order."""
        return sorted(self._markets)

    async def instruments(self, symbols: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        """Give the instruments of these codes (all when empty) and the codes not listed. Raises BrokerUnavailable."""
        while True:
            async with self._reading:  # for one slice: whoever asks for one code does not wait for thousands
                if not self._markets or self._day != kst_date(self._clock.venue()):
                    await self._load()
                wanted = list(dict.fromkeys(symbols)) or self.codes()
                unread = [code for code in wanted if code in self._markets and code not in self._known]
                if not unread:
                    found = [self._known[code] for code in wanted if code in self._known]
                    return found, [code for code in wanted if code not in self._markets]
                await self._read(unread[:CODES_A_JOB])

    async def warning_of(self, symbol: str) -> InstrumentFlag | None:
        """Ask whether buying a code raises a warning, which opens a window on the PC; None when it does not.

        Raises BrokerUnavailable when the control does not tell.
        """
        told = await self._bridge.run(lambda control: control.call("KOA_Functions", "IsOrderWarningStock", symbol))
        if told is None or not str(told).strip():
            raise BrokerUnavailable(f"Kiwoom's control does not tell whether {symbol} bears a warning")
        return warning_of(str(told))

    async def _load(self) -> None:
        def lists(control: Control) -> dict[str, list[str]]:
            names = (*(name for name, _ in LISTS), *NOT_OURS)
            return {name: _text(control, "GetCodeListByMarket", name).split(";") for name in names}

        told = await self._bridge.run(lists)
        not_ours = {code for name in NOT_OURS for code in told[name]}
        markets: dict[str, Market] = {}
        for name, market in LISTS:
            for code in told[name]:
                if is_code(code) and code not in not_ours:
                    markets.setdefault(code, market)
        if not markets:
            raise BrokerUnavailable(NOTHING)
        self._markets, self._known, self._day = markets, {}, kst_date(self._clock.venue())
        _log.info("%d codes are listed", len(markets))

    async def _read(self, codes: Sequence[str]) -> None:
        def read(control: Control) -> dict[str, MasterTexts]:
            return {code: _texts(control, code) for code in codes}

        for code, texts in (await self._bridge.run(read)).items():
            self._known[code] = instrument_of(code, self._markets[code], texts, self._day)


def _texts(control: Control, code: str) -> MasterTexts:
    return MasterTexts(
        name=_text(control, "GetMasterCodeName", code),
        base_price=_text(control, "GetMasterLastPrice", code),
        state=_text(control, "GetMasterStockState", code),
        construction=_text(control, "GetMasterConstruction", code),
        warning=_text(control, "KOA_Functions", "IsOrderWarningStock", code),
        listed=_text(control, "GetMasterListedStockDate", code),
    )


def _text(control: Control, method: str, *arguments: Value) -> str:
    told = control.call(method, *arguments)
    if told is None:
        raise BrokerUnavailable(f"Kiwoom's control does not answer {method}; is OpenAPI+ registered?")
    return str(told).strip()
