"""The faults file: what is wrong is told in one line, what is right is said back, the example works."""

from pathlib import Path

import pytest

from broker_sim.faults import FaultPlan, MessageFaults
from broker_sim.faults_file import example, load_faults, parse_faults
from domain.errors import ConfigError

WRONG = {
    "a = 1": ("field a", "one of seed, messages", "was 1"),
    'seed = "x"': ("seed", "whole number", "was 'x'"),
    "[messages.filled]\nlost_ppm = 2000000": ("messages.filled.lost_ppm", "0 to 1000000", "was 2000000"),
    "[messages.filled]\nlost_ppm = true": ("messages.filled.lost_ppm", "whole number", "was True"),
    "[messages.filled]\nlots_ppm = 1": ("field messages.filled.lots_ppm", "lost_ppm", "was 1"),
    "[messages.filled]\nfill_before_ack_ppm = 1": ("messages.filled.fill_before_ack_ppm", "messages.accepted", "was 1"),
    "[messages.fill]\nlost_ppm = 1": ("field messages.fill", "filled", "was {'lost_ppm': 1}"),
    "[messages.all]\nlate_ms = [3, 1]": ("messages.all.late_ms", "[least, most]", "was [3, 1]"),
    "[messages.all]\nlate_ms = 3": ("messages.all.late_ms", "[least, most]", "was 3"),
    "[messages.all]\nhold_ms = 0": ("messages.all.hold_ms", "1 to", "was 0"),
    "messages = 1": ("messages", "a table", "was 1"),
    "script = 1": ("script", "tables [[script]]", "was 1"),
    "[repair]\non_read = false": ("repair.on_read", "true unless repair.recover_after_ms is 0", "was False"),
    "[repair]\non_read = 1\nrecover_after_ms = 0": ("repair.on_read", "true or false", "was 1"),
    "[requests]\nslow_ppm = 1.5": ("requests.slow_ppm", "whole number", "was 1.5"),
    "[requests]\nrejected_text = 3": ("requests.rejected_text", "a text", "was 3"),
    "[reads]\npage_rows = 0": ("reads.page_rows", "1 to", "was 0"),
    "[reads]\nunanswered_ms = -1": ("reads.unanswered_ms", "0 to 86400000", "was -1"),
    '[[script]]\nwhat = "gone"\nkind = "filled"\nnth = 1': ("script[1].what", "lost, late", "was 'gone'"),
    '[[script]]\nkind = "filled"\nnth = 1': ("script[1].what", "lost, late", "was None"),
    '[[script]]\nwhat = "lost"\nkind = "submit"\nnth = 1': ("script[1].kind", "accepted", "was 'submit'"),
    '[[script]]\nwhat = "lost"\nkind = "filled"': ("script[1]", "nth, or from and until", "was"),
    '[[script]]\nwhat = "lost"\nkind = "filled"\nfrom = "10:00"': ("script[1].until", "time of day", "was None"),
    '[[maintenance]]\nfrom = "10:00"\nuntil = "09:00"': ("maintenance[1].until", "after from (10:00)", "was '09:00'"),
    '[[maintenance]]\nfrom = "25:00"\nuntil = "26:00"': ("maintenance[1].from", "time of day", "was '25:00'"),
    '[[maintenance]]\nfrom = 10\nuntil = "11:00"': ("maintenance[1].from", "time of day", "was 10"),
    '[[maintenance]]\nfrom = "10:00"\nuntil = "11:00"\ndays = ["Mo"]': ("maintenance[1].days", "mon, tue", "was 'Mo'"),
    '[[maintenance]]\nfrom = "10:00"\nuntil = "11:00"\ndays = []': ("maintenance[1].days", "mon, tue", "was []"),
    '[[external]]\nat = "10:00"': ("external[1].symbol", "1 to 16 characters", "was None"),
    '[[external]]\nsymbol = "A"': ("external[1].at", "time of day", "was None"),
    '[[external]]\nat = "10:00"\nsymbol = "A"\nside = "buy"': ("external[1].side", "BUY, SELL", "was 'buy'"),
    '[[external]]\nat = "10:00"\nsymbol = "A"\nside = "BUY"\nquantity = 0': ("external[1].quantity", "1 to", "was 0"),
    '[[external]]\nat = "10:00"\nsymbol = "A"\ncancel_at = "09:00"': (
        "external[1].cancel_at",
        "after at",
        "was '09:00'",
    ),
    '[[external]]\nat = "10:00"\nsymbol = "A"\nside = "BUY"\nquantity = 1\nprice = 0': (
        "external[1].price",
        "1 to",
        "was 0",
    ),
    "[reads]\ncosts_untold = 1": ("reads.costs_untold", "true or false", "was 1"),
    "[": ("not TOML",),
}


@pytest.mark.parametrize("text", WRONG)
def test_given_a_wrong_file_when_read_then_one_line_names_file_field_value_and_what_is_allowed(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_faults(text, "faults.toml")
    said = str(error.value)
    assert said.startswith("faults.toml: ") and "\n" not in said
    for words in WRONG[text]:
        assert words in said, said


def test_given_a_file_that_is_not_there_when_read_then_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: the faults file cannot be read"):
        load_faults(tmp_path / "none.toml")


def test_given_an_empty_file_when_read_then_nothing_is_switched_on(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text("")
    plan = load_faults(path)
    assert plan.switched_on() == ()
    assert plan.of("filled") == MessageFaults() == FaultPlan().of("filled")


def test_given_knobs_for_all_kinds_when_one_has_its_own_then_its_own_counts_and_the_rest_is_shared() -> None:
    text = "[messages.all]\nlost_ppm = 5\nlate_ppm = 7\n[messages.filled]\nlost_ppm = 0\n"
    plan = parse_faults(text, "x")
    assert (plan.of("filled").lost_ppm, plan.of("filled").late_ppm, plan.of("expired").lost_ppm) == (0, 7, 5)
    assert "messages.all.late_ppm=7" in plan.switched_on()


def test_given_the_example_when_read_then_it_names_every_knob_there_is_and_says_what_is_on() -> None:
    text = example()
    plan = parse_faults(text, "example")
    for record in (plan.requests, plan.reads, plan.quotes, plan.login, plan.repair, MessageFaults()):
        for name in type(record).__dataclass_fields__:
            assert f"\n{name} = " in text, f"{name} is missing in the example"
    on = plan.switched_on()
    assert "requests.order_rate=5" in on
    assert "maintenance 06:50:00-06:55:00" in on
    assert "lost filled 3" in on
    assert "external buy 10 005930 at 70000 10:10:00, cancelled 10:30:00" in on
    assert not any("arrives" in words or "repair" in words for words in on)
