"""Pace, times and past trades, as rules of conduct look at them."""

from typing import NamedTuple

from domain.krx.order_phases import OrderPhase


class ConductFacts(NamedTuple):
    """How the house behaved on the trading date, and what time it is."""

    now: int = 0  # venue time of the newest quote, UTC ns
    requests_last_second: int = 0  # orders, changes and cancels, system time
    orders_today: int = 0  # approved
    cancels_today: int = 0  # asked of the broker
    open_time: int = 0  # of the regular session, UTC ns; 0 when not planned
    close_auction_time: int = 0  # likewise
    phases: tuple[OrderPhase, ...] = ()  # both venues are in; empty: they take no orders, or it is not known
    losing_streak: int = 0  # losing trades in a row on the trading date
    last_loss_at: int = 0  # venue time a losing trade was closed; 0: none on the trading date
    closed_at: int = 0  # venue time the instrument's position was closed; 0: not known
    ours: int | None = None  # shares of it that are ours; None: all of them (leave_foreign is off)
    manual_mode: bool = False  # only a person enters
    phases_known: bool = False  # the order-taking phases of the day were worked out (check_sessions is on)


NO_CONDUCT = ConductFacts()
