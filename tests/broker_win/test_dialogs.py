"""Windows of the PC: what each title calls for, and how long each may stand."""

import pytest

from broker_win.dialogs import (
    CLOSE_EVERY_NS,
    CLOSE_TRIES,
    NANOS_PER_SECOND,
    RULES,
    UNKNOWN_AFTER_S,
    Act,
    DialogCare,
    Rule,
    SeenWindow,
    rule_for,
)


def a_window(title: str, handle: str = "1") -> SeenWindow:
    return SeenWindow(handle, title)


@pytest.mark.parametrize(
    ("title", "act"),
    [
        ("안녕하세요. 키움증권 입니다.", Act.CLOSE),
        ("KHOpenAPI", Act.RESTART),
        ("[HTS 재접속 안내]", Act.RESTART),
        ("Open API Login", Act.ALERT),
        ("opstarter", Act.ALERT),
        ("OpVersionUp", Act.ALERT),
        ("업그레이드 확인", Act.ALERT),
        ("계좌비밀번호 입력", Act.ALERT),
    ],
)
def test_given_a_title_of_kiwoom_when_looked_up_then_its_rule_is_found(title: str, act: Act) -> None:
    rule = rule_for(title, RULES)
    assert rule is not None
    assert rule.act is act


def test_given_no_rule_says_close_when_listed_then_updates_and_log_ins_are_never_pressed() -> None:
    pressed = {rule.title for rule in RULES if rule.act is Act.CLOSE}
    assert pressed == {"안녕하세요. 키움증권 입니다"}


def test_given_a_notice_when_it_stands_then_it_is_pressed_again_and_at_last_the_host_is_ended() -> None:
    care, window = DialogCare(), a_window("안녕하세요. 키움증권 입니다.")
    acts = [deed.act for look in range(CLOSE_TRIES + 1) for deed in care.sees([window], look * CLOSE_EVERY_NS)]
    assert acts == [Act.CLOSE] * CLOSE_TRIES + [Act.RESTART]


def test_given_a_pressed_notice_when_looked_at_at_once_then_it_is_left_alone() -> None:
    care, window = DialogCare(), a_window("안녕하세요. 키움증권 입니다.")
    [deed] = care.sees([window], 0)
    assert (deed.act, deed.button) == (Act.CLOSE, "확인")
    assert care.sees([window], CLOSE_EVERY_NS - 1) == []


def test_given_a_notice_that_went_when_another_comes_then_counting_begins_anew() -> None:
    care = DialogCare()
    for look in range(CLOSE_TRIES * 3):
        window = a_window("안녕하세요. 키움증권 입니다.", str(look))
        assert [deed.act for deed in care.sees([window], look)] == [Act.CLOSE]


def test_given_an_unknown_window_when_it_stands_then_it_is_told_once_and_ends_the_host_later() -> None:
    care, window = DialogCare(), a_window("처음 보는 창")
    assert [deed.act for deed in care.sees([window], 0)] == [Act.ALERT]
    assert care.sees([window], (UNKNOWN_AFTER_S - 1) * NANOS_PER_SECOND) == []
    assert [deed.act for deed in care.sees([window], UNKNOWN_AFTER_S * NANOS_PER_SECOND)] == [Act.RESTART]


def test_given_the_log_in_window_when_it_goes_by_itself_then_nobody_is_called() -> None:
    care, window = DialogCare(), a_window("Open API Login")
    assert care.sees([window], 0) == []
    assert care.sees([], 20 * NANOS_PER_SECOND) == []
    assert care.sees([window], 61 * NANOS_PER_SECOND) == []  # another one: it was gone between
    assert [deed.act for deed in care.sees([window], 121 * NANOS_PER_SECOND)] == [Act.ALERT]


def test_given_a_rule_of_ones_own_when_it_stands_first_then_it_wins() -> None:
    own = Rule("KHOpenAPI", Act.CLOSE, "mine", "닫기")
    [deed] = DialogCare((own, *RULES)).sees([a_window("KHOpenAPI 안내")], 0)
    assert (deed.act, deed.button, deed.why) == (Act.CLOSE, "닫기", "mine")
