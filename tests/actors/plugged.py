"""Distributions that plug a strategy in, written into a folder: a module and the entry points of its metadata."""

from pathlib import Path

STRATEGY = '''
from strategies.base import Param, Strategy
from strategies.entries import buy


class Memory:
    """State of a class of its own."""

    def __init__(self):
        self.bars = 0


class Plugged(Strategy):
    """Buy at every so many bars."""

    NAME = "{name}"
    PARAMS = (Param("every", 5, 1, 600, "minute bars between two entries"),)

    def __init__(self, params):
        super().__init__(params)
        self.memory = {{}}

    def on_bar(self, bar, scene, day):
        memory = self.memory.setdefault(bar.symbol, Memory())
        memory.bars += 1
        if memory.bars % self.params["every"]:
            return ()
        return buy(scene, day, "it is time", {{"bars": memory.bars, "every": 1}}, confidence=0.6, horizon_s=600)
'''


def a_distribution(
    folder: Path, name: str = "owl", *, source: str = "", value: str = "", dist: str = "", version: str = "1.2"
) -> Path:
    """Put a distribution into a folder of `sys.path`; its entry point is `name`, its module has `_plugin` behind it."""
    module, dist = f"{name}_plugin", dist or f"{name}s"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(source or STRATEGY.format(name=name), encoding="utf-8")
    about = folder / f"{dist.replace('-', '_')}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n", encoding="utf-8")
    points = f"[hantrade.strategies]\n{name} = {value or f'{module}:Plugged'}\n"
    (about / "entry_points.txt").write_text(points, encoding="utf-8")
    return folder
