"""What a field of a message means and in which unit it is, read from its annotation and the comment beside it."""

import ast
import dataclasses
import inspect
import io
import sys
import tokenize
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, NewType, get_args, get_origin, get_type_hints

from domain.types import Krw, UnixNanos

_JSON = {Any: "any value", str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
_UNIT_OF_TYPE = {Krw: "KRW", UnixNanos: "UTC ns"}
_UNIT_OF_ENDING = {
    "_ppm": "parts per million",
    "_ppm_sum": "parts per million",
    "_ms": "ms",
    "_s": "s",
    "_qty": "shares",
    "quantity": "shares",
    "quantity_before": "shares",
    "_seq": "sequence",
}
# Names that mean the same wherever they occur: (unit, meaning). A comment beside the field comes first.
_KNOWN = {
    "agree": ("count", ""),
    "agreed": ("", "true: no difference was found"),
    "asvi": ("log units", ""),
    "attempt": ("count", "from 1, since the link was last up"),
    "caller": ("", "who asked, e.g. `cli:mina`"),
    "absent_snapshots": ("count", ""),
    "cancels": ("count", "orders being cancelled because of it"),
    "code": ("", "stable code of a refusal; empty when there is none"),
    "command_id": ("", "joins a command with its answer"),
    "commission": ("", "of this fill"),
    "client_order_id": ("", "our id of the order, unique for ever"),
    "confidence": ("0 to 1", ""),
    "conflated": ("quotes", "dropped by conflation since the batch before"),
    "compared": ("count", ""),
    "cost": ("", ""),
    "day_orders": ("count", ""),
    "depth_levels": ("count", ""),
    "detail": ("", "in words"),
    "endpoint": ("", "host:port; empty for the paper simulator beside the trader"),
    "epoch": ("count", "start of the broker, from 1"),
    "event_seq": ("sequence", "place in the broker's journal, from 1"),
    "external_orders": ("count", ""),
    "exits": ("count", "holdings being sold because of it"),
    "first_venue_time": ("UTC ns", "of the first row"),
    "from_state": ("", "state before"),
    "from_status": ("", "status before"),
    "hourly_reads": ("count", ""),
    "inferred": ("count", ""),
    "jump_deviations": ("deviations", ""),
    "journal_id": ("", "identity of the broker's journal"),
    "keyword_version": ("version", "of the words that stand for the instrument"),
    "last_px": ("", "price of this fill, per share"),
    "last_qty": ("", "of this fill"),
    "last_venue_time": ("UTC ns", "of the last row"),
    "received_at": ("UTC ns", "system time at which the link had it whole; 0 in logs before 0.7.0"),
    "leaves_qty": ("", "still open after it"),
    "limit_price": ("", "per share; null for kinds without a price of their own"),
    "max_open_orders": ("count", ""),
    "note": ("", "the person's words"),
    "adv_days": ("count", "sessions"),
    "collar_ticks": ("ticks", ""),
    "max_positions": ("count", ""),
    "max_orders_per_day": ("count", ""),
    "max_cancels_per_day": ("count", ""),
    "max_losing_streak": ("count", ""),
    "previous_close": ("hundredths of a point", ""),
    "open_orders": ("count", ""),
    "origin": ("", "strategy, or `operator:NAME`"),
    "outcome": ("", "what the broker's journal says of the request"),
    "positions": ("count", "instruments held"),
    "purpose": ("", "decides which gate level lets it pass"),
    "proved": ("count", ""),
    "ratio": ("0 to 100", "relative to the highest of the series"),
    "rationale": ("", "why, in words"),
    "read_attempts": ("count", ""),
    "reads": ("count", ""),
    "entries": ("count", ""),
    "wins": ("count", ""),
    "horizon_sessions": ("sessions", ""),
    "most_against": ("count", ""),
    "history_days": ("count", "sessions"),
    "days": ("count", "sessions"),
    "volume": ("shares", ""),
    "contradiction_z": ("deviations", ""),
    "reason": ("", "why, in words"),
    "request_id": ("", "a client order id, or the id of one cancel or modify"),
    "row": ("index", ""),
    "source_seq": ("sequence", "of the QuotesReceived it speaks of"),
    "rows": ("count", "quotes in it"),
    "seed": ("seed", ""),
    "sellable": ("shares", ""),
    "speed_milli": ("venue s per 1,000 s", ""),
    "strength": ("0 to 1", ""),
    "symbol": ("", "KRX short code, six characters"),
    "symbols": ("", "KRX short codes"),
    "system_time": ("", "on the trader's clock"),
    "tax": ("", "of this fill"),
    "text": ("", "in words"),
    "to_state": ("", "state now"),
    "to_status": ("", "status now"),
    "trade_id": ("", "the venue's, unique per venue order and day"),
    "trading_date": ("", "YYYY-MM-DD, KST"),
    "trigger": ("", "move of the machine, see docs/machines"),
    "unknown_orders": ("count", "orders whose fate is open"),
    "value": ("as its name says", ""),
    "venue_order_id": ("", "the broker's number of the leg"),
    "venue_time": ("", "at the venue"),
    "version": ("version", ""),
    "z": ("deviations", ""),
    "params": ("as their names say", ""),
    "batch_seq": ("count", "number of the batch in its subscription, from 1"),
    "run_id": ("", "run of the trader; in a session or a batch that of the quote source"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One field of a payload."""

    name: str
    json: str  # JSON type, e.g. `integer or null`
    unit: str  # empty for what has none
    meaning: str  # empty when the name says it all


def fields_of(kind: type[Any]) -> list[Field]:
    """Give the fields of a message or of an object inside one."""
    hints, comments = get_type_hints(kind), _comments(kind)
    return [
        Field(
            field.name,
            json_type(hints[field.name]),
            _unit(field.name, hints[field.name]),
            comments.get(field.name) or _KNOWN.get(field.name, ("", ""))[1],
        )
        for field in dataclasses.fields(kind)
    ]


def known(name: str, json: str) -> Field:
    """Give a field that is in no class, by what its name means everywhere."""
    return Field(name, json, *_KNOWN.get(name, (_unit(name, int if "integer" in json else str), "")))


def is_number(field: Field) -> bool:
    """Tell whether a field holds numbers, so that it needs a unit."""
    return any(word in field.json.replace("array of ", "").split(" ") for word in ("integer", "number"))


def json_type(hint: Any) -> str:
    """Give a type as people read it in JSON."""
    if isinstance(hint, NewType):
        hint = hint.__supertype__
    if hint in _JSON:
        return _JSON[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is dict:
        return f"object of {json_type(args[1])}"
    if origin is tuple:
        inner = args[:1] if args[-1] is Ellipsis else args
        return f"array of {' and '.join(dict.fromkeys(map(json_type, inner)))}"
    if args:  # a union
        return " or ".join(map(json_type, args))
    if issubclass(hint, Enum):
        return " ".join(f"`{member.value}`" for member in hint)
    return str(hint.__name__)


def _unit(name: str, hint: Any) -> str:
    for kind in (hint, *get_args(hint)):
        if isinstance(kind, NewType) and kind in _UNIT_OF_TYPE:
            return _UNIT_OF_TYPE[kind]
    if not {int, float} & {hint, *get_args(hint)} and get_origin(hint) is not dict:
        return ""
    if _KNOWN.get(name, ("",))[0]:
        return _KNOWN[name][0]
    return next((unit for ending, unit in _UNIT_OF_ENDING.items() if name.endswith(ending)), "")


def _comments(kind: type[Any]) -> dict[str, str]:
    lines, classes = _source(kind.__module__)
    return {
        name: " ".join(lines[line].lstrip("# ").split())
        for name, line in classes.get(kind.__name__, {}).items()
        if line in lines
    }


@cache
def _source(module: str) -> tuple[dict[int, str], dict[str, dict[str, int]]]:
    """Give the comments of a module by line, and the line of every annotated field by class."""
    text = inspect.getsource(sys.modules[module])
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    classes = {
        node.name: {
            item.target.id: item.end_lineno or item.lineno
            for item in node.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        }
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
    }
    return lines, classes
