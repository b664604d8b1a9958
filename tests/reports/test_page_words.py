"""Words: both languages have the same ones, every one is used, and figures come in by the same names."""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter

import pytest

from cli.report_tables import show
from cli.report_tax import show_sums
from domain.errors import ConfigError
from domain.performance import suggestions
from domain.performance.model import Drawdown, Suggestion
from domain.performance.scorecard import Counted, scorecard
from domain.quality import EXPLANATIONS
from domain.risk.table import check_list
from domain.risk_config import RiskConfig
from reports.labels import Labels
from reports.page import MOST_EVENTS, MOST_GROUPS, MOST_TRADES, page
from reports.suggestion_words import suggestion_text
from reports.tax_file import headings
from reports.words import LANGUAGES, TABLES, Words
from tests.reports.report_builders import (
    NAMES,
    a_group,
    a_line,
    a_report,
    a_target,
    an_empty_report,
    an_event,
    at,
    some_metrics,
)

ROOT = Path(__file__).parents[2]
GROUPS = {  # codes, not sentences
    *(
        "weekday",
        "day",
        "mode",
        "group",
        "strategy",
        "purpose",
        "link",
        "reason",
        "flow",
        "target",
        "denominator",
        "event",
    ),
    *("quality", "denial", "untold", "suggestion", "tax_kind", "tax_side"),
}
FIGURES: dict[str, float | int | str] = {  # of every rule of domain/performance/suggestions.py, made up
    "trades": 18,
    "least": 30,
    "unknown": 1,
    "orders": 44,
    "rejected": 3,
    "share": 0.25,
    "reason": "CASH",
    "times": 2,
    "aim": 0.6,
    "aim_ms": 1_000.0,
    "lost": 2,
    "longest_ms": 6_380,
    "hour": "09",
    "kind": "symbol",
    "key": "120110",
    "wins": 4,
    "realized_krw": -52_000,
    "average_krw": -2_888.9,
    "p_adjusted": 0.0004,
    "limit": 0.5,
    "limit_ppm": 500.0,
    "p99_ms": 1_800.0,
    "n": 93,
    "slip_ppm": 612.4,
    "slip_bps": 6.124,
    "name": "win_rate",
    "measured": 0.5,
    "denominator": "closed_trades",
    "low": 0.29,
    "high": 0.71,
    "refused": 12,
    "quotes": 28_585,
    "denied": 20,
    "proposals": 60,
}


def fields(sentence: str) -> set[tuple[str, str | None]]:
    return {(name, spec) for _, name, spec, _ in Formatter().parse(sentence) if name}


def test_given_both_languages_when_compared_then_they_have_the_same_words_with_the_same_figures() -> None:
    english, korean = TABLES["en"], TABLES["ko"]
    assert set(english) == set(korean)
    for key in english:
        assert fields(english[key]) == fields(korean[key]), key
        assert english[key].strip() == english[key] != ""


def test_given_korean_when_read_then_every_sentence_is_korean() -> None:
    plain = {key for key, text in TABLES["ko"].items() if not re.search("[가-힣]", text)}
    assert plain == {"targets.range", "terminal.summary"}


class Recording(dict[str, str]):
    """Remembers which words were asked for."""

    def __init__(self, table: Mapping[str, str]) -> None:
        super().__init__(table)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)


def test_given_reports_of_every_kind_when_shown_then_every_sentence_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Recording(TABLES["en"])
    monkeypatch.setattr("reports.words.TABLES", {"en": table})
    words = Words("en")
    day, moved = a_report().days[0], an_event("SymbolInterrupted")
    several = a_report(
        kind="week",
        days=(day, day),
        is_complete=False,
        trades=(a_line(is_open=True),) * (MOST_TRADES + 1),
        events=(an_event(),) * (MOST_EVENTS + 1) + (moved,),
        missing=("a",) * 9,
        targets=(
            *a_report().targets,
            a_target(measured=None, met=None),
            a_target(before=0.7),
            a_target(before=0.5),
            a_target("drawdown"),
        ),
        metrics=some_metrics(drawdown=None),
        by_symbol=(a_group("120110"),) * (MOST_GROUPS + 1),
    )
    by_hand = a_line(by_hand=True, entry_reason="")
    winners = a_report(
        kind="month", trades=(by_hand,), **{f"by_{kind}": () for kind in ("symbol", "strategy", "hour", "reason")}
    )
    recovered = some_metrics(drawdown=Drawdown(1, at(9), at(10), at(11)))
    for report in (a_report(), several, winners, an_empty_report(kind="year"), a_report(metrics=recovered)):
        page(report, "en", "0")
        show(report, words, None, None)
    show(a_report(), words, Path("a.html"), Path("folder"))
    show_sums(2026, [], 0, words)
    headings(words)
    capsys.readouterr()
    sentences = {key for key in TABLES["en"] if key.partition(".")[0] not in GROUPS}
    assert sentences - table.asked == set()


def test_given_groups_of_codes_when_the_code_base_says_them_then_they_have_names_in_both_languages() -> None:
    keys = set(TABLES["en"])
    targets = scorecard(Counted())
    assert {f"target.{each.name}" for each in targets} == {key for key in keys if key.startswith("target.")}
    assert {f"denominator.{each.denominator}" for each in targets} == {k for k in keys if k.startswith("denominator.")}
    assert {f"suggestion.{rule.name}" for rule in suggestions.RULES} == {k for k in keys if k.startswith("suggestion.")}
    assert {f"quality.{rule}" for rule in EXPLANATIONS} == {k for k in keys if k.startswith("quality.")}
    rules = {f"denial.{code}" for code, _, _ in check_list(RiskConfig())}
    assert rules - keys == set(), "rules of risk without a name"
    assert {key for key in keys if key.startswith("denial.")} - rules == set(), "names of rules that are not there"


def test_given_names_of_what_is_missing_when_held_against_the_code_then_it_still_says_them() -> None:
    said = (ROOT / "reports/assembly.py").read_text(encoding="utf-8")
    for key in TABLES["en"]:
        group, _, text = key.partition(".")
        assert group != "untold" or f'"{text}"' in said, key


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("rule", [rule.name for rule in suggestions.RULES])
def test_given_a_rule_when_told_then_no_code_and_no_bare_fraction_is_left(rule: str, lang: str) -> None:
    words = Words(lang)
    said = suggestion_text(Suggestion(rule, dict(FIGURES), 1.0), words, Labels(words, NAMES))
    assert not said.startswith(rule)
    assert not re.search(r"\b0\.\d{2,}\b(?! ?%)", said.replace("0.001", "")), said
    for code in ("CASH", "closed_trades", "win_rate", "612.4"):
        assert code not in said
    if rule == "group_loses":
        assert "120110 코오롱인더" in said
        assert "-52,000" in said


def test_given_a_rule_that_is_not_known_when_told_then_its_figures_stand_there_as_they_are() -> None:
    words = Words("ko")
    labels = Labels(words, {})
    assert suggestion_text(Suggestion("new_rule", {"n": 3}, 1.0), words, labels) == "new_rule: n 3"
    assert suggestion_text(Suggestion("few_trades", {"n": 3}, 1.0), words, labels) == "few_trades: n 3"


def test_given_a_code_without_a_name_when_named_then_it_is_shown_as_it_is() -> None:
    assert Words("ko").name("event", "NeverHeardOf") == "NeverHeardOf"


def test_given_another_language_when_asked_for_then_what_is_allowed_is_told() -> None:
    with pytest.raises(ConfigError, match="--lang expected one of en, ko, was 'de'"):
        Words("de")


def test_given_labels_when_asked_then_codes_become_words() -> None:
    labels = Labels(Words("en"), NAMES)
    assert labels.symbol("120110") == "120110 코오롱인더"
    assert labels.symbol("999990") == "999990"
    assert (labels.hour("09"), labels.hour("?")) == ("09:00–10:00", "?")
    assert (labels.weekday("2"), labels.reason("stop: 4275 is 1.5 % below"), labels.strategy("")) == (
        "Tuesday",
        "stop",
        "not opened by us",
    )
    assert labels.strategy("operator:cli:mina") == "by hand: cli:mina"
