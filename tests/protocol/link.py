"""The real orders link, taken up from values, given one thing to do, and put down again. No thread of its own runs.

Its calls to the broker are answered at once from the journal's content, or fail at once. That loses nothing: while a
call is under way the link's thread does nothing else, and what the others do meanwhile they could do before or after.
"""

from typing import Any, NamedTuple

from actors.edges.conversation import Conversation
from actors.edges.gate import WireGate
from actors.edges.gated_read import ReadPlan
from actors.edges.order_link import GATE_ID, OrderLink
from broker.gateway import identity
from broker.port import AccountState, Guard, OrderRequest, OrderSessionOpened, Receipt
from domain.errors import BrokerUnavailable, RequestRefused
from domain.messages import Message
from domain.messages.link import BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import OrderSent
from domain.types import ClientOrderId, Gate, Krw, ServerKind, VenuePhase
from tests.protocol.broker import Broker
from tests.protocol.trader import Trader
from tests.protocol.venue import AT, JOURNAL_ID, Venue
from tests.protocol.world import Item, Link, Talk, World

CONNECTION = 1  # of every link that is taken up; only whether it is the present one matters


class Done(NamedTuple):
    """What the link did."""

    link: Link
    posts: tuple[tuple[int, bool], ...]  # messages to the core's door, and whether they are urgent
    sends: tuple[Item, ...]  # onto the wire, in order
    resolves: tuple[str, ...]  # questions that reached the broker
    hung_up: bool
    broke: bool  # a call failed
    opened: bool  # a session: it fences off older ones


class Links:
    """Memoised: the same link, given the same thing to do and told the same, does the same."""

    def __init__(self, trader: Trader, broker: Broker) -> None:
        self._trader = trader
        self._broker = broker
        self._known: dict[Any, Done] = {}
        plan = ReadPlan(now=lambda: AT)  # a state of equal content is one state, whenever it was read
        self._link = OrderLink(self._post, lambda endpoint: self._client, WireGate(), plan=plan)  # type: ignore[arg-type, return-value]  # a client of ours
        self._client = _Client(self)
        self.posts: list[tuple[int, bool]] = []
        self.sends: list[Item] = []
        self.resolves: list[str] = []
        self.hung_up = self.broke = self.opened = False
        self.fails = False
        self.journal, self.venue = 0, Venue()
        self.answer: Receipt | None = None

    def do(self, world: World, what: tuple[str, Any], *, fails: bool = False, answer: int = -1) -> Done:
        """Do one thing: carry an effect out, hear an event or a receipt, or notice that the session ended."""
        key = (world.link, world.gate, what, world.journal, world.venue, fails or world.half, answer)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._do(*key)
        return found

    def _do(
        self, link: Link, gate: Gate, what: tuple[str, Any], journal: int, place: Venue, fails: bool, answer: int
    ) -> Done:
        self.posts, self.sends, self.resolves = [], [], []
        self.hung_up = self.broke = self.opened = False
        self.fails, self.journal, self.venue = fails, journal, place
        self.answer = self._broker.receipts[answer] if answer >= 0 else None
        self._take_up(link, gate)
        kind, argument = what
        real, talk = self._link, self._link._talk
        match kind:
            case "effect":
                real.on_receive(self._trader.messages[argument])
            case "event":
                assert talk is not None
                real._event(talk, self._broker.facts(journal)[argument - 1])
            case "receipt":
                assert talk is not None
                real._receipt(CONNECTION, talk, self._broker.receipts[argument])
            case "ended":
                assert talk is not None
                real._ended(CONNECTION, talk, BrokerUnavailable("gone"))
        done = (tuple(self.posts), tuple(self.sends), tuple(self.resolves), self.hung_up, self.broke, self.opened)
        return Done(self._put_down(), *done)

    def _post(self, message: Message, *, source: str, urgent: bool = False, on_committed: Any = None) -> None:
        if not isinstance(message, OrderSent):  # for measuring: no role hears it
            self.posts.append((self._trader.message(message), urgent))

    def _take_up(self, link: Link, gate: Gate) -> None:
        real: Any = self._link
        real._gate.level = gate
        real._client = self._client if link.open else None
        real._connection, real._told = CONNECTION, CONNECTION if link.told else 0
        real._after_seq, real._resume_journal = link.after_seq, link.resume_journal
        real._journal_id, real._epoch = link.journal_id, link.epoch
        real._talk = self._talk(link.talk, link.epoch)

    def _talk(self, talk: Talk | None, epoch: int) -> Conversation | None:
        if talk is None:
            return None
        made: Any = Conversation(talk.delivered)
        made.session = _Session(self)
        made._opened = OrderSessionOpened(JOURNAL_ID, epoch, 0, Gate.OPEN)
        made._in_flight = {key: ClientOrderId(owner) for key, owner in talk.in_flight}
        made._over = "gone" if talk.over else ""
        return made  # type: ignore[no-any-return]  # a conversation

    def _put_down(self) -> Link:
        real: Any = self._link
        talk = real._talk
        told = real._told == real._connection
        kept = Talk(talk._delivered, tuple(talk._in_flight.items()), bool(talk._over)) if talk is not None else None
        where = (real._after_seq, real._resume_journal, real._journal_id, real._epoch)
        return Link(real._client is not None, told, kept, *where)


class _Client:
    """The broker as the link reaches it, at the moment it asks."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._hear: Any = None

    def _call(self) -> None:
        if self._links.fails:
            self._links.broke = True
            raise BrokerUnavailable("the link is broken")

    def session(self) -> SessionInfo:
        self._call()
        content = self._links._broker.content(self._links.journal)
        info = (ServerKind.SIMULATED, True, "****", AT, VenuePhase.CONTINUOUS)
        return SessionInfo(*info, JOURNAL_ID, content.epoch, content.gate, "sim")

    def watch(self, *_: Any) -> None:
        """Heartbeats come with the clock."""

    def close(self) -> None:
        self._links.hung_up = True

    def order_session(self, *, after_seq: int, on_opened: Any, on_event: Any, **_: Any) -> "_Session":
        self._call()
        self._links.opened = True
        content = self._links._broker.content(self._links.journal)
        on_opened(OrderSessionOpened(JOURNAL_ID, content.epoch, content.last_seq, content.gate))
        for fact in self._links._broker.facts(self._links.journal)[after_seq:]:
            on_event(fact)
        return _Session(self._links)

    def _catch_up(self) -> int:
        """Let every event of the journal be heard: the answer waits for that."""
        links = self._links
        talk: Any = links._link._talk
        for fact in links._broker.facts(links.journal):
            if fact.event_seq > talk._delivered:
                links._link._event(talk, fact)
        return links._broker.content(links.journal).last_seq

    def resolve(self, request_id: str) -> Receipt:
        self._call()
        assert self._links.answer is not None
        self._links.resolves.append(request_id)
        self._catch_up()
        return self._links.answer

    def account(self) -> AccountState:
        self._call()
        cash = self._links._broker.cash(self._links.venue)
        return AccountState("****", cash, cash, Krw(0), Krw(0), self._catch_up())

    def positions(self) -> tuple[list[BrokerPosition], int]:
        self._call()
        return self._links._broker.positions(self._links.venue), self._catch_up()

    def day_orders(self) -> Any:
        self._call()
        raise RequestRefused("NOT_OFFERED", "no list of the day")

    def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        self._call()
        return self._links._broker.open_orders(self._links.journal, self._links.venue), self._catch_up()


class _Session:
    """The sending end of an order session: what is handed to it is on the wire."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def submit(self, request: OrderRequest, guard: Guard) -> None:
        number = self._links._trader.message(request)
        self._links.sends.append(Item("request", identity(request), number, guard.journal_id, guard.epoch))

    modify = cancel = submit

    def set_gate(self, request_id: str, level: Gate) -> None:
        # Its id is random and used once; a name that says what it does keeps equal states equal.
        self._links.sends.append(Item("gate", f"{GATE_ID}{level}", level=level))
