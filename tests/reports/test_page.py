"""The page: whole, self-contained, escaped, in both languages, with every figure's sample beside it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from domain.types import UnixNanos
from reports.model import Report
from reports.page import MOST_EVENTS, MOST_GROUPS, MOST_TRADES, SECTIONS, page
from reports.words import LANGUAGES
from tests.reports.report_builders import (
    a_group,
    a_line,
    a_report,
    a_summary,
    a_target,
    a_wish,
    an_empty_report,
    an_event,
    some_metrics,
)

VOID = {"meta", "br", "link", "img", "hr", "input"}
HOSTILE = '"><script>alert(1)</script>&'


class Strict(HTMLParser):
    """Refuses what is not closed in order, collects tags with attributes and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def read(html: str) -> Strict:
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def words_of(html: str) -> str:
    return " ".join(" ".join(read(html).text).split())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("report", [a_report(), an_empty_report(), a_report(is_complete=False, kind="month")])
def test_given_a_report_when_made_a_page_then_it_is_whole_and_loads_nothing(report: Report, lang: str) -> None:
    html = page(report, lang, "0.7.0")
    found = read(html)
    names = {tag for tag, _ in found.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not re.search(r"https?://|url\(|@import|//[a-z]", html)
    [policy] = [a["content"] for tag, a in found.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    [root] = [attributes for tag, attributes in found.tags if tag == "html"]
    assert root["lang"] == lang


@pytest.mark.parametrize("lang", LANGUAGES)
def test_given_a_page_when_read_by_a_machine_then_tables_have_captions_charts_words_and_ids_are_unique(
    lang: str,
) -> None:
    html = page(a_report(), lang, "0.7.0")
    found = read(html)
    tables = html.count("<table")
    assert tables == html.count("<caption>") > 10
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert set(SECTIONS) <= set(ids)
    charts = [a for tag, a in found.tags if tag == "svg" and a.get("role") == "img"]
    assert len(charts) == 4  # equity and drawdown, wide and narrow
    for chart in charts:
        assert set(str(chart["aria-labelledby"]).split()) <= set(ids)
    for tag, attributes in found.tags:
        if tag == "svg" and attributes.get("role") != "img":
            assert attributes["aria-hidden"] == "true"  # the figure beside it says the same
    for svg in re.findall(r"<svg.*?</svg>", html, re.S):
        ElementTree.fromstring(svg)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_given_hostile_text_when_made_a_page_then_it_stays_text(lang: str) -> None:
    line = a_line(entry_reason=HOSTILE, exit_reason=HOSTILE, strategy=HOSTILE)
    report = a_report(
        names={"120110": HOSTILE},
        trades=(line,),
        events=(an_event(HOSTILE, subject=HOSTILE, text=HOSTILE),),
        missing=(HOSTILE,),
        mode=HOSTILE,
        by_strategy=(replace(a_report().by_strategy[0], key=HOSTILE),),
    )
    html = page(report, lang, HOSTILE)
    assert "<script" not in html
    assert words_of(html).count("alert(1)") >= 8


@pytest.mark.parametrize(("lang", "said"), [("en", "closed trades: 18"), ("ko", "청산한 매매: 18")])
def test_given_targets_when_shown_then_aim_interval_sample_verdict_and_trend_stand_there(lang: str, said: str) -> None:
    text = words_of(page(a_report(targets=(a_target(),)), lang, "0"))
    assert said in text
    assert "29.00 % – 71.00 %" in text
    missed, better = {"en": ("missed ✗", "▲ better"), "ko": ("미달 ✗", "▲ 나아짐")}[lang]
    assert missed in text
    assert better in text


def test_given_a_wish_when_shown_then_it_is_a_span_and_is_not_judged() -> None:
    text = words_of(page(a_report(targets=(a_wish(),)), "en", "0"))
    assert "1 % to 3 %" in text
    assert "-0.10 %" in text
    assert not any(word in text for word in ("met ✓", "missed ✗", "▲ better", "▼ worse"))


@pytest.mark.parametrize(("lang", "said"), [("en", "promise nothing about profit"), ("ko", "수익도 약속하지 않습니다")])
def test_given_any_report_when_shown_then_it_promises_nothing_and_tells_its_version(lang: str, said: str) -> None:
    text = words_of(page(an_empty_report(), lang, "9.8.7"))
    assert said in text
    assert "hantrade 9.8.7" in text


def test_given_few_trades_when_shown_then_the_head_says_so() -> None:
    few = "fewer than 30, so luck weighs heavily"
    assert few in words_of(page(a_report(summary=a_summary(trades=29)), "en", "0"))
    assert few not in words_of(page(a_report(summary=a_summary(trades=30)), "en", "0"))


def test_given_gains_and_losses_when_shown_then_sign_and_colour_go_together() -> None:
    html = page(a_report(), "ko", "0")
    assert '<span class="up">+40,000</span>' in html
    assert '<span class="down">-52,000</span>' in html
    assert not re.search(r'class="up">-', html)
    assert not re.search(r'class="down">\+', html)


def test_given_more_trades_than_a_page_holds_when_shown_then_the_newest_stand_there_and_the_page_says_so() -> None:
    lines = tuple(a_line(minute=0, realized=1_000_000 + i) for i in range(MOST_TRADES + 1))
    html = page(a_report(trades=lines), "en", "0")
    assert "+1,000,000<" not in html
    assert f"+{1_000_000 + MOST_TRADES:,}<" in html
    assert f"The newest {MOST_TRADES} of {MOST_TRADES + 1} trades" in words_of(html)


def test_given_more_groups_than_a_page_holds_when_shown_then_both_ends_stand_there_and_the_page_says_so() -> None:
    lines = tuple(a_group(f"{i:06d}", realized=1_000_000 - i) for i in range(MOST_GROUPS + 3))
    text = words_of(page(a_report(by_symbol=lines, names={}), "en", "0"))
    assert f"{MOST_GROUPS} of {MOST_GROUPS + 3}; all of them" in text
    half = MOST_GROUPS // 2
    shown = [i for i in range(len(lines)) if f"+{1_000_000 - i:,} " in text]
    assert shown == [*range(half), *range(half + 3, MOST_GROUPS + 3)]


def test_given_many_interruptions_when_shown_then_they_are_counted_and_hide_nothing() -> None:
    many = tuple(an_event("SymbolInterrupted", text="vi", seq=i) for i in range(MOST_EVENTS + 5))
    text = words_of(page(a_report(events=(an_event(), *many)), "en", "0"))
    assert "daily loss limit: 60 %" in text
    assert f"only counted here: {MOST_EVENTS + 5}" in text


def test_given_one_day_or_several_when_times_are_shown_then_dates_stand_there_only_for_several() -> None:
    day = a_report().days[0]
    assert "11:05:00" in words_of(page(a_report(), "en", "0"))
    assert "01-13 11:05:00" in words_of(page(a_report(days=(day, day), kind="week"), "en", "0"))


def test_given_figures_that_could_not_be_told_when_shown_then_a_dash_stands_there() -> None:
    text = words_of(page(an_empty_report(), "en", "0"))
    assert "None" not in text.replace("None.", "")
    assert "nan" not in text.lower().split()
    assert "Nothing to draw" in text


def test_given_a_year_figure_of_few_days_when_shown_then_the_page_warns() -> None:
    warning = "a dash stands for them"
    assert warning in words_of(page(a_report(metrics=some_metrics(days=5)), "en", "0"))
    assert warning not in words_of(page(a_report(metrics=some_metrics(days=60, cagr=0.1)), "en", "0"))


def test_given_the_same_report_when_made_a_page_twice_then_it_is_the_same() -> None:
    flows = (replace(a_report().equity[3], at=UnixNanos(0)),)
    report = a_report(equity=(*flows, *a_report().equity))
    assert page(report, "ko", "0") == page(report, "ko", "0")
