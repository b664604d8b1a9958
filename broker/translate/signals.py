"""Signals, how they turned out, attention and strategies in their wire form for DeskService."""

from google.protobuf.duration_pb2 import Duration

from broker.translate.values import PURPOSE, SIDE, timestamp
from domain.config import ParamValue
from domain.messages.market import AttentionMeasured
from domain.messages.trading import SignalScored
from domain.scoring.accuracy import Accuracy, accuracy_rows
from domain.signal_views import ParamView, ScoresView, StrategyView
from domain.status import SignalView
from hantrade.v1 import desk_pb2

KINDS = {bool: "boolean", int: "integer", float: "number", str: "choice"}


def write_signal(view: SignalView, score: SignalScored | None = None) -> desk_pb2.Signal:
    """Give one signal, with its score once there is one."""
    signal = view.signal
    return desk_pb2.Signal(
        seq=view.seq,
        strategy=signal.strategy,
        symbol=signal.symbol,
        side=SIDE.write(signal.side),
        purpose=PURPOSE.write(signal.purpose),
        strength=signal.strength,
        confidence=signal.confidence,
        horizon=Duration(seconds=signal.horizon_s),
        reference_price_krw=signal.reference_price,
        attention=signal.attention,
        inputs=[
            desk_pb2.SignalInput(name=item.name, value=item.value, verdict=item.verdict, quality=item.quality)
            for item in signal.inputs
        ],
        rationale=signal.rationale,
        formed_at=timestamp(signal.venue_time),
        quality=signal.quality,
        horizon_sessions=signal.horizon_sessions,
        regime=signal.regime,
        limit_price_krw=signal.limit_price,
        score=write_score(score) if score is not None else None,
    )


def write_score(score: SignalScored) -> desk_pb2.SignalScore:
    """Give how one signal turned out."""
    return desk_pb2.SignalScore(
        won=score.won,
        gross_ppm=score.gross_ppm,
        cost_ppm=score.cost_ppm,
        entry_price_krw=score.entry_price,
        exit_price_krw=score.exit_price,
        due_at=timestamp(score.due_at),
        reason=score.reason,
    )


def accuracy_answer(view: ScoresView, strategy: str = "", symbol: str = "") -> desk_pb2.GetAccuracyResponse:
    """Give how often signals were right, group by group."""
    rows = [write_accuracy(row) for row in accuracy_rows(view, strategy, symbol)]
    return desk_pb2.GetAccuracyResponse(rows=rows, waiting=view.waiting, scores=view.scores)


def write_accuracy(row: Accuracy) -> desk_pb2.Accuracy:
    """Give the accuracy of one group."""
    return desk_pb2.Accuracy(
        by=row.by,
        key=row.key,
        purpose=PURPOSE.write(row.purpose),
        signals=row.signals,
        wins=row.wins,
        dates=row.dates,
        precision=row.precision,
        precision_low=row.precision_low,
        precision_high=row.precision_high,
        hit_rate=row.hit_rate,
        mean_return_bps=row.mean_return_bps,
        mean_cost_bps=row.mean_cost_bps,
        baseline_precision=row.baseline_precision,
        p_value=row.p_value,
        unscored=row.unscored,
        bins=[desk_pb2.CalibrationBin(**one._asdict()) for one in row.bins],
    )


def write_attention(measured: AttentionMeasured) -> desk_pb2.Attention:
    """Give attention to one instrument."""
    return desk_pb2.Attention(
        symbol=measured.symbol,
        source=measured.source,
        as_of=measured.as_of,
        asvi=measured.asvi,
        z=measured.z,
        quality=measured.quality,
        reason=measured.reason,
        opinions=[
            desk_pb2.AttentionOpinion(source=o.source, as_of=o.as_of, asvi=o.asvi, z=o.z, reason=o.reason)
            for o in measured.opinions
        ],
    )


def write_strategy(view: StrategyView) -> desk_pb2.StrategyStatus:
    """Give one strategy of the run."""
    return desk_pb2.StrategyStatus(
        name=view.name,
        code=view.code,
        state="benched" if view.error else "running",
        error=view.error,
        symbols=view.symbols,
        searches=view.searches,
        warm_up=[
            desk_pb2.WarmUp(interval=Duration(seconds=seconds), bars=bars) for seconds, bars in view.warm_up.items()
        ],
        params=[_param(param) for param in view.params],
        signals=view.signals,
        withheld=view.withheld,
    )


def _param(param: ParamView) -> desk_pb2.StrategyParam:
    kind = KINDS[type(param.default)]
    ranged = kind in ("integer", "number")
    return desk_pb2.StrategyParam(
        name=param.name,
        value=text_of(param.value),
        default_value=text_of(param.default),
        kind=kind,
        least=param.least if ranged else None,
        most=param.most if ranged else None,
        choices=param.choices,
        meaning=param.meaning,
        sweep=[text_of(value) for value in param.sweep],
    )


def text_of(value: ParamValue) -> str:
    """Give a parameter's value as settings write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
