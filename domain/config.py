"""The resolved configuration as roles see it: plain values, part of `RunStarted`, so a replay needs no files."""

from dataclasses import dataclass, field

from domain.risk_config import RiskConfig
from domain.types import Krw


@dataclass(frozen=True, slots=True)
class CostConfig:
    """What trading costs; transaction tax comes from the dated table in `domain/krx/costs.py`."""

    commission_ppm: int = 150  # per side, 0.015 %


@dataclass(frozen=True, slots=True)
class ExecutionConfig:
    """How the executor works an order."""

    submit_timeout_ms: int = 5_000  # system time without an answer until the order is UNKNOWN_*
    entry_patience_ms: int = 60_000  # venue time a strategy's entry may rest before it is cancelled
    exit_patience_ms: int = 30_000  # venue time a strategy's exit may rest before it is moved to the touch
    request_ttl_ms: int = 3_000  # system time a request may need to reach the wire
    # Patience ends orders by hand too. True is what runs before 0.3.0 did, whose logs do not say; settings say False.
    hurry_hand_orders: bool = True
    # A stop tells its steps. False is what runs before 0.4.0 did, whose logs do not say; settings say True.
    stop_steps: bool = False
    flatten_patience_ms: int = 60_000  # system time a stop gives the sale of all holdings before it goes on without it
    # False is what runs before 0.7.0 did, whose logs do not say: such a cancel is refused, such a stop waits as for
    # anything else and tells nothing. Settings say True.
    remember_cancels: bool = False  # a person's cancel waits while the submit or a change of the order is on its way
    stop_tells_unsold: bool = False  # a stop does not wait for holdings that it does not sell, and tells what is left


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """When a link counts as lost, and how it comes back."""

    heartbeat_timeout_ms: int = 5_000
    mute_after_ms: int = 10_000  # system time without a quote in continuous trading until DEGRADED
    backoff_first_ms: int = 250
    backoff_max_ms: int = 15_000
    call_timeout_ms: int = 3_000
    read_attempts: int = 3  # of one read before its step fails; orders are never tried again
    read_deadline_ms: int = 8_000  # of all attempts of one read together
    order_heartbeat_ms: int = 1_000  # between two signs of life on the order session
    # Defaults of the next three mean "as before", for logs that do not say; settings say otherwise.
    first_quote_ms: int = 0  # system time in continuous trading an instrument gets for its first quote; 0: no proof
    symbol_mute_ms: int = 0  # venue time without a quote until one instrument is told as mute; 0: never
    measures_uptime: bool = False  # UptimeMeasured is said
    failover_after_ms: int = 10_000  # system time without quotes link until the next source is dialled
    failback_after_ms: int = 60_000  # system time the first source must be well until quotes return to it
    probe_ms: int = 5_000  # system time between two looks at sources that are not in use
    # Known times at which the broker is away: "DAYS FROM-UNTIL", KST, e.g. "mon-sat 06:50-06:55".
    maintenance: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReconcileConfig:
    """How own books are compared with the broker's while trading goes on."""

    audit_ms: int = 90_000  # system time between two audits in READY; 0: none
    close_audit_ms: int = 60_000  # the same in the last ten minutes of the session and until orders are closed
    settle_ms: int = 10_000  # system time a request must be old before its absence counts
    absent_snapshots: int = 3  # whole snapshots without a trace of an order until it counts as never arrived
    reads: int = 5  # times lists are read in one run until they agree with each other
    hourly_reads: int = 850  # queries audits may use in an hour; what is above is left to the gated run


@dataclass(frozen=True, slots=True)
class QualityConfig:
    """Thresholds of the quality rules."""

    jump_ppm: int = 300_000  # a print so far from the last is unconfirmed whatever the tape was like
    jump_deviations: int = 0  # median absolute deviations of recent moves that make a jump; 0: not judged
    stale_ms: int = 0  # venue time a row may lie behind the last row of the batch before; 0: not judged
    strict_trades: bool = False  # refuse trades of no shares, and trades while the closing auction collects orders
    deny_bad_quality: bool = False  # no entry in an instrument whose quotes are doubtful
    max_refused_ppm: int = 200_000  # share of an instrument's recent rows that may be refused before entries are denied


@dataclass(frozen=True, slots=True)
class SimConfig:
    """Assumptions of the simulated exchange about what no feed tells."""

    # Venue time from the venue's taking of a request until it meets the book: base plus a seeded share of jitter.
    # Kiwoom publishes none; a guess on the slow side.
    latency_ms: int = 50
    latency_jitter_ms: int = 50
    cancel_model: str = "back"  # whose cancels shorten a displayed level: back (behind us first) or proportional
    auction_share: bool = False  # a limit exactly at an auction's price: False fills nothing, True a share
    depth_levels: int = 10  # levels a side made up where the feed shows only the best; 1 makes up none
    interruptions: bool = True  # volatility interruptions where the feed does not tell of them


ParamValue = int | float | bool | str


@dataclass(frozen=True, slots=True)
class StrategyConfig:
    """One strategy and its parameters."""

    name: str
    params: dict[str, ParamValue] = field(default_factory=dict)  # settings name every parameter, so defaults may change
    symbols: tuple[str, ...] = ()  # it sees; empty: all that are watched
    # Distribution and version its code comes from, e.g. "hantrade 0.6.0". Empty: a run before 0.6.0, whose parameters
    # that are not named mean what they meant then (`Param.before`).
    code: str = ""


@dataclass(frozen=True, slots=True)
class SignalConfig:
    """What an argument of a strategy needs to become a signal. Defaults are what runs before 0.6.0 did."""

    min_confidence_ppm: int = 0  # entries below are withheld; risk has a floor of its own
    agree: int = 0  # least inputs of an entry that must speak for it ("n of m", m: all it names); 0: no rule
    most_against: int = 99  # most inputs of an entry that may speak against it
    scores: bool = False  # every signal is scored once its horizon has passed
    history_days: int = 0  # daily bars asked of the broker for strategies that take them; 0: none
    # Exit strategies take over the holdings of a strategy that was benched.
    rescue_benched: bool = False


@dataclass(frozen=True, slots=True)
class TrendConfig:
    """How search attention is fetched. Defaults are what runs before 0.6.0 did."""

    sources: tuple[str, ...] = ()  # in the order of preference; empty: whatever answers
    retry_ms: int = 0  # system time until what is unknown is asked for again; 0: never
    retry_until: str = "15:00"  # KST of the trading date; later it stays unknown
    keep_series: bool = True  # series are in the log; False: only what was measured from them (AttentionFetched)
    contradiction_z: float = 0.0  # sources at or beyond it on opposite sides contradict each other; 0: not judged


@dataclass(frozen=True, slots=True)
class KeywordSet:
    """The words whose searches stand for one instrument. Adding a word later makes a new version."""

    symbol: str
    version: int
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything a run was started with."""

    mode: str  # paper, mock, live, backtest
    cash: Krw = Krw(10_000_000)  # starting cash of the paper account
    symbols: tuple[str, ...] = ()  # watched; empty means all the quotes broker serves
    server_kind: str = "SIMULATED"  # what must stand behind the orders link
    quotes_endpoint: str = "127.0.0.1:50051"
    quotes_backups: tuple[str, ...] = ()  # other sources of quotes, in the order of preference
    orders_endpoint: str = ""  # empty: the paper simulator beside the trader
    risk: RiskConfig = field(default_factory=RiskConfig)
    costs: CostConfig = field(default_factory=CostConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    link: LinkConfig = field(default_factory=LinkConfig)
    strategies: tuple[StrategyConfig, ...] = (StrategyConfig("attention_momentum"),)
    keywords: tuple[KeywordSet, ...] = ()
    session_overrides: dict[str, tuple[str, str]] = field(default_factory=dict)  # date -> (open, close), KST HH:MM
    seed: int = 1  # of everything drawn by the paper simulator
    sim: SimConfig = field(default_factory=SimConfig)
    reconcile: ReconcileConfig = field(default_factory=lambda: ReconcileConfig(audit_ms=0))  # older logs had no audits
    quality: QualityConfig = field(default_factory=QualityConfig)
    signals: SignalConfig = field(default_factory=SignalConfig)
    trends: TrendConfig = field(default_factory=TrendConfig)
    tell_flows: bool = False  # FlowBooked and costs of getting out are told. False: runs before 0.7.0
    account_end: str = ""  # last four digits of the account orders must go to; empty: any
    account_check: str = ""  # of its whole number, see domain/accounts.py; empty: not known

    @property
    def orders_have_own_clock(self) -> bool:
        """Tell whether orders go to another broker than the quotes come from, whose venue clock may differ."""
        return self.orders_endpoint not in ("", self.quotes_endpoint)
