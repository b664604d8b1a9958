"""The wire does what it is told: each fault on plain sockets, none of it timed."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chaos.faulty_link import FaultyLink, a_faulty_link

WAIT_S = 20.0


@dataclass
class Server:
    """Takes connections and keeps them."""

    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def taken(self) -> socket.socket:
        self.listener.settimeout(WAIT_S)
        end, _ = self.listener.accept()
        end.settimeout(WAIT_S)
        return end


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with contextlib.closing(made.listener):
        yield made


@pytest.fixture
def link(server: Server) -> Iterator[FaultyLink]:
    with a_faulty_link(server.address) as made:
        yield made


@contextlib.contextmanager
def a_connection(link: FaultyLink, server: Server) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give the caller's end and the server's."""
    host, _, port = link.address.rpartition(":")
    near = socket.create_connection((host, int(port)), WAIT_S)
    far = server.taken()
    with contextlib.closing(near), contextlib.closing(far):
        yield near, far


def heard(end: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count and (chunk := end.recv(count - len(got))):
        got += chunk
    return got


def is_reset(end: socket.socket) -> bool:
    try:
        return end.recv(1) == b""
    except ConnectionResetError:
        return True


def test_given_a_whole_link_when_used_then_bytes_and_ends_pass_both_ways(link: FaultyLink, server: Server) -> None:
    with a_connection(link, server) as (near, far):
        near.sendall(b"up" * 100_000)
        assert heard(far, 200_000) == b"up" * 100_000
        far.sendall(b"down")
        assert heard(near, 4) == b"down"
        near.shutdown(socket.SHUT_WR)
        assert far.recv(1) == b""
        far.sendall(b"still")
        assert heard(near, 5) == b"still"


def test_given_a_stalled_link_when_mended_then_what_was_held_comes_in_order(link: FaultyLink, server: Server) -> None:
    with a_connection(link, server) as (near, far):
        link.stall("up")
        near.sendall(b"first")
        link.until_held()
        far.sendall(b"down")
        assert heard(near, 4) == b"down"
        near.sendall(b"second")
        link.mend()
        assert heard(far, 11) == b"firstsecond"


def test_given_a_link_half_open_when_bytes_come_then_one_way_is_lost_and_no_end_is_told(
    link: FaultyLink, server: Server
) -> None:
    with a_connection(link, server) as (near, far):
        link.lose("up")
        near.sendall(b"lost")
        link.until_lost()
        far.sendall(b"down")
        assert heard(near, 4) == b"down"
        near.close()  # the other end must not hear of it
        far.settimeout(0.1)
        with pytest.raises(TimeoutError):
            far.recv(1)


def test_given_connections_when_cut_then_both_ends_are_reset(link: FaultyLink, server: Server) -> None:
    with a_connection(link, server) as (near, far):
        link.cut()
        assert is_reset(near)
        assert is_reset(far)


@pytest.mark.parametrize("do", [FaultyLink.cut, FaultyLink.drop])
def test_given_a_server_that_took_a_connection_first_when_ended_then_both_ends_hear_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, do: Callable[[FaultyLink], None]
) -> None:
    is_known = threading.Event()
    connect = asyncio.open_connection

    async def open_late(*args: Any, **kwargs: Any) -> Any:
        ends = await connect(*args, **kwargs)
        while not is_known.is_set():
            await asyncio.sleep(0)
        return ends

    monkeypatch.setattr("chaos.faulty_link.asyncio.open_connection", open_late)
    with a_faulty_link(server.address) as link, a_connection(link, server) as (near, far):
        do(link)
        is_known.set()
        assert is_reset(near)
        assert is_reset(far)


def test_given_connections_when_dropped_then_both_ends_hear_the_end(link: FaultyLink, server: Server) -> None:
    with a_connection(link, server) as (near, far):
        link.drop()
        assert near.recv(1) == b""
        assert far.recv(1) == b""


def test_given_a_link_that_refuses_when_called_then_the_caller_is_turned_away(link: FaultyLink) -> None:
    link.refuse()
    host, _, port = link.address.rpartition(":")
    with contextlib.closing(socket.create_connection((host, int(port)), WAIT_S)) as near:
        assert is_reset(near)
    link.until_turned_away()


def test_given_a_server_that_is_down_when_called_then_the_caller_is_turned_away(server: Server) -> None:
    address = server.address
    server.listener.close()
    with a_faulty_link(address) as link:
        host, _, port = link.address.rpartition(":")
        with contextlib.closing(socket.create_connection((host, int(port)), WAIT_S)) as near:
            assert is_reset(near)


def test_given_a_stranded_connection_when_a_new_one_has_talked_then_the_old_bytes_come_after_the_new(
    link: FaultyLink, server: Server
) -> None:
    with a_connection(link, server) as (near, far):
        link.stall("up")
        near.sendall(b"old")
        link.until_held()
        link.strand()
        assert is_reset(near)
        with a_connection(link, server) as (newer, newer_far):
            newer.sendall(b"new")
            assert heard(newer_far, 3) == b"new"
            far.settimeout(0.1)
            with pytest.raises(TimeoutError):
                far.recv(1)  # not before the new one has carried both ways
            newer_far.sendall(b"yes")
            assert heard(newer, 3) == b"yes"
            far.settimeout(WAIT_S)
            assert heard(far, 3) == b"old"
            link.until_arrived_late()
            assert far.recv(1) == b"", "then it ends"


def test_given_a_slow_link_when_bytes_come_then_all_of_them_arrive(link: FaultyLink, server: Server) -> None:
    with a_connection(link, server) as (near, far):
        link.throttle(50_000)
        near.sendall(b"x" * 5_000)
        assert heard(far, 5_000) == b"x" * 5_000
        link.throttle(0)
        link.delay(0.01)
        near.sendall(b"late")
        assert heard(far, 4) == b"late"


def test_given_something_that_never_comes_when_waited_for_then_it_is_said(
    link: FaultyLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.faulty_link.WAIT_S", 0.01)
    with pytest.raises(TimeoutError, match="3 held chunks"):
        link.until_held(3)
