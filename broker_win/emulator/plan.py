"""How the emulated Kiwoom behaves: what a person sets (`--faults FILE`, TOML). Everything has a default: it is well.

Shares are parts per million (ppm); times are ms of the control's clock unless they say venue.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What stands behind, and what it takes."""

    kind: str = "mock"  # mock or real: GetServerGubun, and for mock only price types 00 and 03
    accounts: tuple[str, ...] = ("8012345611",)
    password_registered: bool = True  # else orders, and TRs that take a password, fail: -301
    password_dialog: bool = False  # and a window asks for it; closing it registers the password
    login_ms: int = 50
    login_code: int = 0  # what OnEventConnect says; -100, -101, -102 …
    login_fails: int = 0  # so many times before it says 0
    auto_login: bool = True  # else the login window stands until somebody closes it
    maintenance: tuple[str, ...] = ()  # windows as in domain/maintenance.py; -106 when one begins
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TimesPlan:
    """How long things take, low to high."""

    tr_ms: tuple[int, int] = (10, 30)
    order_ms: tuple[int, int] = (5, 20)  # until the order's TR answer
    chejan_ms: tuple[int, int] = (5, 20)  # from the venue to the event
    message_ms: tuple[int, int] = (0, 5)  # OnReceiveMsg behind the TR answer


@dataclass(frozen=True, slots=True)
class OrdersPlan:
    """Order events gone wrong."""

    chejan_first_ppm: int = 0  # chejan before the order's TR answer (역전)
    balance_late_ppm: int = 0  # the balance behind later fills
    answer_lost_ppm: int = 0  # no TR answer; the order lives
    chejan_lost_ppm: int = 0
    chejan_twice_ppm: int = 0
    send_fails_ppm: int = 0  # -307; every other one reached the server
    swallowed_ppm: int = 0  # 0 is given, and nothing ever comes


@dataclass(frozen=True, slots=True)
class UnknownsPlan:
    """What no source settles (facts: kiwoom.md 8), one way or the other."""

    fill_qty_is_cumulative: bool = True  # FID 911
    reject_by_event: bool = False  # a reject gets a number, 접수 and 거부 instead of a blank number
    cancel_loses_by_event: bool = False  # the same for a cancel that lost the race
    cancel_qty_zero_is_all: bool = True
    remainder_status: str = "취소"  # of an IOC/FOK remainder: 취소, 확인 or 접수; leaves 0, no unit fill
    balance_when_sold_out: bool = True
    hts_orders_are_heard: bool = True  # chejan events of orders placed elsewhere
    replay_after_reconnect: bool = False
    close_codes: tuple[str, ...] = ("4", "8", "9")
    nxt_letters: bool = False  # FID 215 also gives P … V
    account_first_letter: str = "A"


@dataclass(frozen=True, slots=True)
class TrPlan:
    """Queries gone wrong."""

    error_ppm: int = 0  # the answer never comes
    short_pages: int = 0  # rows per page; 0: as Kiwoom has them
    page_lost_ppm: int = 0  # a page behind the first never comes
    per_second: int = 5
    per_minute: int = 100
    per_hour: int = 1_000
    orders_per_second: int = 5


@dataclass(frozen=True, slots=True)
class HangsPlan:
    """The process itself."""

    dialogs: tuple[str, ...] = ()  # `HH:MM TITLE`, venue time: a modal dialog opens and stops events
    freezes: tuple[str, ...] = ()  # `HH:MM SECONDS`: the control's thread does nothing for so long
    dies: tuple[str, ...] = ()  # `HH:MM`: the process ends
    lost_lines: tuple[str, ...] = ()  # `HH:MM`: -106


@dataclass(frozen=True, slots=True)
class FlagsPlan:
    """What the master files say, by code."""

    states: dict[str, str] = field(default_factory=dict)  # GetMasterStockState, e.g. 증거금100%|거래정지
    constructions: dict[str, str] = field(default_factory=dict)  # GetMasterConstruction, e.g. 투자경고
    warnings: dict[str, str] = field(default_factory=dict)  # KOA_Functions IsOrderWarningStock: 2, 3, 4, 5
    conditions: dict[str, str] = field(default_factory=dict)  # name -> rule over the day, see emulator/conditions.py


@dataclass(frozen=True, slots=True)
class EmulatorPlan:
    """Everything."""

    server: ServerPlan = field(default_factory=ServerPlan)
    times: TimesPlan = field(default_factory=TimesPlan)
    orders: OrdersPlan = field(default_factory=OrdersPlan)
    unknowns: UnknownsPlan = field(default_factory=UnknownsPlan)
    trs: TrPlan = field(default_factory=TrPlan)
    hangs: HangsPlan = field(default_factory=HangsPlan)
    flags: FlagsPlan = field(default_factory=FlagsPlan)
