"""What is held and being bought, put together for limits on size and concentration. Money is won at mark."""

from typing import NamedTuple


class Exposures(NamedTuple):
    """Of the account, as one instrument that is to be bought sees it; open buys are in it at what they hold."""

    gross: int = 0  # all instruments
    sector: int = 0  # those of its sector, itself included
    sector_name: str = ""  # empty: unknown; all unknown ones are one sector
    market: int = 0  # those of its listing market, itself included
    correlated: int = 0  # itself, and all others by their correlation with it
    others: int = 0  # instruments held or being bought, itself left out
    shares: int = 0  # of it, held and being bought
    average_volume: int | None = None  # shares a day; None when unknown


NO_EXPOSURES = Exposures()
