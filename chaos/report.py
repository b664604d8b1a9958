"""What a run says: a line per scenario, a table, one JSON object."""

import json
from collections.abc import Sequence
from typing import Any

from chaos.scenario import Outcome

COLUMNS = ("scenario", "steps", "kills", "in flight", "orders", "fills", "lost", "doubled", "p50 ms", "p99 ms", "s", "")
WIDTHS = (14, 9, 6, 9, 7, 7, 5, 8, 8, 8, 6, 0)
MOST_SHOWN = 8  # findings of a scenario that are printed; all are in its findings.txt


def percentile(values: Sequence[float], share: float) -> int | None:
    """Give the smallest value that so large a share of them does not exceed, whole; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, -int(-share * len(ordered) // 1) - 1)])


def planned(outcome: Outcome) -> int:
    """Count the steps a plan has, disconnects one by one."""
    return sum(1 + step.count * (step.what == "disconnect") for step in outcome.plan.steps)


def line(outcome: Outcome) -> str:
    """Give one row of the table."""
    p50, p99 = (percentile(outcome.recovery_ms, share) for share in (0.5, 0.99))
    cells = (
        outcome.plan.name,
        f"{outcome.steps}/{planned(outcome)}",
        outcome.kills,
        outcome.kills_in_flight,
        outcome.orders,
        outcome.fills,
        outcome.count("lost"),
        outcome.count("doubled"),
        "–" if p50 is None else p50,
        "–" if p99 is None else p99,
        f"{outcome.seconds:.0f}",
        "ok" if not outcome.findings else f"FAILED, seed {outcome.plan.seed}",
    )
    return _row(cells)


def heading() -> str:
    """Give the names of the columns."""
    return _row(COLUMNS)


def findings_text(outcome: Outcome) -> list[str]:
    """Give the findings of a scenario in words, with where to look."""
    shown = [f"  {found.check}: {found.subject}: {found.text}" for found in outcome.findings[:MOST_SHOWN]]
    left = len(outcome.findings) - len(shown)
    return [*shown, *([f"  … and {left} more"] if left > 0 else []), f"  kept: {outcome.folder}"]


def summary(outcomes: Sequence[Outcome], seed: int, minutes: float) -> dict[str, Any]:
    """Give what the last line of stdout says."""
    times = [one for outcome in outcomes for one in outcome.recovery_ms]
    found = [finding for outcome in outcomes for finding in outcome.findings]
    failed = [outcome for outcome in outcomes if outcome.findings]
    return {
        "scenarios": len(outcomes),
        "kills": sum(outcome.kills for outcome in outcomes),
        "kills_in_flight": sum(outcome.kills_in_flight for outcome in outcomes),
        "steps": sum(outcome.steps for outcome in outcomes),
        "intents": sum(outcome.intents for outcome in outcomes),
        "orders": sum(outcome.orders for outcome in outcomes),
        "fills": sum(outcome.fills for outcome in outcomes),
        "lost": sum(finding.check == "lost" for finding in found),
        "doubled": sum(finding.check == "doubled" for finding in found),
        "books_agree": bool(outcomes) and not any(finding.check in ("books", "stuck") for finding in found),
        "replay_identical": bool(outcomes) and not any(finding.check in ("replay", "stuck") for finding in found),
        "recovery_ms_p50": percentile(times, 0.5),
        "recovery_ms_p99": percentile(times, 0.99),
        "recoveries": len(times),
        "seed": seed,
        "minutes": minutes,
        "failures": [
            {"scenario": one.plan.name, "seed": one.plan.seed, "folder": str(one.folder), "findings": len(one.findings)}
            for one in failed
        ],
    }


def summary_line(found: dict[str, Any]) -> str:
    """Give the summary as one line of JSON."""
    return json.dumps(found, ensure_ascii=False)


def _row(cells: Sequence[object]) -> str:
    first, *others, last = cells
    middle = "".join(f"{cell!s:>{width}}" for cell, width in zip(others, WIDTHS[1:-1], strict=True))
    return f"{first!s:<{WIDTHS[0]}}{middle}  {last}".rstrip()
