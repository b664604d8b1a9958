"""Kiwoom's codes of order kinds (`trde_tp`), both ways. REST writes them without leading zeros."""

from datetime import date
from types import MappingProxyType
from typing import Final

from domain.errors import ConfigError
from domain.krx.order_kinds import KINDS
from domain.types import OrderKind, TimeInForce

_DAY, _IOC, _FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
# Source: Kiwoom REST specification of kt10000, field trde_tp; read 2026-11-22. The after-market has no codes of its
# own: 0 was accepted and filled there on 2026-09-14. 62 is dead since that day.
KINDS_BY_CODE: Final = MappingProxyType(
    {
        "0": (OrderKind.LIMIT, _DAY),
        "3": (OrderKind.MARKET, _DAY),
        "5": (OrderKind.CONDITIONAL_LIMIT, _DAY),
        "6": (OrderKind.BEST_LIMIT, _DAY),
        "7": (OrderKind.FIRST_LIMIT, _DAY),
        "10": (OrderKind.LIMIT, _IOC),
        "13": (OrderKind.MARKET, _IOC),
        "16": (OrderKind.BEST_LIMIT, _IOC),
        "20": (OrderKind.LIMIT, _FOK),
        "23": (OrderKind.MARKET, _FOK),
        "26": (OrderKind.BEST_LIMIT, _FOK),
        "28": (OrderKind.STOP_LIMIT, _DAY),
        "29": (OrderKind.MID, _DAY),
        "30": (OrderKind.MID, _IOC),
        "31": (OrderKind.MID, _FOK),
        "61": (OrderKind.PRE_OPEN_CLOSE, _DAY),
        "62": (OrderKind.OFF_HOURS_SINGLE, _DAY),
        "81": (OrderKind.POST_CLOSE, _DAY),
    }
)
CODES_BY_KIND: Final = MappingProxyType({pair: code for code, pair in KINDS_BY_CODE.items()})


def kiwoom_code(kind: OrderKind, time_in_force: TimeInForce, on: date) -> str:
    """Give `trde_tp` of a kind on a day. Raises ConfigError for a pair without a code, or one not in force that day."""
    code = CODES_BY_KIND.get((kind, time_in_force))
    if code is None:
        known = ", ".join(force for one, force in CODES_BY_KIND if one is kind)
        raise ConfigError(f"time in force of {kind} expected one of {known}, was {time_in_force}")
    [row] = [row for row in KINDS if (row.kind, row.time_in_force) == (kind, time_in_force)]
    if not row.since <= on < row.until:
        raise ConfigError(f"order kind {kind} expected in force on {on}, holds from {row.since} to before {row.until}")
    return code


def kind_of_code(code: str) -> tuple[OrderKind, TimeInForce]:
    """Give kind and time in force of a `trde_tp`; "00" and "03" of the OCX count as "0" and "3".

    Raises ConfigError for an unknown code.
    """
    plain = code[1:] if len(code) == 2 and code.startswith("0") else code
    if plain not in KINDS_BY_CODE:
        raise ConfigError(f"trde_tp expected one of {', '.join(KINDS_BY_CODE)}, was {code!r}")
    return KINDS_BY_CODE[plain]
