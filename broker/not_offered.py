"""What not every broker has, refused: a base for backends that stand on no broker's own program."""

from collections.abc import AsyncIterator

from broker.port import Condition, ConditionNews, Diagnosis, MarketNews
from domain.errors import RequestRefused


class NotOffered:
    """Refuses condition searches, market news and diagnoses."""

    async def conditions(self) -> list[Condition]:
        """Raise RequestRefused NOT_OFFERED."""
        raise _refused("condition searches")

    async def run_condition(self, condition: Condition) -> list[str]:
        """Raise RequestRefused NOT_OFFERED."""
        raise _refused("condition searches")

    def watch_condition(self, condition: Condition) -> AsyncIterator[ConditionNews]:
        """Raise RequestRefused NOT_OFFERED."""
        raise _refused("condition searches")

    def watch_market(self) -> AsyncIterator[MarketNews]:
        """Raise RequestRefused NOT_OFFERED."""
        raise _refused("news of the market")

    async def diagnose(self, probe: bool) -> list[Diagnosis]:
        """Raise RequestRefused NOT_OFFERED."""
        raise _refused("diagnoses")


def _refused(what: str) -> RequestRefused:
    return RequestRefused("NOT_OFFERED", f"this broker has no {what}")
