"""Every step the system can take from a state: what its parts do, what may go wrong, people and the clock."""

from collections.abc import Iterator

from domain.messages import Message
from domain.messages.link import HeartbeatReceived
from domain.messages.run import ClockTicked
from domain.types import LinkName, UnixNanos, VenuePhase
from tests.protocol.parts import Parts, Step
from tests.protocol.venue import AT
from tests.protocol.world import World

JUMP_NS = 6_000_000_000  # past every deadline: a request lives 3 s, an answer is overdue after 5 s


class Model(Parts):
    """The parts, and the world that does its worst to them."""

    # ---- all of them -------------------------------------------------------------------------------------------

    def steps(self, world: World) -> Iterator[Step]:
        """Give every next state, with what happened in words."""
        yield from self.on_schedule(world)
        calm = world._replace(calm=0)  # what nobody waited for begins a new wait
        yield from self._accidents(calm)
        yield from self._people(calm)

    # ---- what may go wrong, and what may happen by itself -------------------------------------------------------

    def _accidents(self, world: World) -> Iterator[Step]:
        left = world.left
        if left.crashes:
            yield from self._crashes(world)
        if left.breaks and not world.half and world.link.talk is not None and not world.link.talk.over:
            waiting = tuple(item._replace(mute=True) for item in world.waiting)
            less = left._replace(breaks=left.breaks - 1)
            broken = world._replace(half=True, wire=(), receipts=(), waiting=waiting, left=less)
            yield "the link breaks", broken._replace(limbo=self._floating(world, world.wire))
        if left.jumps:
            yield "six seconds pass", self.tick(world._replace(left=left._replace(jumps=left.jumps - 1)), JUMP_NS)
        if left.doubles and world.wire and world.wire[0].kind == "request":
            limbo = tuple(sorted((*world.limbo, world.wire[0])))
            less = left._replace(doubles=left.doubles - 1)
            yield "a request is doubled on the way", world._replace(limbo=limbo, left=less)
        for index, item in enumerate(world.limbo):
            if item not in world.limbo[:index]:
                rest = world._replace(limbo=(*world.limbo[:index], *world.limbo[index + 1 :]))
                yield from self._arrive(world, item, rest, floating=True)
        if left.fills:
            yield from self._fills(world)
        if not self.broker.atomic:
            journal = self.broker.evidence(world.journal, world.venue)
            if journal != world.journal:
                yield "the broker finds evidence at the venue", self._pruned(world._replace(journal=journal))

    def _fills(self, world: World) -> Iterator[Step]:
        for index, order in enumerate(world.venue):
            if order.state == "live" and self.broker.knows(world.journal, order):
                journal, venue = self.broker.fill(world.journal, world.venue, index)
                left = world.left._replace(fills=world.left.fills - 1)
                yield "the venue fills", self._pruned(world._replace(journal=journal, venue=venue, left=left))

    def _crashes(self, world: World) -> Iterator[Step]:
        yield "the trader dies and starts again", self.restart(world, world.log)
        for kernel in sorted(world.tail):
            lost = world._replace(soft=frozenset())
            yield "the trader's power fails; the last commits are gone; it starts again", self.restart(lost, kernel)
        journal, venue = self.broker.restart(world.journal, world.venue)
        died = world._replace(journal=journal, venue=venue)
        yield "the broker dies and starts again", self._broker_died(died)

    def restart(self, world: World, kernel: int) -> World:
        """Begin a new run on the fold of the log: memory, doors and links are gone, what was sent may still come."""
        books = self.trader.books[kernel]
        left = world.left._replace(crashes=max(0, world.left.crashes - 1))
        clean = World(
            kernel=kernel,
            gate=books.gate,
            log=kernel,
            limbo=self._floating(world, world.wire),
            waiting=tuple(item._replace(mute=True) for item in world.waiting),
            journal=world.journal,
            venue=world.venue,
            now=world.now,
            left=left,
            script=world.script,
            run=world.run + 1,
            sent=world.sent,
            durable=world.durable,
            soft=world.soft if left.crashes else frozenset(),
            void=world.void,
        )
        assert self.rules.start is not None
        first = self.trader.message(self.rules.start(f"r{clean.run}"))
        return self._settled(clean, urgent=(first,))

    # ---- people and the clock ----------------------------------------------------------------------------------

    def _people(self, world: World) -> Iterator[Step]:
        if world.script < len(self.rules.script):
            message = self.rules.script[world.script](self.trader.books[world.kernel])
            if message is not None:
                said = (self.trader.message(message),)
                after = self._settled(world, urgent=(*world.urgent, *said), script=world.script + 1)
                yield f"a person says {type(message).__name__}", after

    def tick(self, world: World, by: int) -> World:
        """Move the clock: both brokers are heard of first, if their links work."""
        now = world.now + by
        beats: list[Message] = [HeartbeatReceived(LinkName.QUOTES, AT, VenuePhase.CONTINUOUS, True)]
        if world.link.open and not world.half:
            beats.append(HeartbeatReceived(LinkName.ORDERS, AT, VenuePhase.CONTINUOUS, True))
        inputs = [*beats, ClockTicked(UnixNanos(now), False)]
        numbers = tuple(self.trader.message(item) for item in inputs)
        calm = world.calm
        return self._settled(world, now=now, normal=(*world.normal, *numbers))._replace(calm=calm + 1)

    def patience(self, world: World) -> World:
        """Give the next moment of a system in which nothing is under way."""
        if self.trader.books[world.kernel].link == "BACKING_OFF":
            return self.tick(world, 0)
        return self.tick(world, JUMP_NS << min(world.calm, 6))  # questions are repeated ever more seldom
