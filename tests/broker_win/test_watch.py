"""What the parent decides from beats, time, windows and ends. No process, no clock."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.beats import Beat, beat_of, line_of
from broker_win.dialogs import SeenWindow
from broker_win.exit_codes import ExitCode, told
from broker_win.rest_plan import RestPlan
from broker_win.watch import Watch, WatchConfig, What
from domain.time import from_kst
from fsm.win_host import MACHINE, State
from tests.broker_win.test_rest_plan import MONDAY

S = 1_000_000_000
NOON = from_kst(MONDAY, 12, 0)
NIGHT = from_kst(MONDAY, 4, 0)
WELL = Beat(1, 7, address="127.0.0.1:50051", qt_age_ms=50, loop_age_ms=50, logged_in=True, rss_mb=200)
CONFIG = WatchConfig()


def a_watch(windows: tuple[str, ...] = ("daily 04:00-07:10",), **config: Any) -> Watch:
    return Watch(replace(CONFIG, **config), RestPlan(windows))


def whats(decisions: list[Any]) -> list[What]:
    return [decision.what for decision in decisions]


def a_watch_up(at: int = 0, **config: Any) -> Watch:
    watch = a_watch(**config)
    watch.decide(at, NOON)
    watch.heard(WELL, at)
    watch.decide(at, NOON)
    assert watch.state is State.UP
    return watch


def test_given_nothing_when_it_begins_then_the_host_is_started_and_is_up_once_logged_in() -> None:
    watch = a_watch()
    assert whats(watch.decide(0, NOON)) == [What.START]
    watch.heard(replace(WELL, logged_in=False), 1 * S)
    assert watch.decide(1 * S, NOON) == []
    watch.heard(WELL, 2 * S)
    [note] = watch.decide(3 * S, NOON)
    assert note.why == "logged in after 3 s, serves on 127.0.0.1:50051"
    assert watch.state is State.UP


@pytest.mark.parametrize(
    ("beat", "at_s", "what", "why"),
    [
        (None, 90, What.KILL, "no sign of life 90 s after the start"),
        (WELL, 10, What.KILL, "no beat for 10 s: the process hangs"),
        (replace(WELL, qt_age_ms=15_001), 1, What.KILL, "the control's thread hangs for 15 s"),
        (replace(WELL, loop_age_ms=15_001), 1, What.KILL, "the event loop hangs for 15 s"),
        (replace(WELL, rss_mb=1_401, in_market=True), 1, What.ASK, "it takes 1401 MB of memory, more than 1400"),
        (replace(WELL, rss_mb=901), 1, What.ASK, "it takes 901 MB of memory, more than 900 outside market hours"),
    ],
)
def test_given_a_sick_host_when_looked_at_then_it_is_ended_with_the_reason(
    beat: Beat | None, at_s: int, what: What, why: str
) -> None:
    watch = a_watch()
    watch.decide(0, NOON)
    if beat is not None:
        watch.heard(beat, 0)
    [decision] = watch.decide(at_s * S, NOON)
    assert (decision.what, decision.why) == (what, why)
    assert watch.state is State.RESTARTING


def test_given_patience_not_yet_over_when_looked_at_then_nothing_is_done() -> None:
    watch = a_watch()
    watch.decide(0, NOON)
    assert watch.decide(90 * S - 1, NOON) == []
    watch.heard(replace(WELL, qt_age_ms=15_000, rss_mb=1_400, in_market=True), 90 * S)
    assert whats(watch.decide(90 * S, NOON)) == [What.NOTE]
    assert watch.decide(100 * S - 1, NOON) == []


def test_given_a_host_that_does_not_log_in_when_time_is_up_then_it_is_ended_and_its_trouble_told() -> None:
    watch = a_watch()
    watch.decide(0, NOON)
    for second in range(CONFIG.login_timeout_s):
        watch.heard(replace(WELL, logged_in=False, trouble="-101: the server cannot be reached"), second * S)
        assert watch.decide(second * S, NOON) == []
    [decision] = watch.decide(CONFIG.login_timeout_s * S, NOON)
    assert decision.why == "not logged in 180 s after the start: -101: the server cannot be reached"


def test_given_a_log_in_that_is_lost_when_time_is_up_then_the_host_is_ended() -> None:
    watch = a_watch_up()
    for second in range(1, 182):
        watch.heard(replace(WELL, logged_in=False, trouble="gone"), second * S)
        found = watch.decide(second * S, NOON)
    assert [decision.why for decision in found] == ["not logged in any more since 180 s: gone"]


def test_given_silence_in_market_hours_when_it_lasts_then_it_is_ended_once_in_a_while_only() -> None:
    watch, quiet = a_watch_up(), replace(WELL, in_market=True, last_event_age_ms=301_000, screens=1)
    watch.heard(quiet, 299 * S)
    assert watch.decide(299 * S, NOON) == []  # its age may be from before the log-in
    watch.heard(quiet, 301 * S)
    assert [decision.why for decision in watch.decide(301 * S, NOON)] == [
        "the control says nothing for 301 s in market hours"
    ]
    watch.exited(0, 302 * S)
    watch.decide(302 * S, NOON)
    for second in (303, 310, 700):
        watch.heard(quiet, second * S)
        assert What.ASK not in whats(watch.decide(second * S, NOON))
    watch.heard(quiet, 2_200 * S)
    assert whats(watch.decide(2_200 * S, NOON)) == [What.ASK]


@pytest.mark.parametrize(
    "quiet",
    [
        {"in_market": False, "last_event_age_ms": 10**7, "screens": 1},
        {"in_market": True, "screens": 1},
        {"in_market": True, "last_event_age_ms": 10**7, "screens": 0},
    ],
)
def test_given_silence_nobody_wonders_about_when_it_lasts_then_nothing_is_done(quiet: dict[str, Any]) -> None:
    watch = a_watch_up()
    for second in range(1, 1_000, 5):
        watch.heard(replace(WELL, **quiet), second * S)
        assert watch.decide(second * S, NOON) == []


def test_given_a_host_that_will_not_end_when_its_grace_is_over_then_it_is_killed_and_killed_again() -> None:
    watch = a_watch_up()
    watch.heard(replace(WELL, rss_mb=2_000), 1 * S)
    assert whats(watch.decide(1 * S, NOON)) == [What.ASK]
    assert watch.decide(11 * S - 1, NOON) == []
    assert whats(watch.decide(11 * S, NOON)) == [What.KILL]
    assert whats(watch.decide(21 * S, NOON)) == [What.KILL]


def test_given_a_lost_line_after_a_good_run_when_the_host_ends_then_it_is_started_at_once() -> None:
    watch = a_watch_up()
    watch.heard(WELL, 400 * S)
    watch.decide(400 * S, NOON)
    [note] = watch.exited(ExitCode.LINE_LOST, 401 * S)
    assert note.why == "the host ended with 10 (LINE_LOST); started again at once"
    assert whats(watch.decide(401 * S, NOON)) == [What.START]


def test_given_short_runs_when_each_ends_then_pauses_double_to_the_ceiling_and_a_person_is_told_once() -> None:
    watch, now, pauses, alerts = a_watch(), 0, [], 0
    for _ in range(12):
        assert whats(watch.decide(now, NOON)) == [What.START]
        found = watch.exited(1, now + S)
        alerts += whats(found).count(What.ALERT)
        pauses.append((watch.due_at - now - S) // S)
        assert watch.decide(watch.due_at - 1, NOON) == [] or pauses[-1] == 0
        now = watch.due_at
    assert pauses == [0, 2, 4, 8, 16, 300, 300, 300, 300, 300, 300, 300]
    assert alerts == 1


def test_given_an_open_breaker_when_a_run_is_good_again_then_the_next_end_costs_no_pause() -> None:
    watch, now = a_watch(), 0
    for _ in range(8):
        watch.decide(now, NOON)
        watch.exited(1, now + S)
        now = watch.due_at
    watch.decide(now, NOON)
    for second in range(0, 1_000, 5):
        watch.heard(WELL, now + second * S)
        watch.decide(now + second * S, NOON)
    watch.exited(1, now + 1_000 * S)
    assert watch.due_at == now + 1_000 * S


def test_given_a_wrong_configuration_when_the_first_host_ends_then_it_stops_and_a_person_is_told() -> None:
    watch = a_watch()
    watch.decide(0, NOON)
    assert whats(watch.exited(ExitCode.CONFIG, S)) == [What.ALERT]
    assert watch.state is State.STOPPED
    assert watch.decide(2 * S, NOON) == []


def test_given_a_host_that_was_up_once_when_its_configuration_fails_then_it_is_tried_again() -> None:
    watch = a_watch_up()
    watch.exited(ExitCode.CONFIG, S)
    assert watch.state is State.BACKING_OFF


def test_given_the_hours_of_maintenance_when_they_come_then_the_host_rests_and_logs_in_again_behind_them() -> None:
    watch = a_watch_up()
    assert whats(watch.decide(S, NIGHT)) == [What.NOTE, What.ASK]
    assert watch.state is State.RESTING
    watch.exited(0, 2 * S)
    assert watch.decide(3 * S, NIGHT) == []
    assert whats(watch.decide(4 * S, from_kst(MONDAY, 7, 10))) == [What.START]
    watch.heard(WELL, 9 * S)
    assert [note.why for note in watch.decide(9 * S, NOON)] == [
        "logged in again after the rest after 5 s, serves on 127.0.0.1:50051"
    ]


def test_given_a_start_in_the_hours_of_maintenance_when_it_begins_then_nothing_runs_until_they_are_over() -> None:
    watch = a_watch()
    assert whats(watch.decide(0, NIGHT)) == [What.NOTE]
    assert watch.state is State.RESTING
    assert whats(watch.decide(S, NOON)) == [What.START]


def test_given_an_update_under_way_when_looked_at_then_the_host_ends_and_waits_for_it() -> None:
    watch = a_watch_up()
    assert whats(watch.decide(S, NOON, "an update")) == [What.NOTE, What.ASK]
    watch.exited(0, 2 * S)
    assert watch.decide(3 * S, NOON, "an update") == []
    assert whats(watch.decide(4 * S, NOON)) == [What.START]


def test_given_windows_when_they_stand_then_they_are_pressed_told_or_end_the_host() -> None:
    watch = a_watch_up()
    notice, unknown = SeenWindow("1", "안녕하세요. 키움증권 입니다."), SeenWindow("2", "처음 보는 창")
    assert whats(watch.sees([notice, unknown], S)) == [What.PRESS, What.ALERT]
    [decision] = watch.sees([SeenWindow("3", "KHOpenAPI")], 2 * S)
    assert decision.what is What.KILL
    assert watch.sees([unknown], 100 * S) == []  # it is being ended already


def test_given_trouble_when_it_lasts_then_it_is_told_once() -> None:
    watch = a_watch_up()
    found = []
    for second in range(1, 200):
        watch.heard(replace(WELL, trouble="configured for MOCK, logged in to REAL"), second * S)
        found += watch.decide(second * S, NOON)
    assert [one.why for one in found] == ["trouble with orders: configured for MOCK, logged in to REAL"]


def test_given_a_stop_when_asked_for_then_the_host_is_asked_and_nothing_is_started_again() -> None:
    watch = a_watch_up()
    assert whats(watch.stop("Ctrl-C", S)) == [What.ASK]
    assert watch.stop("Ctrl-C", S) == []
    assert whats(watch.exited(0, 2 * S)) == [What.NOTE]
    assert watch.decide(1_000 * S, NOON) == []


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("beat"), st.booleans(), st.integers(0, 40_000)),
            st.tuples(st.just("exit"), st.sampled_from([0, 1, 2, 9, 10, -9])),
            st.tuples(st.just("window"), st.sampled_from(["KHOpenAPI", "공지", "안녕하세요. 키움증권 입니다."])),
            st.tuples(st.just("wait"), st.integers(1, 400)),
            st.tuples(st.just("hour"), st.sampled_from([3, 4, 5, 8, 12])),
        ),
        max_size=60,
    )
)
def test_for_any_run_there_is_never_a_second_process_and_a_living_one_is_never_forgotten(
    steps: list[tuple[Any, ...]],
) -> None:
    watch, now, venue, runs = a_watch(breaker_window_s=60), 0, NOON, 0
    for step in steps:
        found = []
        match step:
            case ("beat", logged_in, age):
                watch.heard(replace(WELL, logged_in=logged_in, qt_age_ms=age), now)
            case ("exit", code) if runs:
                runs -= 1
                found = watch.exited(code, now)
            case ("window", title):
                found = watch.sees([SeenWindow(title, title)], now)
            case ("wait", seconds):
                now += seconds * S
            case ("hour", hour):
                venue = from_kst(MONDAY, hour, 0)
        found = [*found, *watch.decide(now, venue)]
        runs += whats(found).count(What.START)
        assert runs in (0, 1)
        assert watch.runs is (runs == 1)
        assert (watch.state in (State.STARTING, State.UP, State.RESTARTING)) <= (runs == 1)
        assert all(decision.why for decision in found)
    if not runs and watch.state is State.BACKING_OFF:
        assert whats(watch.decide(max(now, watch.due_at), NOON)) == [What.START]


def test_given_a_beat_when_written_and_read_then_it_is_the_same_and_other_lines_are_none() -> None:
    beat = replace(WELL, trouble="비밀번호", last_event_age_ms=None, venue_time=NOON)
    assert beat_of(line_of(beat)) == beat
    assert beat_of(line_of(beat)[:-1] + ',"later":1}') == beat
    for line in ("", "hello", '{"beat":1', '{"beat":1}', '{"beat":1,"pid":"x"}'):
        assert beat_of(line) is None


@pytest.mark.parametrize(
    "garbage",
    [
        '"qt_age_ms":"x"',
        '"rss_mb":1.5',
        '"logged_in":1',
        '"trouble":["a"]',
        '"venue_time":"soon"',
        f'"venue_time":{10**30}',
        '"screens":null',
        f'"later":{"[" * 20_000}',
    ],
)
def test_given_a_host_that_went_mad_when_it_beats_garbage_then_that_is_no_beat(garbage: str) -> None:
    assert beat_of(f'{{"beat":1,"pid":5,{garbage}}}') is None


def test_given_ends_when_told_then_each_has_words() -> None:
    assert [told(code) for code in (None, 0, 10, -9, 77)] == [
        "still running",
        "ended with 0 (ENDED)",
        "ended with 10 (LINE_LOST)",
        "was killed by signal 9",
        "ended with 77",
    ]


def test_given_the_machine_when_its_states_are_listed_then_every_one_may_be_stopped_or_is() -> None:
    assert all("stop" in MACHINE.allowed(state) for state in State if state is not State.STOPPED)
