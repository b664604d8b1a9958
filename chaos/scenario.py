"""Plays one plan on real processes, waits until everything is quiet, then holds the books against each other."""

import contextlib
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from broker.client import BrokerClient
from chaos import checks
from chaos.books import read_trader, read_venue
from chaos.bursts import halt_in_a_burst
from chaos.checks import Finding, Halt, LiveAccount
from chaos.faulty_link import FaultyLink
from chaos.person import Desk, Person
from chaos.place import DEADLINE_S, POLL_S, Place, Stuck, a_place
from chaos.plan import Plan, Step
from chaos.watch import Fault, LogWatch, recoveries
from domain.errors import HantradeError

NANOS = 1_000_000_000
MINUTE_NS = 60 * NANOS
CLOSED = "CLOSED"  # state of the day after which no venue minute comes
TURN_S = 15.0  # longest wait for a step's turn: without links little is logged
LASTS_S = 4.0  # longest a fault of the wires lasts
REQUEST_S = 3.0  # longest wait for a request in flight
QUIET_S = 180.0  # longest wait for the end of everything open
ASK_EVERY_S = 1.0
READS = 30  # attempts to read the account of a broker that misbehaves
MAY_END = ("disk-full", "locked")  # scenarios in which a process may end by itself: it says so, and starts again


@dataclass
class Outcome:
    """What came of one scenario."""

    plan: Plan
    folder: Path
    findings: list[Finding] = field(default_factory=list)
    steps: int = 0  # done
    kills: int = 0
    kills_in_flight: int = 0  # of them, with a request sent and not answered
    restarts: int = 0  # of processes that ended by themselves where they may
    intents: int = 0  # submits, modifies and cancels in the log
    orders: int = 0  # submits of them
    fills: int = 0  # at the venue
    stranded: int = 0  # requests the trader could not tell the fate of
    events: int = 0  # in the log
    recovery_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    acts: Counter[str] = field(default_factory=Counter)  # of the person
    halts: list[Halt] = field(default_factory=list)

    def count(self, check: str) -> int:
        """Count findings of one check."""
        return sum(finding.check == check for finding in self.findings)


def play(plan: Plan, folder: Path, deadline: float) -> Outcome:
    """Play a plan in a fresh folder. Steps that would begin after `deadline` (monotonic s) are left out."""
    begin = time.monotonic()
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps(plan.to_json(), indent=1), encoding="utf-8")
    faults = None
    if plan.faults:
        faults = folder / "faults.toml"
        faults.write_text(plan.faults, encoding="utf-8")
    outcome = Outcome(plan, folder)
    with a_place(folder, plan.layout, plan.speed, faults, orders_per_second=plan.orders_per_second) as place:
        scene = Scene(plan, place, outcome, deadline)
        try:
            scene.play()
        except Stuck as stuck:
            outcome.findings.append(Finding("stuck", plan.name, str(stuck)))
        finally:
            scene.close()
        outcome.findings += settled_findings(place, outcome, scene.live)
    outcome.seconds = time.monotonic() - begin
    return outcome


def settled_findings(place: Place, outcome: Outcome, live: LiveAccount | None) -> list[Finding]:
    """Check everything that stands on the disk."""
    logs = sorted((place.home / "logs").glob("paper-*.db"))
    if len(logs) != 1 or not place.journal.exists():
        return [Finding("stuck", "files", f"one log and a journal expected, was {[path.name for path in logs]}")]
    for name in list(place.children):  # where it was stuck
        place.kill(name)
    venue, trader = read_venue(place.journal), read_trader(logs[0])
    told = read_venue(place.told_journal) if place.told_journal is not None else None
    outcome.intents, outcome.orders = len(trader.intents), len(trader.submits)
    outcome.fills, outcome.events = len(venue.fills), trader.events
    outcome.stranded = len(trader.stranded)
    found = checks.all_findings(venue, told, trader, live)
    found += checks.halted(venue, trader.submits, outcome.halts)
    for name in (*place.brokers, "trader"):
        if outcome.plan.name not in MAY_END and "Traceback" in (said := place.said(name)):
            last = said.rstrip().rpartition("\n")[2]
            found.append(Finding("process", name, f"printed a traceback, see {name}.out; its last line: {last[:200]}"))
    return [*found, *checks.chain(logs[0]), *checks.replayed(logs[0])]


class Scene:
    """One plan while it is played."""

    def __init__(self, plan: Plan, place: Place, outcome: Outcome, deadline: float) -> None:
        """Take what is played where."""
        self._plan, self._place, self._outcome, self._deadline = plan, place, outcome, deadline
        self._watch = LogWatch(lambda: place.log)
        self._person = Person(lambda: place.desk, plan.seed, plan.pause_s)
        self._faults: list[Fault] = []
        self._may_end = plan.name in MAY_END
        self.live: LiveAccount | None = None

    def play(self) -> None:
        """Start, do every step, let everything end. Raises Stuck."""
        self._place.start(*self._place.brokers, "trader")
        self._until_ready()
        self._person.start()
        for step in self._plan.steps:
            if time.monotonic() > self._deadline:
                break
            self._wait_for_turn(step)
            self._do(step)
            self._outcome.steps += 1
        self._settle()
        self._outcome.recovery_ms = recoveries(self._faults, self._watch.look().history)
        self._stop()

    def close(self) -> None:
        """Let go of everything that is not a process."""
        if self._person.is_alive():
            self._person.stop()
        self._outcome.acts = self._person.done
        self._watch.close()

    # ---- waiting -----------------------------------------------------------------------------------------------

    def _tend(self) -> None:
        """Start again what ended by itself; where it may not, that is a finding."""
        self._watch.look()
        for child in self._place.bury():
            if self._may_end:
                self._outcome.restarts += 1
            else:
                last = self._place.said(child.name).rstrip().rpartition("\n")[2]
                text = f"ended by itself, exit {child.process.returncode}; its last line: {last[:300]}"
                self._outcome.findings.append(Finding("process", child.name, text))
            self._place.start(child.name)

    def _pass(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for something that need not come; tell whether it did."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._tend()
            if holds():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_S)

    def _until_ready(self) -> None:
        if not self._pass(lambda: self._watch.is_ready, DEADLINE_S):
            raise Stuck(f"the links are not READY after {DEADLINE_S:.0f} s: {self._watch.states}")

    def _wait_for_turn(self, step: Step) -> None:
        if not step.early:
            self._until_ready()
        self._let_pass(step.after)
        if step.at_request:
            base = self._watch.look().sent
            self._pass(lambda: self._watch.sent > base and bool(self._watch.open), REQUEST_S)

    def _let_pass(self, events: int, longest_s: float = TURN_S) -> None:
        base = self._watch.look().seq
        self._pass(lambda: self._watch.seq >= base + events, longest_s)

    # ---- steps -------------------------------------------------------------------------------------------------

    def _do(self, step: Step) -> None:
        if step.what == "clock":
            for name in step.whom:
                self._place.controls[name].clock_ns += int(step.amount * NANOS)
        self._faults.append(self._fault())
        match step.what:
            case "clock":
                self._let_pass(step.after)
            case "kill":
                self._kill(step)
            case "away":
                self._send_away(step)
            case "disk-full":
                self._fill_disks(step)
            case "locked":
                self._lock(step)
            case "disconnect":
                self._disconnect(step)
            case "halt":
                self._outcome.halts.append(halt_in_a_burst(self._person, self._watch, self._pass, step.count))
            case _:
                self._damage(step, [self._place.links[name] for name in step.whom])

    def _fault(self) -> Fault:
        """Note the moment by the trader's clock, which never goes back: it may lead the machine's."""
        known = len(self._watch.look().history)
        machine = time.time_ns() + self._place.controls["trader"].clock_ns
        return Fault(max(machine, self._watch.system_time()), known)

    def _kill(self, step: Step) -> None:
        alive = [name for name in step.whom if name in self._place.children]
        for name in alive:
            self._place.kill(name)
        self._watch.look()
        self._outcome.kills += len(alive)
        self._outcome.kills_in_flight += len(alive) * bool(self._watch.open)
        self._place.start(*alive)

    def _send_away(self, step: Step) -> None:
        """Kill a source of quotes and bring it back once another stands in for it."""
        before = self._watch.look().stand_ins
        for name in step.whom:
            self._place.kill(name)
        self._outcome.kills += len(step.whom)
        if not self._pass(lambda: self._watch.stand_ins > before, DEADLINE_S):
            self._outcome.findings.append(Finding("failover", "quotes", f"no other source within {DEADLINE_S:.0f} s"))
        self._let_pass(step.holds)
        self._place.start(*step.whom)
        if not self._pass(lambda: not self._watch.on_stand_in, DEADLINE_S):
            self._outcome.findings.append(Finding("failover", "quotes", f"not back within {DEADLINE_S:.0f} s"))

    def _damage(self, step: Step, links: list[FaultyLink]) -> None:
        """Spoil wires for a while, then mend them."""
        made = {link: link.made for link in links}
        for link in links:
            match step.what:
                case "drop":
                    link.drop()
                case "refuse":
                    link.refuse()
                    link.cut()
                case "delay":
                    link.delay(step.amount)
                case "throttle":
                    link.throttle(int(step.amount))
                case "half-open-up" | "half-open-down":
                    link.lose(step.what.removeprefix("half-open-"))
                case "reset":
                    link.cut()
                case "stall":
                    link.stall()
                case "reorder":
                    link.stall("up")
                case other:
                    raise ValueError(f"a fault of wires expected, was {other!r}")
        if step.what == "reorder":
            self._pass(lambda: all(link.held for link in links), LASTS_S)
            for link in links:
                link.strand()
            self._pass(lambda: all(link.made > made[link] for link in links), TURN_S)
        self._let_pass(step.holds, LASTS_S)
        for link in links:
            link.mend()
            if step.what.startswith("half-open") and step.holds % 2:  # else whoever uses it must notice
                link.cut()

    def _fill_disks(self, step: Step) -> None:
        """Leave disks without room until so much was logged, or their process ended."""
        controls = [self._place.controls[name] for name in step.whom]
        for control in controls:
            control.disk_full = True
        restarts = self._outcome.restarts
        base = self._watch.look().seq
        deadline = time.monotonic() + TURN_S
        while time.monotonic() < deadline and self._watch.look().seq < base + step.holds:
            if any(not self._place.children[name].runs for name in step.whom):
                break
            time.sleep(POLL_S)
        for control in controls:
            control.disk_full = False
        self._pass(lambda: self._outcome.restarts > restarts, ASK_EVERY_S)

    def _lock(self, step: Step) -> None:
        """Hold a log or a journal locked, as another program may."""
        [name] = step.whom
        path = self._place.log if name == "trader" else self._place.journal
        if path is None:
            raise Stuck("there is no log to lock")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=DEADLINE_S)) as db:
            db.execute("BEGIN IMMEDIATE")
            time.sleep(step.amount)
            db.execute("ROLLBACK")

    def _disconnect(self, step: Step) -> None:
        """Break one of the links each venue minute, until the day is closed."""
        draw = random.Random(int(step.amount))
        for _ in range(step.count):
            if time.monotonic() > self._deadline or not self._pass_minute():
                return
            link = self._place.links[draw.choice(step.whom)]
            self._faults.append(self._fault())
            draw.choice((link.drop, link.cut))()
            self._outcome.steps += 1

    def _pass_minute(self) -> bool:
        """Wait for the next venue minute; tell whether it came while the day was still open."""
        minute = self._watch.venue_time() // MINUTE_NS

        def is_over() -> bool:
            return self._watch.day == CLOSED

        came = self._pass(lambda: is_over() or self._watch.venue_time() // MINUTE_NS > minute, DEADLINE_S)
        return came and not is_over()

    # ---- the end -----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Make everything whole, cancel what is open, wait until nothing is."""
        self._person.stop()
        self._place.mend()
        self._until_ready()
        desk = Desk(lambda: self._place.desk)
        asked_at = 0.0
        deadline = time.monotonic() + QUIET_S
        try:
            while (orders := desk.open_orders()) != []:
                self._tend()
                if time.monotonic() > deadline:
                    states = Counter(order.status for order in orders or ())
                    raise Stuck(f"still open after {QUIET_S:.0f} s: {dict(states)}")
                if time.monotonic() > asked_at + ASK_EVERY_S:
                    asked_at = time.monotonic()
                    for order in orders or ():
                        desk.cancel(order.client_order_id)
                time.sleep(POLL_S)
            self._until_ready()
            self._reconcile(desk)
        finally:
            desk.close()

    def _reconcile(self, desk: Desk) -> None:
        """Have the trader itself compare: it must find what we find. Reads of a broker that misbehaves may fail."""
        said = ""
        for _ in range(READS):
            self._tend()
            before = self._watch.reconciled
            desk.reconcile()
            if self._pass(lambda before=before: self._watch.reconciled is not before, ASK_EVERY_S):  # type: ignore[misc]
                report = self._watch.reconciled or {}
                if report["agreed"]:
                    return
                said = "; ".join(report["differences"])
            else:
                said = f"no report: {desk.trouble}"
        self._outcome.findings.append(Finding("books", "reconcile", f"does not agree at the end: {said}"))

    def _stop(self) -> None:
        """Stop the trader, then ask the broker what it holds: until then a strategy may still order."""
        self._end("trader")
        if self._place.orders_broker:
            self.live = self._account()
        for name in reversed(self._place.brokers):
            self._end(name)

    def _end(self, name: str) -> None:
        code = self._place.ask_to_stop(name)
        if code != 0:
            self._outcome.findings.append(Finding("process", name, f"exit {code} at an orderly stop"))

    def _account(self) -> LiveAccount:
        """Ask the broker itself, past the wire."""
        client = BrokerClient(f"127.0.0.1:{self._place.ports[self._place.orders_broker]}")
        try:
            for _ in range(READS):
                with contextlib.suppress(HantradeError):
                    held = {one.symbol: one.quantity for one in client.positions()[0] if one.quantity}
                    return LiveAccount(client.account().cash, held)
            raise Stuck("the broker does not tell its account")
        finally:
            client.close()
