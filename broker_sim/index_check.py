"""What a recorded index says that is worth knowing: breakers it trips, where it is silent, trades inside its halts."""

from itertools import pairwise
from typing import Final

from broker_sim.data_file import DataKind
from broker_sim.findings import Findings, Verdict
from broker_sim.halts import STOPPED
from broker_sim.index_tape import IndexTape
from broker_sim.recording import Recording
from domain.krx.circuit_breaker import BreakerState
from domain.time import NANOS_PER_MINUTE, kst_text
from domain.types import Market

INDEX_HOLE: Final = 5 * NANOS_PER_MINUTE  # a breaker needs a minute below its level: longer silence may hide one
INDEX_RULES: Final = {
    "breaker": "the index trips a circuit breaker: orders are rejected until the halt is over",
    "index_hole": "no value of an index for more than 5 minutes of the session",
    "trade_in_halt": "a bar with volume begins in a halt of its market: quotes and index contradict each other",
}


def check_index(findings: Findings, recording: Recording) -> int:
    """Flag what a day's index tells; give how many of its values are used."""
    if recording.index is None:
        return 0
    session = recording.session
    breakers = IndexTape(recording.index).rewind(recording.index.values[-1].venue_time, session)
    for market, state in breakers.items():
        told = [value.venue_time for value in recording.index.values if value.market is market]
        inside = [when for when in told if session.open < when < session.close_auction]
        for before, after in pairwise((int(session.open), *inside, int(session.close_auction))):
            if after - before > INDEX_HOLE:
                words = f"{market} {recording.day} {kst_text(before)}: nothing until {kst_text(after)}"
                findings.add("index_hole", Verdict.FLAGGED, INDEX_RULES["index_hole"], words)
        for halt in state.halts:
            words = f"{market} {recording.day} {kst_text(halt.at)}: stage {halt.stage}, until {kst_text(halt.halt_end)}"
            findings.add("breaker", Verdict.FLAGGED, INDEX_RULES["breaker"], words)
        if recording.kind is not DataKind.DAILY:
            _check_trades(findings, recording, market, state)
    return len(recording.index.values)


def _check_trades(findings: Findings, recording: Recording, market: Market, state: BreakerState) -> None:
    for code, instrument in recording.instruments.items():
        if instrument.market not in STOPPED[market]:
            continue
        for bar in recording.bars.get(code, ()):
            if bar.volume and any(halt.at <= bar.start < halt.halt_end for halt in state.halts):
                words = f"{code} {recording.day} {kst_text(bar.start)}: {bar.volume} shares"
                findings.add("trade_in_halt", Verdict.FLAGGED, INDEX_RULES["trade_in_halt"], words)
