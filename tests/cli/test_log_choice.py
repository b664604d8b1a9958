"""Which log a start goes on with: the roll at the end of a day carries everything, and a cut off one is completed."""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.core.replay import replay
from actors.core.role import Role
from actors.recovery import recover_fully
from actors.roles.portfolio import Portfolio
from actors.roster import make_roles
from cli import log_choice
from cli.compose import codec
from cli.home import Home
from cli.log_choice import choose_log
from domain.errors import LogBusy, LogError
from domain.messages import Message
from domain.messages.link import HeartbeatReceived
from domain.messages.market import QuotesEnded
from domain.messages.operator import HaltRequested, StopRequested
from domain.messages.orders import SubmitOrder
from domain.messages.run import RunEnded, RunStarted, StateCarried
from domain.messages.trading import SessionPlanned
from domain.types import LinkName, VenuePhase
from persistence.event_log import EventLog
from persistence.files import find_chain, read_log_file
from persistence.reader import LogReader
from persistence.verify import verify
from tests.actors.builders import House, a_run, broker_state, instruments, opened, venue
from tests.actors.log_writer import states_of, write_log
from tests.actors.test_recovery import a_house

DAY_S = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.logs.mkdir()
    return found


def end_day(house: House, seconds: float = 20_000) -> House:
    """End the session and stop in order."""
    house.hear(QuotesEnded(venue(seconds)))
    for _ in range(50):
        house.tick(1)
        house.hear(*[HeartbeatReceived(name, venue(seconds), VenuePhase.DATA_ENDED, True) for name in LinkName])
    house.hear(StopRequested("s", "kim", "bye"), RunEnded("r1", "bye"))
    return house


def quiet_house() -> House:
    """A day in which nothing was ordered: its log can be read with the codec of the wire."""
    house = House(*make_roles(), log_id="L")
    house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    return house


def a_day(home: Home, name: str = "paper-1", over: bool = True) -> House:
    house = quiet_house()
    if over:
        end_day(house)
    write_log(home.logs / f"{name}.db", house)
    return house


def folded(path: Path) -> Any:
    with LogReader(path, codec()) as reader:
        return recover_fully(reader).kernel


def goes_on(path: Path, log_id: str, *messages: Message) -> House:
    """Let a house go on with a log, as the trader would."""
    house = House(log_id=log_id)
    house.core.kernel = folded(path)
    house.now += 3_600_000_000_000
    house.hear(*messages)
    return house


def replayed(path: Path, make: Callable[[], Sequence[Role]] = make_roles) -> bool:
    with LogReader(path, codec()) as reader:
        return replay(reader.messages(), make, codec(), reader.log_id).identical


def test_given_no_log_when_chosen_then_a_new_one_is_named_after_the_mode(home: Home) -> None:
    choice = choose_log(home, "paper")
    assert (choice.path.parent, choice.path.exists(), choice.recovered) == (home.logs, False, None)
    assert choice.path.name.startswith("paper-")


def test_given_a_day_that_is_not_over_when_chosen_then_it_goes_on_with_what_was_folded(home: Home) -> None:
    house = a_day(home, over=False)
    a_day(home, "mock-1")
    choice = choose_log(home, "paper")
    assert choice.path == home.logs / "paper-1.db"
    assert choice.recovered is not None
    assert states_of(choice.recovered.kernel) == states_of(house.core.kernel)


def test_given_a_day_that_is_over_when_chosen_then_a_new_log_begins_with_every_state_of_it(home: Home) -> None:
    house = a_day(home)
    path = choose_log(home, "paper").path
    assert path != home.logs / "paper-1.db"
    with LogReader(path, codec()) as reader:
        [(record, message)] = list(reader.messages())
    assert isinstance(message, StateCarried)
    assert message.states == house.core.kernel.dump().roles
    old = read_log_file(home.logs / "paper-1.db")
    assert (message.previous_log_id, message.previous_seq, message.previous_hash) == ("L", old.last_seq, old.head_hash)
    new = read_log_file(path)
    assert new.previous == (old.last_seq, old.head_hash)
    assert [file.path for file in find_chain(path).files] == [old.path, path]
    assert new.log_id != "L"
    with LogReader(old.path, codec()) as reader:
        last = reader.record(old.last_seq)
    assert last is not None
    assert record.recorded_at >= last.recorded_at, "the system's time went back"


def test_given_a_roll_when_the_next_day_was_traded_then_both_logs_verify_and_replay_alike(home: Home) -> None:
    a_day(home)
    path = choose_log(home, "paper").path
    log_id = read_log_file(path).log_id
    house = goes_on(path, log_id, a_run(), opened(LinkName.QUOTES, seconds=DAY_S - 60), instruments())
    house.hear(opened(LinkName.ORDERS), broker_state(seconds=DAY_S))
    assert [plan.trading_date for plan in house.said(SessionPlanned)] == ["2026-01-14"]
    end_day(house, DAY_S + 20_000)
    write_log(path, house)
    for log in (home.logs / "paper-1.db", path):
        assert verify(log).ok
        assert replayed(log)
    assert states_of(folded(path)) == states_of(house.core.kernel)
    third = choose_log(home, "paper").path
    assert [file.path for file in find_chain(third).files] == [home.logs / "paper-1.db", path, third]


def test_given_a_roll_when_nothing_was_traded_since_then_another_start_in_the_evening_goes_on_with_it(
    home: Home,
) -> None:
    a_day(home)
    path = choose_log(home, "paper").path
    assert choose_log(home, "paper").path == path
    house = goes_on(path, read_log_file(path).log_id, a_run(), opened(LinkName.QUOTES, seconds=30_000))
    write_log(path, house)
    assert choose_log(home, "paper").path == path
    assert house.said(RunStarted)


def test_given_a_halt_and_unknown_orders_when_the_day_is_over_then_they_go_along(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.persistence.logs import a_codec

    monkeypatch.setattr(log_choice, "codec", a_codec)  # the quotes of this house are not of the wire
    house = a_house()
    house.hear(HaltRequested("h", "kim", "look"))
    end_day(house)
    before: Any = house.core.kernel.role("executor")
    assert before.open
    write_log(home.logs / "paper-1.db", house)
    path = choose_log(home, "paper").path
    kernel = folded(path)
    day, executor = kernel.role("trading_day"), kernel.role("executor")
    assert (day.locked, day.lock_reason) == (True, "halted by kim: look")
    assert executor.open == before.open
    assert len(executor.orders) == len(house.said(SubmitOrder))


def test_given_a_role_that_is_left_out_when_the_day_is_over_then_the_log_is_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day(home)
    monkeypatch.setattr(Portfolio, "evolve", lambda *_: 1 / 0)
    choice = choose_log(home, "paper")
    assert choice.path == home.logs / "paper-1.db"
    assert choice.recovered is not None
    assert set(choice.recovered.kernel.benched) == {"portfolio"}


@pytest.mark.parametrize("moment", ["blank", "made"])
def test_given_a_roll_that_was_cut_off_when_started_again_then_it_is_completed(
    home: Home, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    house = a_day(home)
    with monkeypatch.context() as patch:
        cut_off = pytest.raises(KeyboardInterrupt)
        if moment == "blank":
            patch.setattr("persistence.schema.create", interrupted)
        else:
            patch.setattr(EventLog, "commit", interrupted)
        with cut_off:
            choose_log(home, "paper")
    [unfinished] = [path for path in home.logs.glob("paper-*.db") if path.name != "paper-1.db"]
    path = choose_log(home, "paper").path
    if moment == "made":
        assert path == unfinished
    with LogReader(path, codec()) as reader:
        [(_, message)] = list(reader.messages())
    assert isinstance(message, StateCarried)
    assert message.states == house.core.kernel.dump().roles
    assert choose_log(home, "paper").path == path


def interrupted(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_given_a_roll_that_was_cut_off_and_a_log_that_is_gone_when_started_then_it_is_refused_and_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day(home)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EventLog, "commit", interrupted)
        choose_log(home, "paper")
    head = read_log_file(home.logs / "paper-1.db").head_hash
    (home.logs / "paper-1.db").rename(home.root / "away.db")
    with pytest.raises(LogError, match=f"holds nothing yet and follows a log that ends at .*{head[:16]}"):
        choose_log(home, "paper")


def test_given_a_log_that_another_follows_when_it_was_touched_last_then_the_other_is_chosen(home: Home) -> None:
    a_day(home)
    path = choose_log(home, "paper").path
    with closing(EventLog.open(home.logs / "paper-1.db", create_id=None)):
        (home.logs / "paper-1.db").touch()
        assert choose_log(home, "paper").path == path


@pytest.mark.parametrize("next_log_there", [True, False])
def test_given_an_old_log_that_was_put_back_when_started_then_the_last_traded_one_goes_on(
    home: Home, next_log_there: bool
) -> None:
    a_day(home)
    second = choose_log(home, "paper").path
    house = goes_on(second, read_log_file(second).log_id, a_run(), opened(LinkName.QUOTES, seconds=DAY_S - 60))
    house.hear(instruments(), opened(LinkName.ORDERS), broker_state(seconds=DAY_S))
    house.hear(HaltRequested("h", "kim", "look"))
    write_log(second, end_day(house, DAY_S + 20_000))
    third = choose_log(home, "paper").path
    if not next_log_there:
        second.rename(home.root / "archived.db")
    old = home.logs / "paper-1.db"
    soon = third.stat().st_mtime + 60
    os.utime(old, (soon, soon))  # as a copy or `log archive --restore` leaves it
    assert choose_log(home, "paper").path == third
    assert sorted(home.logs.glob("*.db")) == sorted({old, third} | ({second} if next_log_there else set()))


def test_given_an_early_copy_of_a_log_when_it_is_the_newest_file_then_the_log_itself_goes_on(home: Home) -> None:
    house = a_day(home, over=False)
    copy = home.logs / "paper-copy.db"
    shutil.copy(home.logs / "paper-1.db", copy)
    house.hear(HaltRequested("h", "kim", "look"))
    write_log(home.logs / "paper-1.db", house)
    soon = copy.stat().st_mtime + 60
    os.utime(copy, (soon, soon))
    assert choose_log(home, "paper").path == home.logs / "paper-1.db"


def test_given_a_log_that_somebody_writes_when_its_day_is_over_then_no_new_one_is_made(home: Home) -> None:
    a_day(home)
    with closing(EventLog.open(home.logs / "paper-1.db", create_id=None)), pytest.raises(LogBusy):
        choose_log(home, "paper")
    assert [path.name for path in home.logs.glob("paper-*.db")] == ["paper-1.db"]


def test_given_a_broken_log_when_it_is_the_newest_then_it_is_refused_and_named(home: Home) -> None:
    a_day(home)
    broken = home.logs / "paper-2.db"
    broken.write_bytes(b"no log " * 999)
    with pytest.raises(LogError, match=str(broken)):
        choose_log(home, "paper")


def test_given_years_of_logs_when_chosen_then_only_those_since_the_newest_one_ended_are_opened(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day(home, over=False)
    for number in range(2, 9):
        old = home.logs / f"paper-old{number}.db"
        shutil.copy(home.logs / "paper-1.db", old)
        os.utime(old, (number, number))
    opened_logs: list[Path] = []
    read = log_choice.read_log_file
    monkeypatch.setattr(log_choice, "read_log_file", lambda path: (opened_logs.append(path), read(path))[1])
    monkeypatch.setattr(log_choice, "newest_time", lambda _: (home.logs / "paper-1.db").stat().st_mtime_ns)
    assert choose_log(home, "paper").path == home.logs / "paper-1.db"
    assert set(opened_logs) == {home.logs / "paper-1.db"}
