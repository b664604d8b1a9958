"""The tables `[trends]` and `[signals]` of settings: how searches are fetched, and what an argument needs to count."""

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cli.section import Percent, Section, ppm
from domain.config import SignalConfig, TrendConfig
from domain.errors import ConfigError
from domain.keywords import MOST_LETTERS, tidy_word

NAVER, GOOGLE, SHIFTED = "naver", "google", "shifted-demo"
MS_PER_MINUTE = 60_000
NO_SHIFTED = ("mock", "live")  # modes in which a series that is moved in time is refused
RECORDED_ONLY = ("backtest",)  # modes that fetch nothing: their series come from the operator's own files


def _address(value: str) -> str:
    """Check an address keys are sent to; of Google's stand-in alike."""
    if not value:
        return value
    from trends.naver.hosts import API_HUB

    try:
        API_HUB.url(value)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("base_url ")) from None  # pydantic names the key, of either address
    return value.rstrip("/")


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("a time HH:MM (KST) is expected")
    return value


def _once(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("each source is expected once")
    return value


def _words(value: tuple[str, ...]) -> tuple[str, ...]:
    tidy = tuple(tidy_word(word) for word in value)
    if not all(tidy) or any(len(word) > MOST_LETTERS for word in tidy):
        raise ValueError(f"words of 1 to {MOST_LETTERS} letters are expected")
    return tidy


SourceName = Literal["naver", "google", "shifted-demo"]
Address = Annotated[str, AfterValidator(_address)]
Clock = Annotated[str, AfterValidator(_clock)]
Anchor = Annotated[tuple[str, ...], Field(min_length=1, max_length=20), AfterValidator(_words)]


class TrendsSection(Section):
    """How search attention is fetched and kept (docs/trends.md)."""

    sources: Annotated[tuple[SourceName, ...], Field(max_length=3), AfterValidator(_once)] = ("naver",)
    host: Literal["hub", "legacy"] = "hub"
    base_url: Address = ""
    daily_quota: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    monthly_quota: Annotated[int, Field(ge=0, le=30_000_000)] = 0
    per_second: Annotated[int, Field(ge=1, le=50)] = 5
    timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 10_000
    anchor: Anchor = ("우체국",)
    cache_hours: Annotated[int, Field(ge=0, le=87_600)] = 12
    cache_mb: Annotated[int, Field(ge=1, le=10_000)] = 50
    keep_series: bool = False
    retry_minutes: Annotated[int, Field(ge=0, le=1_440)] = 15
    retry_until: Clock = "15:00"
    contradiction_z: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 1.0
    google_python: str = ""
    google_url: Address = ""


class SignalsSection(Section):
    """What an argument of a strategy needs to become a signal, and what becomes of signals (docs/signals.md)."""

    min_confidence_pct: Percent = Decimal(0)  # the floor of risk denies below; what is withheld here is not even scored
    agree: Annotated[int, Field(ge=0, le=99)] = 2
    most_against: Annotated[int, Field(ge=0, le=99)] = 2
    scores: bool = True
    history_days: Annotated[int, Field(ge=0, le=1_000)] = 120
    rescue_benched: bool = True


def signal_config(section: SignalsSection) -> SignalConfig:
    """Give what roles need of it."""
    fields = section.model_dump()
    return SignalConfig(min_confidence_ppm=ppm(fields.pop("min_confidence_pct")), **fields)


def trend_config(section: TrendsSection, mode: str) -> TrendConfig:
    """Give what roles need of it. Raises ConfigError where a series moved in time would reach real decisions."""
    refusing, recorded = dict.fromkeys(NO_SHIFTED, True), dict.fromkeys(RECORDED_ONLY, True)
    if refusing.get(mode) and SHIFTED in section.sources:
        allowed = "naver or google: shifted-demo is a series of other years, for demo, back-test and paper only"
        raise ConfigError(f"[trends] sources expected {allowed}, was {list(section.sources)}")
    found = TrendConfig(
        sources=section.sources,
        retry_ms=section.retry_minutes * MS_PER_MINUTE,
        retry_until=section.retry_until,
        keep_series=section.keep_series,
        contradiction_z=section.contradiction_z,
    )
    return of_recordings(found) if recorded.get(mode) else found


def of_recordings(config: TrendConfig) -> TrendConfig:
    """Give the same for a run on recorded series: whatever answers is used, kept, and not asked for again."""
    return TrendConfig(contradiction_z=config.contradiction_z)
