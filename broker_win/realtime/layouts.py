"""Where the fields of a real type stand in Kiwoom's tab-separated string, and reading some of them. Pure but for
reading the definitions once.

One split of the string costs a tenth of asking the control field by field. Kiwoom's guide says not to rely on the
string, koapy does and it works; so the same readers take fields by number too (`UnknownsConfig.split_real_data`).
Newer versions append fields; a string with fewer than the definitions have is not read at all, for then nobody knows
which is which.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from operator import itemgetter

Values = str | Mapping[int, str]  # control.RealData.values


class Dropped(ValueError):
    """An event that cannot be read, or tells nothing usable: nothing is made of it. `reason` is one stable word."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the reason apart from what was found."""
        super().__init__(detail)
        self.reason = reason


class Layout:
    """Some fields of one real type, in the order asked for."""

    def __init__(self, order: Sequence[int], fids: Sequence[int]) -> None:
        """Take all FIDs of the type in the order of its string, and two or more that are to be read."""
        self._fids = tuple(fids)
        self._count = len(order)
        self._by_place: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*(order.index(fid) for fid in fids))
        self._by_number: Callable[[Mapping[int, str]], tuple[str, ...]] = itemgetter(*fids)

    def read(self, values: Values) -> tuple[str, ...]:
        """Give the texts as received. Raises Dropped when fields are missing."""
        if isinstance(values, str):
            parts = values.split("\t")
            if len(parts) < self._count:
                raise Dropped("short", f"{self._count} fields expected, {len(parts)} came")
            return self._by_place(parts)
        try:
            return self._by_number(values)
        except KeyError as error:
            raise Dropped("short", f"FID {error} expected among {len(values)}") from None


@cache
def field_order(real_type: str) -> tuple[int, ...]:
    """Give the FIDs of a real type in the order of its string. Raises KeyError for a type the definitions lack."""
    raw = json.loads(files("broker_win.data").joinpath("openapi_defs.json").read_text(encoding="utf-8"))
    return tuple(raw["real"][real_type])


def layout(real_type: str, *fids: int) -> Layout:
    """Give the layout of some fields of a type, by the definitions."""
    return Layout(field_order(real_type), fids)
