"""What one TR is answered from, and what the answer looks like before it is cut into pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from broker_win.emulator.plan import EmulatorPlan
from broker_win.emulator.tape import Tape
from domain.instruments import Instrument
from domain.quotes import Quote
from domain.types import UnixNanos

CODE = "종목코드"
ACCOUNT = "계좌번호"


@dataclass(frozen=True, slots=True)
class Case:
    """One request: its inputs, what the servers said, and when (venue time)."""

    inputs: Mapping[str, str]
    got: Mapping[str, Any]  # by the name in house.READS; None where it could not be read
    instruments: Mapping[str, Instrument]
    now: UnixNanos
    plan: EmulatorPlan
    tape: Tape

    @property
    def code(self) -> str:
        """Give the code asked for, without a venue's suffix (`005930_NX`)."""
        return self.inputs.get(CODE, "").strip().partition("_")[0]

    @property
    def codes(self) -> list[str]:
        """Give the codes asked for where they may be many, joined by `;`."""
        return [code.strip().partition("_")[0] for code in self.inputs.get(CODE, "").split(";")]

    @property
    def instrument(self) -> Instrument | None:
        """Give the instrument asked for, None when it is unknown."""
        return self.instruments.get(self.code)

    @property
    def quotes(self) -> Mapping[str, Quote]:
        """Give the latest quotes that were read, by code; made anew at each call."""
        return {quote.symbol: quote for quote in self.rows("quotes")}

    def rows(self, what: str) -> Sequence[Any]:
        """Give a list that was read, empty where it could not be."""
        return self.got.get(what) or ()

    def base(self, code: str) -> int | None:
        """Give the base price (KRW) of a code, None when unknown."""
        one = self.instruments.get(code)
        return one.base_price if one else None

    def name(self, code: str) -> str:
        """Give the name of a code, empty when unknown."""
        one = self.instruments.get(code)
        return one.name if one else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row by field name; the key is what a next page goes on behind."""

    key: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole answer."""

    single: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Tr:
    """How a TR is answered."""

    build: Callable[[Case], Sheet]
    reads: tuple[str, ...] = ()  # of house.READS
    registers: bool = False  # a quote TR: its code flows in real time on its screen from then on
    is_of_account: bool = False
