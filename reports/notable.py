"""Which events a person reads one by one. What the market does to many symbols every day is only counted."""

from reports.model import EventLine, Report

ORDINARY = frozenset({"SymbolInterrupted"})  # 변동성완화장치: hundreds a day over a wide watch list


def notable_events(report: Report) -> tuple[tuple[EventLine, ...], int]:
    """Give the events to read, in their order, and how many ordinary ones there are beside them."""
    told = tuple(event for event in report.events if event.kind not in ORDINARY)
    return told, len(report.events) - len(told)
