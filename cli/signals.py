"""`hantrade signals`: what strategies argued for, why, and how it turned out."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from broker.translate.signals import accuracy_answer
from cli.books import LimitOption, SymbolOption
from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, Source
from cli.names import labelled, symbol_of
from cli.orders import side_word
from cli.output import console, emit_json, krw, kst_clocks, note, plain, show_table
from domain.errors import ConfigError
from domain.indicators import UNKNOWN
from domain.scoring.accuracy import LEAST_DATES, TARGET
from domain.signal_views import ScoresView
from hantrade.v1 import types_pb2

PPM_PER_BP = 100
SIGNIFICANT = 0.05  # chance above which luck explains what is seen
_EXIT = types_pb2.PURPOSE_EXIT
Columns = list[tuple[str, str]]


def signals(
    symbol: SymbolOption = "",
    strategy: Annotated[str, typer.Option("--strategy", help="Only of this strategy.")] = "",
    score: Annotated[bool, typer.Option("--score", help="How often they were right, by group.")] = False,
    limit: LimitOption = 100,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """Show signals, newest first, with their inputs, the attention they used and how they turned out.

    A signal is right when what it argued for earned more than a round trip costs, from the ask to the bid, by the end
    of its horizon; an exit when the price fell until then. --score sums up: precision with its 95 % confidence interval
    (hits: right without costs), against always being in the same instruments on the same dates, and the chance p that
    random entries do as well. No profit is promised.

    Example: hantrade signals --score
    """
    code = symbol_of(symbol) if symbol else ""
    source = Source(home, log)
    if strategy:
        _check_strategy(source, strategy)
    if score:
        _scores(source.accuracy(strategy, code), json)
        return
    found = list(source.signals(code, limit, strategy).signals)
    if json:
        emit_json(plain(item) for item in found)
        return
    rows = [
        [
            at,
            labelled(item.symbol),
            side_word(item.side),
            item.strategy,
            f"{item.confidence:.2f}",
            "" if item.purpose == _EXIT and item.attention == UNKNOWN else item.attention,
            _outcome(item),
            item.rationale,
        ]
        for item, at in zip(found, kst_clocks([item.formed_at for item in found]), strict=True)
    ]
    columns = [("time", "left"), ("symbol", "left"), ("side", "left"), ("strategy", "left"), ("confidence", "right")]
    columns += [("attention", "left"), ("outcome", "left"), ("why", "left")]
    show_table(f"{len(found)} signals", columns, rows, "no signals")


def _check_strategy(source: Source, strategy: str) -> None:
    known = [row.name for row in source.strategies().strategies]
    if strategy not in known:
        raise ConfigError(f"--strategy expected one of this run ({', '.join(known)}), was {strategy!r}")


def _outcome(signal: Any) -> str:
    """Say how one signal turned out."""
    if not signal.HasField("score"):
        return "open"
    if not signal.score.HasField("won"):
        return "not scored"
    bps = (signal.score.gross_ppm - signal.score.cost_ppm) / PPM_PER_BP
    return f"{'right' if signal.score.won else 'wrong'} {bps:+.0f} bp"


def _scores(answer: Any, json: bool) -> None:
    rows = list(answer.rows)
    if json:
        emit_json(plain(row) for row in rows)
        return
    show_accuracy(rows)
    for line in remarks(answer):
        note(line)


def show_accuracy(rows: Sequence[Any]) -> None:
    """Print accuracy by group, and what confidence promised."""
    right = "right"
    columns: Columns = [("of", "left"), ("signals", right), ("precision", right), ("95 %", right), ("hits", right)]
    columns += [("after costs", right), ("costs", right), ("always in", right), ("p", right), ("not scored", right)]
    show_table(
        f"how often signals were right (target {TARGET:.0%}); returns in basis points",
        columns,
        [_accuracy_cells(row) for row in rows],
        "no signal has been scored",
    )
    whole = [row for row in rows if row.by == "all" and row.purpose == rows[0].purpose and row.bins]
    for row in whole:
        show_table(
            f"what the confidence of {_group(row)} promised, and what came",
            [("confidence", "left"), ("signals", right), ("promised", right), ("came", right), ("95 %", right)],
            [
                [
                    f"{b.from_confidence:.1f} to {b.to_confidence:.1f}",
                    krw(b.signals),
                    f"{b.mean_confidence:.0%}",
                    f"{b.precision:.0%}",
                    f"{b.precision_low:.0%} to {b.precision_high:.0%}",
                ]
                for b in row.bins
            ],
            "",
        )


def report_accuracy(answer: Any) -> None:
    """Print accuracy as part of a report: the whole, then by strategy, and what it proves."""
    if not answer.scores:
        return
    show_accuracy([row for row in answer.rows if row.by in ("all", "strategy")])
    for line in remarks(answer):
        console().print(line)


def accuracy_lines(view: ScoresView) -> list[str]:
    """Tell how the entries of a log turned out in one line; none where signals are not scored or none was."""
    answer = accuracy_answer(view)
    rows = [row for row in answer.rows if row.by == "all" and row.purpose != _EXIT and row.signals]
    return [
        f"{_share(row, 'precision')} of {krw(row.signals)} entries right (target {TARGET:.0%}, always in "
        f"{_share(row, 'baseline_precision')}), {row.mean_return_bps:+.1f} bp after costs: {verdict(row)}"
        for row in rows
    ]


def accuracy_keys(answer: Any) -> dict[str, Any]:
    """Give the accuracy of all entries for a machine-readable summary; null where there is none."""
    rows = [row for row in answer.rows if row.by == "all" and row.purpose != _EXIT]
    row = rows[0] if rows else None

    def known(name: str) -> Any:
        return round(getattr(row, name), 6) if row is not None and row.HasField(name) else None

    return {
        "signals_scored": row.signals if row is not None else 0,
        "signal_precision": known("precision"),
        "signal_baseline_precision": known("baseline_precision"),
        "signal_p_value": known("p_value"),
        "signal_return_bps": known("mean_return_bps"),
    }


def _accuracy_cells(row: Any) -> list[str]:
    interval = f"{row.precision_low:.0%} to {row.precision_high:.0%}" if row.HasField("precision") else "-"
    return [
        _group(row),
        krw(row.signals),
        _share(row, "precision"),
        interval,
        _share(row, "hit_rate"),
        f"{row.mean_return_bps:+.1f}" if row.HasField("mean_return_bps") else "-",
        f"{row.mean_cost_bps:.1f}" if row.HasField("mean_cost_bps") else "-",
        _share(row, "baseline_precision"),
        f"{row.p_value:.3f}" if row.HasField("p_value") else "-",
        krw(row.unscored) if row.unscored else "",
    ]


def _share(row: Any, name: str) -> str:
    return f"{getattr(row, name):.0%}" if row.HasField(name) else "-"


def _group(row: Any) -> str:
    kind = "exits" if row.purpose == _EXIT else "entries"
    if row.by == "all":
        return f"all {kind}"
    key = labelled(row.key) if row.by == "symbol" else row.key
    return f"{kind}, {row.by} {key}"


def remarks(answer: Any) -> Iterable[str]:
    """Say what the figures do not."""
    if not answer.scores:
        yield "this run does not score its signals ([signals] scores)"
    if answer.waiting:
        yield f"{answer.waiting} {'signal waits' if answer.waiting == 1 else 'signals wait'} for the end of the horizon"
    entries = [row for row in answer.rows if row.by == "all" and row.purpose != _EXIT and row.signals]
    for row in entries:
        signals = f"{row.signals} {'entry' if row.signals == 1 else 'entries'}"
        yield f"{signals} on {row.dates} {'date' if row.dates == 1 else 'dates'}: {verdict(row)}"


def verdict(row: Any) -> str:
    """Say in words what the accuracy of one group proves."""
    if row.dates < LEAST_DATES:
        return f"fewer than {LEAST_DATES} dates prove nothing, whatever the figures look like"
    if not row.HasField("p_value"):
        return "nothing to compare them with, so nothing is proved"
    if row.p_value > SIGNIFICANT:
        return "not distinguishable from luck"
    if row.precision_low < TARGET:
        return f"better than luck, but the target of {TARGET:.0%} is not proved"
    return f"better than luck and than the target of {TARGET:.0%}; the past promises nothing"
