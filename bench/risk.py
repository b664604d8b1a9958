"""The decision of the risk manager on one order, with 100 positions and 1,000 open orders, beside peers.

*Everything on*: every rule of the product asked, nothing denied; the fold of what asked, and the verdict: the aim is
about this. *Verdict folded*: the same with the fold of the verdict. *The checks of a peer*: the latter with only those
rules that the peer has, too. These two are told beside the peer, which keeps what it let pass as well; each runs in a
process of its own. Times are wall time; CPU time of the thread is said beside, for a machine with other work. A peer
keeps less: what each does besides judging is said in docs/performance.md.
"""

import cProfile
import json
import pstats
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

from bench import risk_ours
from bench.fresh import TOP, apart, run
from bench.outcome import Line, Size, say
from bench.risk_ours import Took

ROOT = Path(__file__).parent.parent
BIN = "Scripts" if sys.platform == "win32" else "bin"
AIM_US = 50.0
SIZES = {Size.SMALL: (300, 1), Size.USUAL: (10_000, 3), Size.FULL: (50_000, 5)}


class Peer(NamedTuple):
    """A risk engine beside ours."""

    name: str
    folder: str  # of .venv
    module: str
    codes: tuple[str, ...]  # our rules that it has, too


PEERS = (
    Peer(
        "vn.py riskmanager 2.0.0",
        "vnpy",
        "risk_vnpy",
        (
            *("INSTRUMENT", "TICK", "QUANTITY", "MAX_QUANTITY", "ORDER_VALUE"),
            *("OPEN_ORDERS", "ORDERS_PER_DAY", "CANCELS_PER_DAY", "DUPLICATE"),
        ),
    ),
    Peer(
        "NautilusTrader 1.221 RiskEngine",
        "nautilus",
        "risk_nautilus",
        ("GATE", "INSTRUMENT", "TICK", "QUANTITY", "MAX_QUANTITY", "ORDER_VALUE", "CASH", "ORDER_RATE"),
    ),
)


def measure(size: Size) -> list[Line]:
    """Run all in turns. A peer that is not installed is left out. Raises RuntimeError when an order is denied."""
    decisions, rounds = SIZES[size]
    found: dict[str, list[Took]] = {}
    for number in range(1, rounds + 1):
        for name, took in one_round(decisions):
            found.setdefault(name, []).append(took)
            say(f"{name}, round {number}: {told(took)}")
    for peer in PEERS:
        if peer.name not in found:
            say(f"{peer.name} is not here: `make bench-peer` gets it")
    return [
        *(line for kind in risk_ours.KINDS for line in lines(found, kind)),
        *(line for peer in PEERS for line in equal(found, peer)),
    ]


def one_round(decisions: int) -> list[tuple[str, Took]]:
    """Run each side once."""
    found = list(apart(risk_ours.times, decisions).items())
    for peer in PEERS:
        found.append((_same(peer), apart(risk_ours.times_by, peer.codes, decisions)))
        python = ROOT / ".venv" / peer.folder / BIN / "python"
        if python.exists():
            theirs = json.loads(run([str(python), "-m", f"bench.{peer.module}", str(decisions)]).splitlines()[-1])
            found.append((peer.name, Took(theirs["wall"], theirs["cpu"])))
    return found


def lines(found: dict[str, list[Took]], what: str) -> list[Line]:
    """Give our figures with everything on: of the decision, and with its fold beside the peers."""
    whole, made = risk_ours.with_fold(what), []
    for share, word, aim in ((0.50, "p50", None), (0.99, "p99", AIM_US)):
        name = f"risk decision, everything on, {what}, {word}"
        made.append(Line(name, "µs", _us(found[what], share), aim, lower=True, digits=1))
    for share, word in ((0.50, "p50"), (0.99, "p99")):
        peers = tuple((peer.name, _us(found[peer.name], share)) for peer in PEERS if peer.name in found)
        name = f"risk decision, everything on, {whole}, {word}"
        made.append(Line(name, "µs", _us(found[whole], share), None, peers, lower=True, digits=1))
    return made


def equal(found: dict[str, list[Took]], peer: Peer) -> list[Line]:
    """Give our figures with the checks of a peer alone, beside it."""
    made = []
    for share, word in ((0.50, "p50"), (0.99, "p99")):
        peers = ((peer.name, _us(found[peer.name], share)),) if peer.name in found else ()
        name = f"{_same(peer)}, {word}"
        made.append(Line(name, "µs", _us(found[_same(peer)], share), None, peers, lower=True, digits=1))
    return made


def told(took: Took) -> str:
    """Say how long decisions took."""
    wall = ", ".join(f"{word} {at(took.wall, share):.1f}" for word, share in (("p50", 0.5), ("p99", 0.99)))
    cpu = ", ".join(f"{word} {at(took.cpu, share):.1f}" for word, share in (("p50", 0.5), ("p99", 0.99)))
    return f"{len(took.wall):,} decisions, µs: {wall}; of CPU: {cpu}"


def at(times: list[int], share: float) -> float:
    """Give the time (µs) that such a share of decisions did not exceed."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] / 1_000


def _us(rounds: list[Took], share: float) -> float:
    return statistics.median(at(took.wall, share) for took in rounds)


def _same(peer: Peer) -> str:
    return f"risk decision, the checks of {peer.name.split()[0]}"


def profile(size: Size) -> None:
    """Print where the time goes."""
    profiler = cProfile.Profile()
    profiler.runcall(risk_ours.times, SIZES[size][0])
    pstats.Stats(profiler).sort_stats("tottime").print_stats(TOP)
