"""Looking at other sources: beside the link, never in its way, and honest about what was seen."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from actors.edges.quote_link import QuoteLink
from actors.edges.source_probe import SourceProbe
from domain.errors import BrokerUnavailable
from domain.messages.link import CloseLink, OpenLink, ProbeSource, SourceProbed
from domain.quotes import Quote
from domain.types import LinkName, UnixNanos, VenuePhase
from tests.actors.link_builders import SYMBOL, WAIT_S, FakeClient, FakeDoor, T, a_session, settle
from tests.actors.test_quote_link import KeptTap

OTHER = "other:1"
ROW = Quote(SYMBOL, T, 100, 1, 1, 99, 101, 1, 1, 1)


class Source(FakeClient):
    """A source that answers probes; `gate` holds its answer back."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.asked = threading.Event()

    def latest_quotes(self, symbols: tuple[str, ...]) -> list[Quote]:
        self.asked.set()
        assert self.gate.wait(WAIT_S)
        self._maybe_fail("latest_quotes")
        return [ROW] if SYMBOL in symbols else []


class Probes:
    def __init__(self) -> None:
        self.told: queue.Queue[SourceProbed] = queue.Queue()
        self.source = Source()
        self.dialled: list[str] = []
        self.probe = SourceProbe(self._dial, self.told.put)

    def _dial(self, endpoint: str) -> Any:
        self.dialled.append(endpoint)
        return self.source

    def look(self) -> SourceProbed:
        self.probe.look(ProbeSource(OTHER, (SYMBOL,)))
        return self.told.get(timeout=WAIT_S)


@pytest.fixture
def probes() -> Iterator[Probes]:
    made = Probes()
    yield made
    made.source.gate.set()
    made.probe.close()
    assert [thread for thread in threading.enumerate() if thread.name == "probe"] == []


def test_given_a_source_that_is_well_when_looked_at_then_its_latest_and_its_clock_are_told(probes: Probes) -> None:
    assert probes.look() == SourceProbed(OTHER, True, "", (ROW,), T, None)
    assert probes.source.closed.is_set()


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        ({"phase": VenuePhase.DATA_ENDED}, "it has no more data"),
        ({"phase": VenuePhase.CONTINUOUS, "venue_time": T}, "its venue clock stands still"),
        ({"phase": VenuePhase.CONTINUOUS, "venue_time": T + 1}, ""),
        ({"phase": VenuePhase.CLOSED, "venue_time": T}, ""),
        ({"phase": VenuePhase.HALTED, "venue_time": T}, ""),
    ],
)
def test_given_a_source_looked_at_before_when_it_is_again_then_what_ails_it_is_told(
    probes: Probes, session: dict[str, Any], reason: str
) -> None:
    assert probes.look().is_well, "a first look cannot tell whether a clock runs"
    probes.source.info = a_session(**session)
    found = probes.look()
    assert (found.is_well, found.reason) == (not reason, reason)


def test_given_a_source_that_is_not_logged_in_when_looked_at_then_it_is_not_well(probes: Probes) -> None:
    session = a_session()
    probes.source.info = type(session)(
        session.server_kind, False, "", T, session.phase, "J", 1, session.gate, session.run_id
    )
    found = probes.look()
    assert (found.is_well, found.reason, found.venue_time) == (False, "it is not logged in", T)


def test_given_a_source_that_does_not_answer_when_looked_at_then_the_reason_is_told(probes: Probes) -> None:
    probes.source.fails["latest_quotes"] = BrokerUnavailable("connection refused")
    assert probes.look() == SourceProbed(OTHER, False, "connection refused", (), UnixNanos(0), None)


def test_given_a_look_under_way_when_asked_again_then_there_is_one(probes: Probes) -> None:
    probes.source.gate.clear()
    for _ in range(3):
        probes.probe.look(ProbeSource(OTHER, (SYMBOL,)))
    assert probes.source.asked.wait(WAIT_S)
    assert probes.dialled == [OTHER]
    probes.source.gate.set()
    assert probes.told.get(timeout=WAIT_S).is_well


def test_given_a_source_that_hangs_when_the_link_works_then_the_link_does_not_wait() -> None:
    door, link, source = FakeDoor(), FakeClient(), Source()
    source.gate.clear()
    ref: Any = QuoteLink.start(door, lambda endpoint: source if endpoint == OTHER else link, KeptTap())
    ref.tell(ProbeSource(OTHER, (SYMBOL,)))
    assert source.asked.wait(WAIT_S)
    ref.tell(OpenLink(LinkName.QUOTES, "first:1", 1, 0, ""))
    settle(ref)
    assert type(door.next()).__name__ == "LinkOpened"
    source.gate.set()
    assert door.next() == SourceProbed(OTHER, True, "", (ROW,), T, None)
    ref.stop(timeout=WAIT_S)
    assert [thread for thread in threading.enumerate() if thread.name == "probe"] == []


# ---- what the paper simulator hears of another source ----------------------------------------------------------


def heard(*openings: tuple[str, int]) -> list[Any]:
    """Open a link to one source after another, each with its venue clock; give what the tap heard."""
    door, tap, client = FakeDoor(), KeptTap(), FakeClient()
    ref: Any = QuoteLink.start(door, lambda _: client, tap)
    for endpoint, clock in openings:
        client.info = a_session(venue_time=UnixNanos(T + clock))
        ref.tell(OpenLink(LinkName.QUOTES, endpoint, 1, 0, ""))
        ref.tell(CloseLink(LinkName.QUOTES, "next"))
        settle(ref)
    ref.stop(timeout=WAIT_S)
    return tap.heard


DAY = 86_400_000_000_000


def test_given_another_source_on_the_same_day_when_it_opens_then_the_market_beside_us_goes_on() -> None:
    assert heard(("a:1", 50), ("b:2", 20), ("b:2", 30)) == ["session", ("beat", 20), ("beat", 30)]
    assert heard(("a:1", 50), ("b:2", 20), ("a:1", 60)) == ["session", ("beat", 20), ("beat", 60)]


def test_given_the_same_source_begun_anew_or_another_day_when_it_opens_then_its_clock_rules() -> None:
    assert heard(("a:1", 50), ("a:1", 20), ("b:2", DAY)) == ["session", "session", "session"]
    assert heard(("a:1", 50), ("b:2", 20), ("b:2", 10)) == ["session", ("beat", 20), "session"]
