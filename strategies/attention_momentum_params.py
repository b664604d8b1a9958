"""Parameters of `attention_momentum`, and what is made of them.

Where a default is new in 0.6.0, `before` is what the strategy did until then: replays of older logs decide alike.
"""

from collections.abc import Mapping

from domain.config import ParamValue
from domain.indicators.confirmation import ConfirmationSettings
from strategies.exits import AttentionFading, BeforeClose, Rule, Stop, Target, TimeLimit, Trailing
from strategies.params import Param

SESSION_S = 23_400  # 6.5 hours
MANY = 9  # more indicators than there are

PARAMS: tuple[Param, ...] = (
    Param("momentum_bars", 5, 1, 60, "minute bars looked back", sweep=(3, 5, 10)),
    Param("momentum_min", 0.015, 0.0001, 0.3, "log return over them that speaks for it", sweep=(0.01, 0.015, 0.02)),
    Param("volume_bars", 20, 5, 120, "minute bars of normal volume"),
    Param("volume_min", 2.0, 0.1, 20.0, "robust standard deviations of log volume for an entry", sweep=(1.5, 2.0, 3.0)),
    Param("attention_min", 1.0, 0.1, 10.0, "robust z of abnormal search volume that counts as high, negated low"),
    Param("searched_factor", 0.6, 0.1, 1.0, "share of momentum_min and volume_min asked for when attention is high"),
    Param("max_spread_ppm", 8_000, 100, 100_000, "widest spread to enter, ppm of the ask"),
    Param(
        "target_ppm",
        30_000,
        1_000,
        300_000,
        "gain on cost that is taken, ppm",
        sweep=(15_000, 30_000, 60_000),
        entry=False,
    ),
    Param(
        "stop_ppm", 15_000, 1_000, 300_000, "loss on cost that is cut, ppm", sweep=(10_000, 15_000, 30_000), entry=False
    ),
    Param(
        "trail_ppm",
        15_000,
        1_000,
        300_000,
        "fall from the peak that ends it, ppm",
        sweep=(10_000, 15_000, 30_000),
        entry=False,
    ),
    Param("hold_s", 1_800, 60, SESSION_S, "longest holding, venue seconds", sweep=(900, 1_800, 3_600)),
    Param("cool_down_s", 900, 0, SESSION_S, "venue seconds without a new entry after an exit"),
    Param("open_quiet_s", 600, 0, SESSION_S, "venue seconds after the open without entries"),
    Param("close_quiet_s", 1_800, 0, SESSION_S, "venue seconds before the closing auction without entries"),
    Param("flat_before_s", 600, 30, SESSION_S, "venue seconds before the closing auction when holdings are sold"),
    Param("confirm", True, meaning="whether further indicators are asked and the regime is judged", before=False),
    Param("most_against", 1, 0, MANY, "further indicators that may speak against it", before=MANY, sweep=(0, 1, 2)),
    Param("agreement_weight", 0.08, 0.0, 0.5, "most by which they move the confidence", before=0.0, sweep=(0.0, 0.08)),
    Param("slow_times", 4, 2, 12, "length of the slower momentum, times momentum_bars"),
    Param("slow_min", 0.02, 0.0001, 0.3, "log return over it that speaks for an entry, negated against"),
    Param("volatility_bars", 10, 3, 60, "minute returns whose volatility is judged"),
    Param("volatility_norm_bars", 30, 10, 240, "minute returns before them it is compared with"),
    Param("wild_from", 2.0, 1.1, 20.0, "quotient of both from which on it is wild, which speaks against an entry"),
    Param("calm_to", 0.5, 0.0, 1.0, "quotient up to which it is calm"),
    Param("vi_room_ppm", 20_000, 0, 300_000, "distance to the next interruption below which it is against, ppm"),
    Param("limit_room_ppm", 30_000, 0, 300_000, "distance to the daily limit below which it is against, ppm"),
    Param(
        "fading_share",
        0.25,
        0.0,
        1.0,
        "share of a high attention at the entry below which it has faded and the holding is sold; 0: never",
        before=0.0,
        sweep=(0.0, 0.25, 0.5),
        entry=False,
    ),
    Param("exit_claim_s", 1_800, 0, SESSION_S, "venue seconds an exit claims for; 0: it is not scored", before=0),
)


def confirmation_settings(values: Mapping[str, ParamValue]) -> ConfirmationSettings:
    """Give what the indicators look at."""
    bars = int(values["momentum_bars"])
    return ConfirmationSettings(
        momentum=(
            (bars, float(values["momentum_min"])),
            (bars * int(values["slow_times"]), float(values["slow_min"])),
        ),
        volume_bars=int(values["volume_bars"]),
        volume_min=float(values["volume_min"]),
        volatility_short=int(values["volatility_bars"]),
        volatility_long=int(values["volatility_norm_bars"]),
        calm=float(values["calm_to"]),
        wild=float(values["wild_from"]),
        vi_min_ppm=int(values["vi_room_ppm"]),
        limit_min_ppm=int(values["limit_room_ppm"]),
        spread_max_ppm=int(values["max_spread_ppm"]),
    )


def exit_rules(values: Mapping[str, ParamValue]) -> tuple[Rule, ...]:
    """Give the rules that end a holding, the weightiest reason first."""
    share = float(values["fading_share"])
    return (
        BeforeClose(int(values["flat_before_s"])),
        Stop(int(values["stop_ppm"])),
        Target(int(values["target_ppm"])),
        Trailing(int(values["trail_ppm"])),
        TimeLimit(int(values["hold_s"])),
        *((AttentionFading(float(values["attention_min"]), share),) if share else ()),
    )
