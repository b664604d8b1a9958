"""What both broker links share: dial, hang up, heartbeats. One actor thread each; streams are read on threads."""

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pykka

from actors.edges.post import Post
from broker.client import BrokerClient
from domain.errors import BrokerUnavailable, HantradeError, InvariantError
from domain.messages.link import (
    CloseLink,
    HeartbeatReceived,
    LinkFailed,
    LinkLoggedIn,
    LinkLost,
    LinkOpened,
    LoginLink,
    OpenLink,
    SessionInfo,
)
from domain.types import LinkName

HEARTBEAT_S = 1.0
Dial = Callable[[str], BrokerClient]


class BrokerLink(pykka.ThreadingActor):
    """Base of the two links.

    Every connection has a number; what an older connection still says is dropped, so that a late `end` of a stream
    never closes its successor, and the end of a connection is told once, however many of its streams break. After a
    crash nothing is redone here: the supervisor opens links anew. Failures of the outside world become inputs; a bug
    of ours ends the actor, and with it the system (`TraderSystem` watches its edges).
    """

    use_daemon_thread = True
    NAME: ClassVar[LinkName]

    def __init__(self, post: Post, dial: Dial) -> None:
        """Take the door and how to reach a broker."""
        super().__init__()
        self._post_to_core = post
        self._dial = dial
        self._client: BrokerClient | None = None
        self._connection = 0
        self._endpoint = ""
        self._told = 0  # connection whose end was told
        self._telling = threading.Lock()

    def on_receive(self, message: Any) -> Any:
        """Carry out one effect; a failure of the outside world becomes an input."""
        match message:
            case OpenLink():
                self._try("open", self._open, message)
            case LoginLink():
                self._try("login", self._login)
            case CloseLink():
                self.hang_up()
            case "ping":
                return "pong"
            case _:
                return self.carry_out(message)
        return None

    def carry_out(self, message: Any) -> Any:
        """Carry out what only this link does. Runs on the actor's thread."""
        raise TypeError(f"{self.NAME} link cannot carry out {type(message).__name__}")

    def on_stop(self) -> None:
        """Hang up. Runs on the actor's thread."""
        self.hang_up()

    def on_failure(self, *_: Any) -> None:
        """Hang up after a bug of ours: no stream may go on without its actor."""
        self.hang_up()

    def post(self, message: Any, *, on_committed: Callable[[], None] | None = None, urgent: bool = False) -> None:
        """Let an input in, signed by this link."""
        self._post_to_core(message, source=f"link/{self.NAME}", urgent=urgent, on_committed=on_committed)

    def _open(self, effect: OpenLink) -> None:
        self.hang_up()
        self._connection += 1
        connection, self._endpoint = self._connection, effect.endpoint
        client = self._dial(effect.endpoint)
        self._client = client
        session = client.session()
        self.opened(effect, session)
        self.post(LinkOpened(self.NAME, session, effect.endpoint))
        client.watch(
            HEARTBEAT_S,
            lambda beat: self.beat(connection, beat),
            lambda why: self._watch_ended(connection, why),
        )

    def opened(self, effect: OpenLink, session: SessionInfo) -> None:
        """Note what the session says before the core hears of it."""

    def _login(self) -> None:
        self.post(LinkLoggedIn(self.NAME, self.client().login()))

    def beat(self, connection: int, session: SessionInfo) -> None:
        """Pass one heartbeat on. Runs on the heartbeats' thread."""
        if connection == self._connection:
            self.post(HeartbeatReceived(self.NAME, session.venue_time, session.phase, session.logged_in))

    def _watch_ended(self, connection: int, why: HantradeError | None) -> None:
        if why is not None:
            self.lost(connection, f"heartbeats: {why}")

    def lost(self, connection: int, reason: str) -> None:
        """Report that the present connection broke, once. Runs on any thread."""
        if self._first_word(connection):
            self.post(LinkLost(self.NAME, reason), urgent=True)

    def _first_word(self, connection: int) -> bool:
        with self._telling:
            if connection != self._connection or connection == self._told:
                return False
            self._told = connection
            return True

    def client(self) -> BrokerClient:
        """Give the open client. Raises BrokerUnavailable when hung up."""
        if self._client is None:
            raise BrokerUnavailable("the link is not open")
        return self._client

    def hang_up(self) -> None:
        """Close the connection; its streams may still say one last thing, which is dropped."""
        with self._telling:
            self._connection += 1
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _try(self, step: str, action: Callable[..., None], *args: Any) -> None:
        try:
            action(*args)
        except InvariantError:
            raise
        except HantradeError as error:
            if self._first_word(self._connection):  # only this thread moves on to another connection
                self.post(LinkFailed(self.NAME, step, str(error), self._endpoint))
