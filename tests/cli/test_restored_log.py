"""A log that was restored never makes an id that the tail it lost made, whatever it was restored to."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from actors.roles.portfolio import Portfolio
from broker.gateway import identity
from cli import log_choice
from cli.home import Home
from cli.log_choice import choose_log
from domain.errors import LogError
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import CancelOrder, SubmitOrder
from domain.messages.run import StateCarried
from domain.messages.trading import OrderApproved, OrderDenied
from domain.types import Krw, OrderKind, Side
from persistence.files import read_log_file
from persistence.identity import renew_identity
from persistence.reader import LogReader
from persistence.verify import verify_chain
from tests.actors.builders import (
    SAMSUNG,
    House,
    a_quote,
    a_run,
    received,
)
from tests.actors.log_writer import states_of, write_log
from tests.actors.test_recovery import a_house, reconnect
from tests.cli.test_log_choice import folded, goes_on, replayed
from tests.persistence.logs import a_codec


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Home, Home]:
    """Give the home a log was written in, and one it is restored to."""
    monkeypatch.setattr(log_choice, "codec", a_codec)  # the quotes of this house are not of the wire
    monkeypatch.setattr("tests.cli.test_log_choice.codec", a_codec)
    found = Home(tmp_path / "here"), Home(tmp_path / "there")
    for home in found:
        home.logs.mkdir(parents=True)
    return found


def orders_more(house: House) -> None:
    """Begin a run and give three orders and a cancel: the same after any log of `a_house`, to the sequence."""
    house.hear(a_run())
    reconnect(house)
    house.hear(received(a_quote(120)))
    for name in ("d1", "d2", "d3"):
        house.tick(3)
        house.hear(received(a_quote(130 + 10 * int(name[1]))))
        house.hear(ManualOrderRequested(name, "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 3, Krw(9_980), ""))


def ids_of(house: House, since: int = 0) -> set[str]:
    """Give the ids of every order, approved or denied, and of every request made behind a sequence."""
    made = [item for item in house.core.history if item.stamp.seq > since]
    return {
        *(str(identity(item.message)) for item in made if isinstance(item.message, (SubmitOrder, CancelOrder))),
        *(str(item.message.client_order_id) for item in made if isinstance(item.message, (OrderApproved, OrderDenied))),
    }


def restored(homes: tuple[Home, Home], renew: bool) -> tuple[set[str], House, Path]:
    """Back a log up, go on with it, restore the backup elsewhere, go on there alike; give the ids of the lost tail."""
    here, there = homes
    log = write_log(here.logs / "paper-1.db", a_house())
    copy = there.logs / "paper-1.db"
    shutil.copy(log, copy)
    tail = goes_on(log, "L")
    orders_more(tail)
    write_log(log, tail)
    if renew:
        renew_identity(copy, "restored from a backup")
    path = choose_log(there, "paper").path
    house = goes_on(path, read_log_file(path).log_id)
    orders_more(house)
    write_log(path, house)
    return ids_of(tail), house, path


def test_given_a_restored_log_when_it_goes_on_alike_then_no_id_of_the_lost_tail_is_made_again(
    homes: tuple[Home, Home],
) -> None:
    lost, house, path = restored(homes, renew=True)
    assert house.said(SubmitOrder), "orders went out"
    made = ids_of(house)
    assert len(made) >= 3
    assert not lost & made
    assert verify_chain(path).ok
    assert replayed(path)
    assert states_of(folded(path)) == states_of(house.core.kernel)


def test_given_a_restored_log_without_a_new_identity_when_it_goes_on_then_ids_come_again(
    homes: tuple[Home, Home],
) -> None:
    lost, house, _ = restored(homes, renew=False)
    assert lost & ids_of(house), "otherwise the test before proves nothing"


def test_given_a_renewed_log_when_started_then_it_begins_with_every_state_and_says_why(
    homes: tuple[Home, Home],
) -> None:
    there = homes[1]
    house = a_house()
    copy = write_log(there.logs / "paper-1.db", house)
    done = renew_identity(copy, "restored from a backup")
    assert choose_log(there, "paper").path == done.path
    with LogReader(done.path, a_codec()) as reader:
        [(_, message)] = list(reader.messages())
    assert isinstance(message, StateCarried)
    assert message.renewed == "restored from a backup"
    assert message.states == house.core.kernel.dump().roles
    executor: Any = folded(done.path).role("executor")
    assert set(executor.open) == set(house.core.kernel.role("executor").open)  # type: ignore[attr-defined]
    assert choose_log(there, "paper").path == done.path


def test_given_a_renewed_log_and_a_role_that_fails_on_it_when_started_then_the_old_identity_is_not_used_again(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = homes[1]
    done = renew_identity(write_log(there.logs / "paper-1.db", a_house()), "restored from a backup")
    monkeypatch.setattr(Portfolio, "evolve", lambda *_: 1 / 0)
    with pytest.raises(LogError, match=r"restored from a backup.*portfolio"):
        choose_log(there, "paper")
    assert read_log_file(done.path).last_seq == 0
