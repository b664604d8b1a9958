"""How long both links were up in market time, beside the target."""

from hantrade.v1 import desk_pb2

TARGET_PPM = 999_000  # both links up 99.9 % of market time


def uptime_words(status: desk_pb2.TraderStatus) -> str:
    """Say how long both links were up, in market time, beside the target."""
    market_s = status.market_time.seconds
    if not (market_s or status.market_time.nanos):
        return "no market time yet today"
    up = "met" if status.link_up_ppm >= TARGET_PPM else "missed"
    parts = f"degraded {_share(status.link_degraded_ppm)}, down {_share(status.link_down_ppm)}"
    whole = f"{market_s // 60:,} min {market_s % 60} s"
    return f"{_share(status.link_up_ppm)} of {whole} of market time ({parts}); target 99.9 %: {up}"


def _share(ppm: int) -> str:
    """Print a share, cut, so that what misses a target never looks as if it met it."""
    return f"{ppm // 10_000}.{ppm % 10_000 // 10:03d} %"
