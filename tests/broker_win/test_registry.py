"""Registrations: what Kiwoom holds is what is wanted, with few calls and no needless ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.realtime.registry import ALL, CODES_PER_SCREEN, SESSION_FIDS, SYMBOL_FIDS, Call, Register, Registry
from broker_win.realtime.registry import Remove as Off
from broker_win.screens import POOLS, Screens
from domain.errors import InvariantError, RequestRefused

A, B, C = "005930", "000660", "0001A0"
TIMES = Register("3000", ("",), SESSION_FIDS, adds=False)


class Kiwoom:
    """The control's screens as the guide tells them."""

    def __init__(self) -> None:
        self.screens: dict[str, set[str]] = {}
        self.calls: list[Call] = []

    def do(self, call: Call) -> None:
        self.calls.append(call)
        if isinstance(call, Register):
            screen, codes, _, option = call.arguments
            new = set(codes.split(";"))
            assert len(new) == len(call.codes) <= CODES_PER_SCREEN
            held = self.screens.setdefault(screen, set()) if option == "1" else set()
            assert option == "0" or self.screens[screen], "a screen's first registration replaces"
            self.screens[screen] = held | new
            assert len(self.screens[screen]) <= CODES_PER_SCREEN
        elif call.code == ALL:
            self.screens.pop(call.screen, None)
        else:
            self.screens.get(call.screen, set()).discard(call.code)

    @property
    def symbols(self) -> list[str]:
        return sorted(code for codes in self.screens.values() for code in codes if code)


def drain(registry: Registry, kiwoom: Kiwoom) -> list[Call]:
    made: list[Call] = []
    while call := registry.next_call():
        kiwoom.do(call)
        registry.done(call)
        made.append(call)
        assert len(made) < 1_000
    return made


def a_registry() -> tuple[Registry, Kiwoom]:
    registry, kiwoom = Registry(Screens()), Kiwoom()
    assert drain(registry, kiwoom) == [TIMES]
    return registry, kiwoom


def test_given_a_new_registry_when_planned_then_the_times_of_the_session_come_first_under_an_empty_code() -> None:
    registry = Registry(Screens())
    registry.want([A])
    assert registry.next_call() == TIMES
    assert TIMES.arguments == ("3000", "", "215;20;214", "0")


def test_given_two_readers_of_a_symbol_when_they_come_and_go_then_it_is_registered_once_and_removed_with_the_last() -> (
    None
):
    registry, kiwoom = a_registry()
    registry.want([A])
    registry.want([A, B])
    assert drain(registry, kiwoom) == [Register("3001", (A, B), SYMBOL_FIDS, adds=False)]
    registry.release([A])
    assert registry.next_call() is None
    registry.want([C])
    assert drain(registry, kiwoom) == [Register("3001", (C,), SYMBOL_FIDS, adds=True)]
    registry.release([A, B])
    assert drain(registry, kiwoom) == [Off("3001", A), Off("3001", B)]
    registry.release([C])
    assert drain(registry, kiwoom) == [Off("3001", ALL)]
    assert kiwoom.symbols == []
    assert registry.registered == registry.wanted == frozenset()


def test_given_a_kept_symbol_when_its_last_reader_leaves_then_it_stays() -> None:
    registry, kiwoom = a_registry()
    registry.keep([A])
    registry.want([A])
    drain(registry, kiwoom)
    registry.release([A])
    assert registry.next_call() is None
    assert kiwoom.symbols == list(registry.wanted) == [A]


def test_given_a_symbol_that_is_wanted_again_before_it_was_removed_then_nothing_is_called() -> None:
    registry, kiwoom = a_registry()
    registry.want([A])
    drain(registry, kiwoom)
    registry.release([A])
    registry.want([A])
    assert registry.next_call() is None
    assert kiwoom.symbols == [A]


def test_given_250_symbols_when_they_are_wanted_then_three_calls_fill_three_screens_and_the_next_the_gap() -> None:
    registry, kiwoom = a_registry()
    codes = [f"{number:06d}" for number in range(250)]
    registry.want(codes)
    assert [(call.screen, len(call.codes)) for call in drain(registry, kiwoom) if isinstance(call, Register)] == [
        ("3001", 100),
        ("3002", 100),
        ("3003", 50),
    ]
    registry.want([f"{number:06d}" for number in range(250, 310)])
    assert [call.arguments[-1] for call in drain(registry, kiwoom)] == ["1", "0"]
    assert sorted(len(codes) for codes in kiwoom.screens.values()) == [1, 10, 100, 100, 100]


def test_given_a_full_house_when_one_symbol_more_is_wanted_then_it_is_refused_and_nothing_has_changed() -> None:
    screens = Screens()
    registry, kiwoom = Registry(screens), Kiwoom()
    codes = [f"{number:06d}" for number in range(CODES_PER_SCREEN * (len(POOLS["real"]) - 1))]
    registry.want(codes[:-50])
    in_use = screens.in_use()
    with pytest.raises(RequestRefused, match="NO_SCREEN"):
        registry.want([*codes[-50:], A, *(f"9{number:05d}" for number in range(60))])
    assert (screens.in_use(), len(registry.wanted)) == (in_use, len(codes) - 50)
    registry.want(codes[-50:])
    drain(registry, kiwoom)
    assert kiwoom.symbols == codes


def test_given_a_registration_that_failed_when_planned_again_then_it_is_repeated_as_the_first_of_its_screen() -> None:
    registry, kiwoom = a_registry()
    registry.want([A])
    call = registry.next_call()
    assert call is not None
    registry.failed(call)
    registry.want([B])
    assert drain(registry, kiwoom) == [Register("3001", (A, B), SYMBOL_FIDS, adds=False)]


def test_given_a_registration_that_failed_and_nobody_wants_when_planned_again_then_it_is_taken_back() -> None:
    registry, kiwoom = a_registry()
    registry.want([A])
    call = registry.next_call()
    assert call is not None
    kiwoom.do(call)  # it took effect, but nobody was told
    registry.release([A])
    registry.failed(call)
    assert drain(registry, kiwoom) == [Off("3001", ALL)]
    assert kiwoom.symbols == []


def test_given_an_attempt_nobody_wants_any_more_when_its_screen_is_first_registered_then_it_needs_no_removal() -> None:
    registry, kiwoom = a_registry()
    registry.want([A])
    call = registry.next_call()
    assert call is not None
    registry.failed(call)
    registry.want([B])
    registry.release([A])
    assert drain(registry, kiwoom) == [Register("3001", (B,), SYMBOL_FIDS, adds=False)]


def test_given_a_removal_that_took_effect_unseen_when_the_symbol_is_wanted_again_then_it_is_registered_again() -> None:
    registry, kiwoom = a_registry()
    registry.want([A, B])
    drain(registry, kiwoom)
    registry.release([A])
    call = registry.next_call()
    assert call == Off("3001", A)
    kiwoom.do(call)
    registry.want([A])
    registry.failed(call)
    assert drain(registry, kiwoom) == [Register("3001", (A,), SYMBOL_FIDS, adds=True)]
    assert kiwoom.symbols == [B, A]


def test_given_a_screen_being_emptied_when_a_symbol_is_wanted_on_it_meanwhile_then_it_begins_anew() -> None:
    registry, kiwoom = a_registry()
    registry.want([A])
    drain(registry, kiwoom)
    registry.release([A])
    call = registry.next_call()
    assert call == Off("3001", ALL)
    registry.want([B])
    kiwoom.do(call)
    registry.done(call)
    assert drain(registry, kiwoom) == [Register("3001", (B,), SYMBOL_FIDS, adds=False)]


def test_given_a_full_screen_with_symbols_on_their_way_out_when_others_are_wanted_then_they_go_elsewhere() -> None:
    registry, kiwoom = a_registry()
    codes = [f"{number:06d}" for number in range(CODES_PER_SCREEN)]
    registry.want(codes)
    drain(registry, kiwoom)
    registry.release(codes[:50])
    registry.want([A, B])
    assert drain(registry, kiwoom)[0] == Register("3002", (A, B), SYMBOL_FIDS, adds=False)
    assert kiwoom.symbols == sorted([*codes[50:], A, B])


def test_given_more_symbols_than_all_screens_take_when_they_are_wanted_at_once_then_no_screen_is_kept() -> None:
    screens = Screens()
    registry = Registry(screens)
    with pytest.raises(RequestRefused, match="NO_SCREEN"):
        registry.want([f"{number:06d}" for number in range(CODES_PER_SCREEN * len(POOLS["real"]))])
    assert (screens.in_use()["real"], registry.wanted) == (("3000",), frozenset())


def test_given_a_new_log_in_when_planned_again_then_every_screen_is_registered_anew_and_nothing_moves() -> None:
    registry, kiwoom = a_registry()
    registry.keep([A])
    registry.want([B])
    drain(registry, kiwoom)
    registry.want([C])
    under_way = registry.next_call()
    assert under_way is not None
    registry.restore()
    registry.done(under_way)  # of the session before
    kiwoom.screens.clear()
    assert registry.registered == frozenset()
    assert drain(registry, kiwoom) == [TIMES, Register("3001", (A, B, C), SYMBOL_FIDS, adds=False)]
    assert registry.registered == {A, B, C}


def test_given_no_reader_of_a_symbol_when_one_leaves_then_that_is_our_bug() -> None:
    registry, _ = a_registry()
    with pytest.raises(InvariantError, match="expected to be there"):
        registry.release([A])


SYMBOLS = [f"{number:06d}" for number in range(230)]
GROUPS = st.tuples(st.integers(0, 229), st.integers(1, 140)).map(lambda span: SYMBOLS[span[0] : span[0] + span[1]])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["want", "keep"]), GROUPS),
    st.tuples(st.sampled_from(["release", "call", "fail", "fail unseen", "log in"]), st.integers(0, 5)),
)


@given(st.lists(STEPS, max_size=25))
def test_for_any_readers_and_failures_kiwoom_holds_what_is_wanted_once_and_no_symbol_moves(
    steps: list[tuple[str, list[str] | int]],
) -> None:
    registry, kiwoom = Registry(Screens()), Kiwoom()
    readers: list[list[str]] = []
    kept = set[str]()
    for what, detail in steps:
        if isinstance(detail, list):
            if what == "want":
                registry.want(detail)
                readers.append(detail)
            else:
                registry.keep(detail)
                kept.update(detail)
        elif what == "release":
            if readers:
                registry.release(readers.pop(detail % len(readers)))
        elif what == "log in":
            kiwoom.screens.clear()
            registry.restore()
        else:
            step(registry, kiwoom, what, detail)
        assert registry.registered <= set(kiwoom.symbols)
    last = drain(registry, kiwoom)
    wanted = kept.union(*readers) if readers else kept
    assert kiwoom.symbols == sorted(wanted) == sorted(registry.registered)
    assert registry.wanted == wanted
    assert sum(codes == {""} for codes in kiwoom.screens.values()) == 1
    assert registry.next_call() is None
    assert len([call for call in last if isinstance(call, Register)]) <= 1 + len(kiwoom.screens)


def step(registry: Registry, kiwoom: Kiwoom, what: str, times: int) -> None:
    """Make some calls; none registers a symbol that another screen holds."""
    for _ in range(times):
        call = registry.next_call()
        if call is None:
            return
        if isinstance(call, Register):
            elsewhere = {code for screen, codes in kiwoom.screens.items() if screen != call.screen for code in codes}
            assert not elsewhere & set(call.codes)
        if what != "fail":
            kiwoom.do(call)
        if what == "call":
            registry.done(call)
        else:
            registry.failed(call)
