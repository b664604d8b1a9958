"""Buy what fell far in a few minutes; exit strategies sell it."""

from strategies.base import Param, Strategy
from strategies.entries import buy


class FallingMinutes(Strategy):
    """Buy what fell for some minutes in a row, and far."""

    NAME = "falling_minutes"
    PARAMS = (Param("minutes", 4, 2, 60, "minutes in a row"), Param("drop", 0.01, 0.001, 0.2, "share of the price"))

    @property
    def warm_up(self):
        return {60: self.params["minutes"] + 1}

    def on_day(self, day):
        self.runs = {}  # symbol -> closes (KRW) since it began to fall

    def on_bar(self, bar, scene, day):
        run = self.runs.get(bar.symbol, [])
        self.runs[bar.symbol] = run = [*run, bar.close] if run and bar.close < run[-1] else [bar.close]
        falls, drop = len(run) - 1, 1 - run[-1] / run[0]
        if falls < self.params["minutes"] or drop < self.params["drop"]:
            return ()
        why = f"fell {drop:.1%} in {falls} minutes"
        return buy(scene, day, why, {"falls": falls, "drop": drop}, confidence=0.6, horizon_s=1_800)
