"""What an operator must know of Naver's terms before series are fetched and kept."""

from pathlib import Path

from cli.output import note
from trends.store import SeriesStore, StoreUnusable

VERSION = "terms 1"  # another text is told again
TERMS = (
    "Naver's terms: a guide of Naver Cloud Platform allowed search trend results to be used once, on receipt, in one's "
    "own service, and forbade storing, re-using or building a database of them. Whether NAVER API HUB keeps this is "
    "not confirmed: read your contract. Here they are kept "
)


def terms(hours: int, megabytes: int, keeps_series: bool) -> str:
    """Say the terms, and what these settings keep."""
    cache = f"{hours} h and at most {megabytes} MB in trends/series.db ([trends] cache_hours = 0: not at all)"
    log = "for ever in the event log ([trends] keep_series = false ends that)"
    where = [*([cache] if hours else []), *([log] if keeps_series else [])]
    return f"{TERMS}{' and '.join(where) or 'nowhere'}; docs/trends.md."


def tell_terms(store: SeriesStore, text: str, *, always: bool) -> None:
    """Tell a person once a home, or always."""
    try:
        is_new = store.first_time(VERSION)
    except StoreUnusable:
        is_new = True
    if is_new or always:
        note(text)


def tell_at_init(home: Path) -> None:
    """Tell the terms when a home is made, with what the settings just written keep."""
    from cli.trend_sources import store_of
    from cli.trends_settings import TrendsSection

    section = TrendsSection()
    text = terms(section.cache_hours, section.cache_mb, section.keep_series)
    tell_terms(store_of(section, home), text, always=True)
