"""What stated rules make of the figures of a period: things to look at, never advice and never a promise.

Each rule is one small function with its threshold named above it; `RULES` is the table, docs/reports.md lists them. A
rule says a stable name and the figures its words need; the words are in `reports/words_*`. Told first is what weighs
more: the weight of a rule, and below 1 how far within it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.performance.groups import Groups
from domain.performance.model import GroupLine, Metrics, Suggestion, Target
from domain.performance.scorecard import LINK_UP, REACTION_MS

FEW_TRADES = 30  # closed; below it figures of trades say next to nothing
GROUP_TRADES = 20  # of a group that is said to lose
GROUP_P = 0.05  # corrected for all groups looked at
WATCH_TRADES = 5  # of a group that is worth watching
WATCH_MOST = 3  # groups told so, the largest losses first
COST_SHARE = 0.5  # of gross profit
SLIP_PPM = 500.0  # of the price: 5 basis points, a tick of a share at 200,000 won
LEAST_SLIPS = 20  # fills measured
LEAST_REACTIONS = 20  # orders measured
REJECT_SHARE = 0.02  # of orders
REFUSED_SHARE = 0.01  # of quotes
DENIAL_SHARE = 0.3  # of what was proposed, by one reason
LEAST_ORDERS = 10  # orders, or proposals, of a share that is judged
KINDS = ("symbol", "strategy", "hour", "reason", "weekday")  # of groups, in the order of their tables
BY_OUTCOME = "reason"  # of the exit: a stop ends losers by what it is, so that it loses says nothing
STREAK_CODES = ("LOSING_STREAK", "COOL_DOWN")
TARGET_CASES = {  # least number of cases of a target that is said to be missed; two others have rules of their own
    "signal_precision": 30,
    "daily_loss": 1,
    "win_rate": 30,
    "automation": 30,
    "drawdown": 1,
}

Figures = dict[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules look at: one period."""

    metrics: Metrics
    groups: Groups
    targets: tuple[Target, ...] = ()
    orders: int = 0  # approved
    denied: Mapping[str, int] = field(default_factory=dict)  # reason -> proposals that risk denied
    rejected: Mapping[str, int] = field(default_factory=dict)  # reason of the broker -> orders
    unknown: int = 0  # orders whose fate was unknown for a while
    reaction_ms_p99: float | None = None  # quote received to order sent
    reactions: int = 0  # orders measured
    decision_slip_ppm: float | None = None  # of the price, positive is a cost
    arrival_slip_ppm: float | None = None
    slips: int = 0  # fills measured
    quotes: int = 0  # judged
    refused: int = 0  # of them
    market_ms: int = 0
    up_ms: int = 0  # of it, both links READY
    longest_ms: int = 0  # longest time not up
    losses: Mapping[str, int] = field(default_factory=dict)  # link -> times it was lost
    losses_by_hour: Mapping[str, int] = field(default_factory=dict)  # hour KST (09) -> times a link was lost


class Found(NamedTuple):
    """What one rule found once."""

    figures: Figures
    far: float = 0.0  # how far, 0 up to 1: orders what the same rule found


class Rule(NamedTuple):
    """One row of the table."""

    name: str
    weight: int
    finds: Callable[[Seen], Iterator[Found]]


def suggestions(seen: Seen) -> tuple[Suggestion, ...]:
    """Give what the rules find, the weightiest first."""
    found = [
        Suggestion(rule.name, one.figures, rule.weight + min(max(one.far, 0.0), 0.999))
        for rule in RULES
        for one in rule.finds(seen)
    ]
    return tuple(sorted(found, key=lambda one: -one.weight))


def _few_trades(seen: Seen) -> Iterator[Found]:
    if seen.metrics.trades < FEW_TRADES:
        yield Found({"trades": seen.metrics.trades, "least": FEW_TRADES})


def _unknown_fates(seen: Seen) -> Iterator[Found]:
    if seen.unknown:
        yield Found({"unknown": seen.unknown, "orders": seen.orders})


def _rejects(seen: Seen) -> Iterator[Found]:
    total = sum(seen.rejected.values())
    if seen.orders >= LEAST_ORDERS and total > REJECT_SHARE * seen.orders:
        reason, times = _largest(seen.rejected)
        share = total / seen.orders
        yield Found({"rejected": total, "orders": seen.orders, "share": share, "reason": reason, "times": times}, share)


def _up_too_little(seen: Seen) -> Iterator[tuple[float, Figures]]:
    """Give the share of market time with links up, and the figures about it, where it is below what is wanted."""
    if seen.market_ms and seen.up_ms < LINK_UP[0] * seen.market_ms:
        share = seen.up_ms / seen.market_ms
        yield share, {"share": share, "aim": LINK_UP[0]}


def _links_down(seen: Seen) -> Iterator[Found]:
    lost = sum(seen.losses.values())
    for share, figures in _up_too_little(seen) if lost else ():
        hour, times = _largest(seen.losses_by_hour)
        more: Figures = {"lost": lost, "longest_ms": seen.longest_ms, "hour": hour, "times": times}
        yield Found({**figures, **more}, 1 - share)


def _links_late(seen: Seen) -> Iterator[Found]:
    """Find links that were never lost: not up yet, or up in part."""
    for share, figures in _up_too_little(seen) if not sum(seen.losses.values()) else ():
        yield Found(figures, 1 - share)


class Loser(NamedTuple):
    """One group that lost."""

    kind: str
    line: GroupLine
    is_sure: bool  # for more than luck
    is_all: bool  # no other group in its table


def _losers(seen: Seen) -> Iterator[Loser]:
    for kind, lines in zip(KINDS, seen.groups, strict=True):
        for line in lines if kind != BY_OUTCOME else ():
            if line.realized < 0:
                is_sure = line.p_adjusted is not None and line.p_adjusted < GROUP_P and line.trades >= GROUP_TRADES
                yield Loser(kind, line, is_sure, len(lines) == 1)


def _group_figures(kind: str, line: GroupLine) -> Figures:
    figures: Figures = {"kind": kind, "key": line.key, "trades": line.trades, "wins": line.wins}
    return {**figures, "realized_krw": line.realized, "average_krw": line.average_krw}


def _group_loses(seen: Seen) -> Iterator[Found]:
    for kind, line, is_sure, is_all in _losers(seen):
        is_whole = is_all and kind == "weekday"  # a day's report: that a Tuesday lost says nothing of Tuesdays
        if is_sure and not is_whole and line.p_adjusted is not None:
            yield Found({**_group_figures(kind, line), "p_adjusted": line.p_adjusted}, 1 - line.p_adjusted)


def _group_watch(seen: Seen) -> Iterator[Found]:
    weak = [one for one in _losers(seen) if not one.is_sure and not one.is_all and one.line.trades >= WATCH_TRADES]
    for rank, one in enumerate(sorted(weak, key=lambda loser: loser.line.realized)[:WATCH_MOST]):
        yield Found(_group_figures(one.kind, one.line), 1 - rank / WATCH_MOST)


def _costs(seen: Seen) -> Iterator[Found]:
    share = seen.metrics.cost_share
    if share is not None and share > COST_SHARE:
        yield Found({"share": share, "trades": seen.metrics.trades, "limit": COST_SHARE}, share / (1 + share))


def _reaction(seen: Seen) -> Iterator[Found]:
    p99 = seen.reaction_ms_p99
    if p99 is not None and p99 >= REACTION_MS and seen.reactions >= LEAST_REACTIONS:
        yield Found({"p99_ms": p99, "aim_ms": REACTION_MS, "n": seen.reactions}, p99 / (p99 + REACTION_MS))


def _slip_at(place: str) -> Callable[[Seen], Iterator[Found]]:
    def finds(seen: Seen) -> Iterator[Found]:
        slip = seen.decision_slip_ppm if place == "decision" else seen.arrival_slip_ppm
        if slip is not None and slip > SLIP_PPM and seen.slips >= LEAST_SLIPS:
            yield Found({"slip_ppm": slip, "slip_bps": slip / 100, "limit_ppm": SLIP_PPM, "n": seen.slips})

    return finds


def _targets(seen: Seen) -> Iterator[tuple[Target, Figures]]:
    """Give the targets that were missed on enough cases."""
    for target in seen.targets:
        least = TARGET_CASES.get(target.name)
        if least is None or target.met is not False or target.n < least or target.measured is None:
            continue
        figures: Figures = {"name": target.name, "measured": target.measured, "aim": target.aim, "n": target.n}
        yield target, {**figures, "denominator": target.denominator}


def _holds(target: Target) -> bool:
    return target.low is not None and target.high is not None and target.low <= target.aim <= target.high


def _target_missed(seen: Seen) -> Iterator[Found]:
    return (Found(figures) for target, figures in _targets(seen) if not _holds(target))


def _target_open(seen: Seen) -> Iterator[Found]:
    for target, figures in _targets(seen):
        if _holds(target) and target.low is not None and target.high is not None:
            yield Found({**figures, "low": target.low, "high": target.high})


def _refused(seen: Seen) -> Iterator[Found]:
    if seen.quotes and seen.refused > REFUSED_SHARE * seen.quotes:
        share = seen.refused / seen.quotes
        yield Found({"refused": seen.refused, "quotes": seen.quotes, "share": share}, share)


def _denials(seen: Seen) -> Iterator[Found]:
    proposals = seen.orders + sum(seen.denied.values())
    for reason, times in sorted(seen.denied.items()):
        if proposals >= LEAST_ORDERS and times > DENIAL_SHARE * proposals:
            share = times / proposals
            yield Found({"reason": reason, "denied": times, "proposals": proposals, "share": share}, share)


def _streaks(seen: Seen) -> Iterator[Found]:
    for code in STREAK_CODES:
        if times := seen.denied.get(code, 0):
            yield Found({"reason": code, "denied": times})


def _largest(counts: Mapping[str, int]) -> tuple[str, int]:
    """Give the largest count with its name, the first by name of equal ones; nothing counts as none."""
    return min(counts.items(), key=lambda item: (-item[1], item[0]), default=("", 0))


RULES: tuple[Rule, ...] = (
    Rule("few_trades", 100, _few_trades),  # before all else: it weakens what follows
    Rule("unknown_fates", 90, _unknown_fates),
    Rule("links_down", 80, _links_down),
    Rule("links_late", 80, _links_late),
    Rule("rejects", 75, _rejects),
    Rule("group_loses", 70, _group_loses),
    Rule("costs", 60, _costs),
    Rule("reaction", 55, _reaction),
    Rule("target_missed", 50, _target_missed),
    Rule("decision_slip", 46, _slip_at("decision")),
    Rule("arrival_slip", 45, _slip_at("arrival")),
    Rule("refused_quotes", 40, _refused),
    Rule("denials", 30, _denials),
    Rule("losing_streak", 25, _streaks),
    Rule("group_watch", 20, _group_watch),
    Rule("target_open", 10, _target_open),
)
