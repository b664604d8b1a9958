"""The TRs the emulated servers know, as `broker_win/data/openapi_defs.json` has them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

ROWS_WHERE_NOT_TOLD: Final = 20  # per page, for definitions that tell the count in a field of their own (`*`)
AS_SINGLE: Final = "0"  # repeat count 0: one row, read with index 0 as if single, not counted (kiwoom.md 3, opt10004)


@dataclass(frozen=True, slots=True)
class Definition:
    """One TR. Fields in column order."""

    trcode: str  # as in the file, lower case
    name: str
    inputs: tuple[str, ...]
    single_record: str
    single: tuple[str, ...]
    multi_record: str
    multi: tuple[str, ...]
    most_rows: str  # as in the file: a number, `*`, `0`, empty without a multi record

    @property
    def page_rows(self) -> int:
        """Give how many rows a page has at most."""
        return int(self.most_rows) if self.most_rows.isdigit() and self.most_rows != AS_SINGLE else ROWS_WHERE_NOT_TOLD

    @property
    def is_read_as_single(self) -> bool:
        """Tell whether its multi record has one row that is not counted."""
        return self.most_rows == AS_SINGLE

    @property
    def needs_password(self) -> bool:
        """Tell whether it takes the account's password."""
        return "비밀번호" in self.inputs


@cache
def definitions() -> Mapping[str, Definition]:
    """Give all by code, read once."""
    raw = json.loads(files("broker_win.data").joinpath("openapi_defs.json").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            code: Definition(
                code,
                one["name"],
                tuple(one["inputs"]),
                one["single_record"],
                tuple(name for name, _ in one["single"]),
                one["multi_record"],
                tuple(name for name, _ in one["multi"]),
                one["max_rows"] or "",
            )
            for code, one in raw["tr"].items()
        }
    )
