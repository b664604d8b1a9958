"""Condition searches, news of the market and diagnoses."""

from broker.port import (
    Condition,
    ConditionNews,
    Diagnosis,
    IndexMoved,
    MarketNews,
    PhaseChanged,
    VolatilityInterruption,
)
from broker.security.redaction import redacted
from domain.types import Krw
from hantrade.v1 import broker_pb2 as pb

from .values import DIAGNOSIS, MARKET, PHASE, bad_field, identifier, timestamp, unix_nanos


def write_condition(condition: Condition) -> pb.Condition:
    """Give the wire form of a condition search."""
    return pb.Condition(index=condition.index, name=condition.name)


def read_condition(condition: pb.Condition) -> Condition:
    """Read a condition search. Raises RequestRefused INVALID_ARGUMENT without a name or with a number below 0."""
    if condition.index < 0:
        raise bad_field("condition.index", condition.index, "0 or above")
    return Condition(condition.index, identifier(condition.name, "condition.name", longest=128))


def write_condition_news(news: ConditionNews) -> pb.WatchConditionResponse:
    """Give the wire form of what fits a condition."""
    return pb.WatchConditionResponse(
        event_time=timestamp(news.venue_time), symbols=news.symbols, entered=news.entered, left=news.left
    )


def read_condition_news(news: pb.WatchConditionResponse) -> ConditionNews:
    """Read what fits a condition."""
    time = unix_nanos(news.event_time, "event_time")
    return ConditionNews(time, tuple(news.symbols), news.entered, news.left)


def write_market_news(news: MarketNews) -> pb.WatchMarketResponse:
    """Give the wire form of one thing that happened."""
    answer = pb.WatchMarketResponse(event_time=timestamp(news.venue_time))
    if isinstance(news, PhaseChanged):
        answer.phase_changed.CopyFrom(pb.PhaseChanged(phase=PHASE.write(news.phase), code=news.code))
    elif isinstance(news, IndexMoved):
        values = {"value_centi": news.value, "previous_close_centi": news.previous_close}
        answer.index_moved.CopyFrom(pb.IndexMoved(market=MARKET.write(news.market), **values))
    else:
        answer.volatility_interruption.CopyFrom(
            pb.VolatilityInterruption(
                symbol=news.symbol,
                active=news.active,
                trigger_price_krw=news.trigger_price,
                reason=news.reason,
                times=news.times,
            )
        )
    return answer


def read_market_news(news: pb.WatchMarketResponse) -> MarketNews:
    """Read one thing that happened. Raises RequestRefused INVALID_ARGUMENT when none is told."""
    time = unix_nanos(news.event_time, "event_time")
    if news.HasField("phase_changed"):
        return PhaseChanged(time, PHASE.read(news.phase_changed.phase, "phase_changed.phase"), news.phase_changed.code)
    if news.HasField("volatility_interruption"):
        told = news.volatility_interruption
        return VolatilityInterruption(
            time, told.symbol, told.active, Krw(told.trigger_price_krw), told.reason, told.times
        )
    if news.HasField("index_moved"):
        moved = news.index_moved
        market = MARKET.read(moved.market, "index_moved.market")
        return IndexMoved(time, market, moved.value_centi, moved.previous_close_centi)
    raise bad_field("happening", "unset", "phase_changed, volatility_interruption or index_moved")


def write_diagnosis(diagnosis: Diagnosis) -> pb.Diagnosis:
    """Give the wire form of one thing that was looked at."""
    return pb.Diagnosis(
        name=diagnosis.name,
        state=DIAGNOSIS.write(diagnosis.state),
        detail=redacted(diagnosis.detail),
        remedy=redacted(diagnosis.remedy),
    )


def read_diagnosis(diagnosis: pb.Diagnosis) -> Diagnosis:
    """Read one thing that was looked at."""
    state = DIAGNOSIS.read(diagnosis.state, "diagnosis.state")
    return Diagnosis(diagnosis.name, state, diagnosis.detail, diagnosis.remedy)
