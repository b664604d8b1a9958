"""What a check of data found, by rule: how many and a few of them in words."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MOST_EXAMPLES: Final = 3


class Verdict(StrEnum):
    """What a finding means."""

    REFUSED = "refused"  # the row is not used
    FLAGGED = "flagged"  # the row is used; something about it is worth knowing
    FAILED = "failed"  # simulated prints contradict the data: a defect of the simulator


@dataclass(slots=True)
class Finding:
    """One rule that found something."""

    rule: str
    verdict: Verdict
    explanation: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


class Findings:
    """Findings by rule, in the order in which rules first found something."""

    def __init__(self) -> None:
        """Begin with none."""
        self._found: dict[tuple[str, Verdict], Finding] = {}

    def add(self, rule: str, verdict: Verdict, explanation: str, example: str, count: int = 1) -> None:
        """Count what a rule found; the first examples are kept."""
        key = (rule, verdict)
        finding = self._found.get(key)
        if finding is None:
            finding = self._found[key] = Finding(rule, verdict, explanation)
        finding.count += count
        if example and len(finding.examples) < MOST_EXAMPLES:
            finding.examples.append(example)

    def all(self) -> list[Finding]:
        """Give the findings: failed first, then refused, then flagged."""
        order = [Verdict.FAILED, Verdict.REFUSED, Verdict.FLAGGED]
        return sorted(self._found.values(), key=lambda one: order.index(one.verdict))

    def total(self, verdict: Verdict) -> int:
        """Give how many findings have a verdict."""
        return sum(one.count for one in self._found.values() if one.verdict is verdict)
