"""What the Windows process is told: `broker_win.toml`, read without any package beyond the standard library."""

from dataclasses import dataclass, field
from pathlib import Path

from domain.types import ServerKind

DEFAULT_WINDOWS = ("Mon-Sat 04:00-07:10", "Sun 04:00-07:10")  # covers both maintenance schedules of kiwoom.md 4.2


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """Kiwoom's limits, each counted by us before it is (kiwoom.md 4.1). Requests in 1 s, 60 s and 1 h."""

    per_second: int = 4
    per_minute: int = 55
    per_hour: int = 950
    reserve_per_hour: int = 95  # of them kept for recovery and reconciliation
    orders_per_second: int = 5
    conditions_per_minute: int = 1  # of the same condition


@dataclass(frozen=True, slots=True)
class UnknownsConfig:
    """What no source settles (kiwoom.md 8), as switches; the emulator plays both."""

    fill_qty_is_cumulative: bool = True  # FID 911, used only where 914/915 are empty
    cancel_qty_zero_is_all: bool = False  # else the known remainder is given
    split_real_data: bool = True  # read the tab-separated string instead of field by field
    close_codes: tuple[str, ...] = ("8", "9")  # FID 215 that end the day for day orders


@dataclass(frozen=True, slots=True)
class WinConfig:
    """Everything."""

    server_kind: ServerKind = ServerKind.MOCK  # expected; anything else and no order passes
    account: str = ""  # 10 digits; empty: the only account there is
    host: str = "127.0.0.1"
    port: int = 50051
    journal: Path = Path("orders.db")
    symbols: tuple[str, ...] = ()  # registered before the open; others when somebody asks
    commission_ppm: int = 3_500  # of each fill; Kiwoom's mock server 0.35 %, real 0.015 % (kiwoom.md 4.4)
    answer_timeout_s: float = 5.0  # for one TR page, and for an order's number
    login_timeout_s: float = 120.0
    batch_rows: int = 256
    batch_delay_s: float = 0.001
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    unknowns: UnknownsConfig = field(default_factory=UnknownsConfig)
    rest_windows: tuple[str, ...] = DEFAULT_WINDOWS  # the host is down, KST
