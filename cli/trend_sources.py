"""Makes the sources of search trends as settings want them. Nothing is asked, and no key is read, before a fetch."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from cli import secrets
from cli.trends_settings import GOOGLE, NAVER, SHIFTED, TrendsSection
from domain.config import KeywordSet, RunConfig
from domain.errors import ConfigError
from domain.time import kst_date
from trends.cache import CachedTrends, SeriesCache
from trends.source import TrendSource
from trends.store import FILE, SeriesStore, StoreUnusable

if TYPE_CHECKING:
    from cli.settings import Settings
    from trends.naver.client import NaverClient
    from trends.naver.hosts import NaverKeys
    from trends.quota import Quota

FOLDER = "trends"  # in the home
QUOTA_FILE = "quota.db"
CONNECT_MS = 5_000  # a connection that takes longer is none
logger = structlog.get_logger("trends")


def trend_source(settings: "Settings", home: Path, config: RunConfig) -> tuple[TrendSource, ...]:
    """Give the sources of a run, in the order of preference.

    Raises ConfigError when the words of an instrument changed under a version that was fetched before.
    """
    store = store_of(settings.trends, home)
    try:
        store.check(config.keywords)
        store.prune()  # values older than settings allow go also where nothing new is fetched
    except StoreUnusable as error:
        logger.warning("versions of words are not checked", error=str(error))
    return tuple(source_named(name, settings.trends, home, config.keywords) for name in config.trends.sources)


def source_named(
    name: str, section: TrendsSection, home: Path, sets: Sequence[KeywordSet], days: int | None = None
) -> TrendSource:
    """Give one source by its name in settings; `days` up to the day before are asked for. Raises ConfigError."""
    if name == SHIFTED:
        from trends.recorded import packaged_trends

        return packaged_trends()
    cache = SeriesCache(store_of(section, home))
    if name == NAVER:
        from trends.naver.source import DAYS_ASKED, NaverTrends

        return NaverTrends(sets, section.anchor, lambda: naver_client(section, home), cache, days or DAYS_ASKED)
    if name == GOOGLE:
        from trends.google import GoogleSettings, GoogleTrends

        how = GoogleSettings(section.google_python, read_ms=section.timeout_ms, base_url=section.google_url)
        asked = how if days is None else replace(how, days=days)
        by_symbol = {one.symbol: one for one in sets}
        return CachedTrends(GoogleTrends(by_symbol, asked), by_symbol, cache, asked.days)
    raise ConfigError(f"source expected {NAVER}, {GOOGLE} or {SHIFTED}, was {name!r}")


def store_of(section: TrendsSection, home: Path) -> SeriesStore:
    """Give the store of a home; it makes no file before something is kept."""
    return SeriesStore(home / FOLDER / FILE, hours=section.cache_hours, megabytes=section.cache_mb, now=time.time_ns)


def naver_keys() -> "NaverKeys":
    """Read the keys. Raises ConfigError saying where they belong."""
    from trends.naver.hosts import NaverKeys

    return NaverKeys(secrets.get(secrets.NAVER_ID), secrets.get(secrets.NAVER_SECRET))


def quota_of(section: TrendsSection, home: Path, client_id: str) -> "Quota":
    """Give the count of calls of one application."""
    from trends.quota import Quota

    a_month = section.monthly_quota or None
    return Quota(home / FOLDER / QUOTA_FILE, client_id, section.daily_quota, a_month, today)


def naver_client(section: TrendsSection, home: Path) -> "NaverClient":
    """Give a client, to be closed by who asks with it. Raises ConfigError."""
    from trends.naver.client import Effort, NaverClient
    from trends.naver.hosts import host_named

    keys = naver_keys()
    seconds = section.timeout_ms / 1_000
    effort = Effort(connect_s=min(CONNECT_MS / 1_000, seconds), read_s=seconds, whole_s=2 * seconds)
    return NaverClient(
        keys,
        host_named(section.host),
        quota=quota_of(section, home, keys.client_id),
        wait=time.sleep,
        base_url=section.base_url or None,
        per_second=section.per_second,
        effort=effort,
    )


def today() -> date:
    """Give the day it is in Korea."""
    return kst_date(time.time_ns())
