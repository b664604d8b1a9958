"""What the parts do if nothing goes wrong, and the ways in which a broker can die over a request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from domain.messages import Message
from domain.messages.link import (
    CloseLink,
    InstrumentsReceived,
    OpenLink,
    ReconcileLink,
)
from domain.messages.orders import CancelOrder, ModifyOrder, ResolveOrder, SubmitOrder
from domain.messages.trading import GateChanged
from domain.types import LinkName
from tests.actors.builders import an_instrument, opened
from tests.protocol.broker import Broker, Taken
from tests.protocol.link import Done, Links
from tests.protocol.promises import check_answer, check_gate, check_reached, check_sending
from tests.protocol.trader import Books, Trader
from tests.protocol.world import Action, Item, World

LINK_EFFECTS = (OpenLink, ReconcileLink, CloseLink)
ORDER_EFFECTS = (SubmitOrder, ModifyOrder, CancelOrder, ResolveOrder, GateChanged)
Step = tuple[str, World]
Command = Callable[[Books], Message | None]  # what a person says next, None while there is no sense in it


@dataclass(frozen=True)
class Rules:
    """What kind of exploration this is."""

    script: tuple[Command, ...]
    gates: bool = False  # a gate other than OPEN occurs: only then its messages are followed on the wire
    fine: bool = False  # every step of the core on its own; else what nobody can see between is one step
    start: Callable[[str], Message] | None = None  # the first message of a run


class Parts:
    """Trader, link and broker, wired: what happens if nothing goes wrong."""

    def __init__(self, trader: Trader, broker: Broker, links: Links, rules: Rules) -> None:
        self.trader, self.broker, self.links, self.rules = trader, broker, links, rules

    def on_schedule(self, world: World) -> Iterator[Step]:
        """Give what must happen some day if nothing goes wrong."""
        yield from self._core(world)
        yield from self._link(world)
        if world.quotes:
            yield self._quotes(world)
        if world.wire:
            yield from self._arrive(world, world.wire[0], world._replace(wire=world.wire[1:]))
        for index, item in enumerate(world.waiting):
            rest = world._replace(waiting=(*world.waiting[:index], *world.waiting[index + 1 :]))
            yield from self._arrive(world, item, rest, floating=item.mute, waited=True)
        yield from self._hear(world)

    def is_quiet(self, world: World) -> bool:
        """Tell whether nothing is under way: what is in limbo may never come."""
        return not next(self.on_schedule(world), None)

    def _settled(self, world: World, **changes: Any) -> World:
        """Let the core do at once what nobody can tell from doing it later."""
        after = world._replace(**changes)
        return after if self.rules.fine else self.settle(after)

    def settle(self, world: World) -> World:
        """Let the core go on as far as nobody can tell from its going on later.

        A commit straight after its decisions: a crash between the two leaves what a crash before leaves. A release:
        the link takes effects in order, and a crash loses its inbox like the core's memory; but a gate is in force at
        its release, so that one waits while the link has something before it. An input is handled when it comes:
        to wait at the door is to come later.
        """
        while True:
            if world.pending:
                if not _is_private(world):
                    return world
                world = self._act(world)
            elif world.urgent or world.normal:
                world = self._drain(world)
                if world.pending[0].kind == "commit":
                    world = self._act(world)
            elif world.quotes and not self._is_awaited(world):
                world = self._quotes_answer(world)
            else:
                return world

    # ---- the core ----------------------------------------------------------------------------------------------

    def _core(self, world: World) -> Iterator[Step]:
        if world.pending:
            after = self._act(world)
            yield self._words(world.pending[0]), after if self.rules.fine else self.settle(after)
        elif world.urgent or world.normal:
            yield "the core numbers and decides", self._drain(world)

    def _words(self, action: Action) -> str:
        if action.kind == "commit":
            return "the core commits"
        return f"the core releases {type(self.trader.messages[action.message]).__name__}"

    def _drain(self, world: World) -> World:
        done = self.trader.drain(world.kernel, world.urgent, world.normal, world.now)
        actions = done.actions
        made = world.made | done.made if done.made else world.made
        return world._replace(kernel=done.kernel, pending=actions, urgent=done.urgent, normal=done.normal, made=made)

    def _act(self, world: World) -> World:
        action, rest = world.pending[0], world.pending[1:]
        world = world._replace(pending=rest)
        if action.kind == "release":
            return self._release(world, action.message)
        if action.durable:
            known = world.durable | world.soft | action.requests
            return world._replace(log=world.kernel, tail=frozenset(), durable=known, soft=frozenset())
        if not world.left.crashes:  # nobody will read the log again
            return world._replace(log=world.kernel)
        tail = (world.tail | {world.log}) - {world.kernel}
        return world._replace(log=world.kernel, tail=tail, soft=world.soft | action.requests)

    def _release(self, world: World, number: int) -> World:
        message: Any = self.trader.messages[number]
        if isinstance(message, GateChanged):
            world = world._replace(gate=message.level)
        if _is_for_link(message):
            return world._replace(inbox=(*world.inbox, number))
        return world if _of_quotes(message) is None else world._replace(quotes=(*world.quotes, number))

    # ---- the links ---------------------------------------------------------------------------------------------

    def _quotes(self, world: World) -> Step:
        name = type(self.trader.messages[world.quotes[0]]).__name__
        return f"the quotes link answers {name}", self._settled(self._quotes_answer(world))

    def _quotes_answer(self, world: World) -> World:
        answer = _of_quotes(self.trader.messages[world.quotes[0]])
        assert answer is not None, "only what has an answer waits for one"
        return world._replace(quotes=world.quotes[1:], normal=(*world.normal, self.trader.message(answer)))

    def _is_awaited(self, world: World) -> bool:
        """Tell whether it matters when the quotes link answers: to an order still to come, or on the wire as a gate."""
        return self.rules.gates or world.script < len(self.rules.script)

    def _link(self, world: World) -> Iterator[Step]:
        if not world.inbox:
            return
        number, message = world.inbox[0], self.trader.messages[world.inbox[0]]
        world = world._replace(inbox=world.inbox[1:])
        name = type(message).__name__
        if not isinstance(message, ResolveOrder):
            done = self.links.do(world, ("effect", number))
            yield f"the link takes {name}", self._did(world, done, message)
            return
        question = Item("resolve", message.request_id)
        if world.half or world.link.talk is None:
            done = self.links.do(world, ("effect", number))
            yield (
                "the link cannot resolve",
                self._did(world._replace(limbo=self._floating(world, (question,))), done, message),
            )
            return
        for taken in self.broker.take(world.journal, world.venue, question, world.now):
            if not taken.died:
                yield f"the link resolves: {taken.words}", self._resolved(world, number, message, taken)
        if world.left.breaks:
            left = world.left._replace(breaks=world.left.breaks - 1)
            floating = self._floating(world, (*world.wire, question))
            broken = world._replace(left=left, half=True, wire=(), receipts=(), limbo=floating)
            done = self.links.do(broken, ("effect", number), fails=True)
            yield "the link breaks while it resolves", self._did(broken, done, message)

    def _resolved(self, world: World, number: int, message: ResolveOrder, taken: Taken) -> World:
        receipt = self.broker.receipts[taken.receipt]
        void = world.void | {message.request_id} if receipt.outcome == "VOID" else world.void
        after = world._replace(journal=taken.journal, void=void)
        done = self.links.do(after, ("effect", number), answer=taken.receipt)
        return self._did(after, done, message)

    def _did(self, world: World, done: Done, message: Message | None) -> World:
        """Take in what the link did: posts to the core, items onto the wire, a connection given up."""
        for number, _ in done.posts:
            check_answer(self.trader.messages[number], message)
        for item in done.sends:
            if item.kind == "request":
                check_sending(world, item, self.trader.messages[item.message])
        world = world._replace(sent=world.sent | {item.what for item in done.sends if item.kind == "request"})
        sends = tuple(item for item in done.sends if item.kind != "gate" or self.rules.gates)
        if done.hung_up:
            world = world._replace(limbo=self._floating(world, world.wire), wire=(), receipts=(), half=False)
            world = world._replace(waiting=_muted(world.waiting))
        if done.opened:
            stale = tuple(sorted(item._replace(stale=item.kind != "resolve") for item in world.limbo))
            world = self._pruned(world._replace(limbo=stale))
        if world.half:
            world = world._replace(limbo=self._floating(world, sends))
        else:
            world = world._replace(wire=(*world.wire, *sends))
        return self._post(world._replace(link=done.link), done.posts)

    def _post(self, world: World, posts: tuple[tuple[int, bool], ...]) -> World:
        urgent = tuple(number for number, is_urgent in posts if is_urgent)
        normal = tuple(number for number, is_urgent in posts if not is_urgent)
        return self._settled(world, urgent=(*world.urgent, *urgent), normal=(*world.normal, *normal))

    def _floating(self, world: World, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Give the limbo with more in it. What can change nothing when it comes is left out."""
        kept = [item for item in items if self._matters(world, item)]
        return tuple(sorted((*world.limbo, *kept))) if kept else world.limbo

    def _matters(self, world: World, item: Item) -> bool:
        if item.kind == "gate" and not item.stale:
            return True
        *_, done = self.broker.take(world.journal, world.venue, item, world.now)
        return (done.journal, done.venue) != (world.journal, world.venue)

    # ---- the broker --------------------------------------------------------------------------------------------

    def _arrive(
        self, world: World, item: Item, rest: World, floating: bool = False, waited: bool = False
    ) -> Iterator[Step]:
        what = self._name(item)
        how = "has its turn at" if waited else "comes late to" if floating else "reaches"
        if world.left.waits and item.kind == "request" and not (floating or waited or item.stale):
            left = world.left._replace(waits=world.left.waits - 1)
            yield f"{what} waits at the broker", rest._replace(left=left, waiting=(*rest.waiting, item))
        known = self.broker.content(world.journal).last_seq
        for taken in self.broker.take(world.journal, world.venue, item, world.now):
            if taken.died and not world.left.crashes:
                continue
            self._check_reached(world, item, taken)
            self._check_gate(world, item, taken)
            after = rest._replace(journal=taken.journal, venue=taken.venue)
            if taken.died:
                yield f"{what} {how} the broker: {taken.words}, and starts again", self._broker_died(after)
                continue
            receipt = self.broker.receipts[taken.receipt]
            check_answer(receipt, self.trader.messages[item.message] if item.kind == "request" else None)
            if item.kind == "resolve" and receipt.outcome == "VOID":
                after = after._replace(void=after.void | {item.what})
            if item.kind == "request" and not floating and world.link.talk is not None:
                after = after._replace(receipts=(*after.receipts, (taken.receipt, known)))
            yield f"{what} {how} the broker: {taken.words}", self._pruned(after)

    def _pruned(self, world: World) -> World:
        limbo = tuple(item for item in world.limbo if self._matters(world, item))
        return world._replace(limbo=limbo) if limbo != world.limbo else world

    def _check_reached(self, world: World, item: Item, taken: Taken) -> None:
        if taken.venue != world.venue:
            check_reached(world, item, taken.venue)

    def _check_gate(self, world: World, item: Item, taken: Taken) -> None:
        before, after = self.broker.content(world.journal).gate, self.broker.content(taken.journal).gate
        if item.kind == "gate":
            check_gate(item, before, after)

    def _name(self, item: Item) -> str:
        if item.kind == "request":
            return type(self.trader.messages[item.message]).__name__
        return f"gate {item.level}" if item.kind == "gate" else "a late ResolveOrder"

    def _broker_died(self, world: World) -> World:
        left = world.left._replace(crashes=world.left.crashes - 1)
        # A gate has no guard; it is said on a session, and the new process has none but those that are opened there.
        limbo = self._floating(world, tuple(item for item in world.wire if item.kind != "gate"))
        limbo = tuple(item for item in limbo if item.kind != "gate")
        half = world.half or (world.link.talk is not None and not world.link.talk.over)
        after = world._replace(left=left, half=half, wire=(), receipts=(), limbo=limbo, waiting=())
        if not left.crashes:
            after = after._replace(tail=frozenset())
        return self._pruned(after)

    # ---- what comes back ---------------------------------------------------------------------------------------

    def _hear(self, world: World) -> Iterator[Step]:
        talk = world.link.talk
        if talk is None or talk.over:
            return
        if world.half:
            done = self.links.do(world, ("ended", None))
            yield "the link notices that it is broken", self._did(world._replace(half=False), done, None)
            return
        if talk.delivered < self.broker.content(world.journal).last_seq:
            fact = self.broker.facts(world.journal)[talk.delivered]
            done = self.links.do(world, ("event", talk.delivered + 1))
            yield f"the trader hears {type(fact).__name__}", self._did(world, done, None)
        if world.receipts and world.receipts[0][1] <= talk.delivered:
            number = world.receipts[0][0]
            done = self.links.do(world, ("receipt", number))
            after = world._replace(receipts=world.receipts[1:])
            yield f"the trader hears the receipt {self.broker.receipts[number].outcome}", self._did(after, done, None)


def _muted(waiting: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(item._replace(mute=True) for item in waiting)


def _is_private(world: World) -> bool:
    """Tell whether the next act is a release that nobody can tell from a later one."""
    if any(item.kind == "commit" for item in world.pending):
        return False
    return not world.inbox or not any(item.is_gate for item in world.pending)


def _is_for_link(message: Message) -> bool:
    if isinstance(message, LINK_EFFECTS):
        return message.link is LinkName.ORDERS
    return isinstance(message, ORDER_EFFECTS)


def _of_quotes(message: Message) -> Message | None:
    match message:
        case OpenLink(link=LinkName.QUOTES):
            return opened(LinkName.QUOTES)
        case ReconcileLink(link=LinkName.QUOTES):
            return InstrumentsReceived((an_instrument(),), ())
    return None
