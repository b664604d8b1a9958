"""Who sells which instrument out, how that begins and what ends it: the fold. When and how much: `risk_sales.py`."""

from dataclasses import replace

from domain.messages.operator import FlattenRequested
from domain.messages.risk import StopTriggered, Unsold
from domain.messages.trading import OrderApproved, StopChanged
from domain.risk.flattening import FLATTEN_ATTEMPTS, Flatten
from domain.risk.loss_levels import DAILY_LOSS, NAMES
from domain.risk.sale_terms import is_sale_of
from domain.risk.weighing import Weighed
from domain.types import OrderKind, Side

HALTED_BY_LIMITS = ("PREFLIGHT", "ARMED", "TRADING", "PAUSED")  # days; in others a limit that is reached sells nothing


class SellingOut(Weighed):
    """Folds what begins, tries and ends a sale of all that is ours of an instrument."""

    __slots__ = ()

    def _flatten(self, asked: FlattenRequested) -> None:
        if asked.command_id and asked.command_id in self.answers:
            return
        for symbol in self.flatten_symbols(asked.symbol):
            self._sell_out(symbol, Flatten(asked.caller, asked.note, FLATTEN_ATTEMPTS, since=self.clock))

    def _stopping(self, change: StopChanged) -> None:
        if change.to_state == "FLATTENING":
            self.told_left = () if self.config.execution.stop_tells_unsold else None
            for symbol in self.flatten_symbols(""):
                flatten = Flatten("stop", change.reason, FLATTEN_ATTEMPTS, by_stop=True, since=self.clock)
                self._sell_out(symbol, flatten)
        elif change.to_state != "CONFIRMING_FLAT":
            self._end_stop_sale()

    def _stop_reached(self, stop: StopTriggered) -> None:
        if stop.symbol not in self.flattening:  # who sells already goes on
            flatten = Flatten("", stop.rationale, FLATTEN_ATTEMPTS, rule=stop.rule, since=stop.venue_time)
            self._sell_out(stop.symbol, flatten)

    def _limit_hit(self, limit: str) -> None:
        if limit == DAILY_LOSS:
            self.loss_locked, self.loss_armed = True, False
        account = self.config.risk.account
        if account.is_on and account.flatten_on_halt and self.day in HALTED_BY_LIMITS:
            why = f"{NAMES[limit]} at its limit"
            sale = Flatten("risk", why, FLATTEN_ATTEMPTS, by_limit=limit, since=self.clock)
            for symbol in self.flatten_symbols(""):
                earlier = self.flattening.get(symbol)
                if earlier is None or earlier.attempts <= 0:  # given up, or the halt cancels the last attempt
                    self._sell_out(symbol, sale)

    def _sell_out(self, symbol: str, flatten: Flatten) -> None:
        if self._is_to_go(symbol) or symbol in self.holds.by_symbol:
            self.flattening[symbol] = flatten
            self.stops.begin_episode(symbol)

    def _is_to_go(self, symbol: str) -> bool:
        """Tell whether shares are held that we may sell, now or once others' sells of them are gone."""
        return symbol in self.positions and not self.left_alone(symbol)

    def unsold_by_stop(self) -> tuple[Unsold, ...]:
        """Give the shares that the sale of a stop does not touch, by symbol, and why."""
        found = []
        for symbol, held in sorted(self.positions.items()):
            why, ours = self.left_alone(symbol) or self.halt_reason(symbol), self.conduct.ours(symbol)
            why = why or ("" if symbol in self.flattening else "it was not to be sold when the sale began")
            if why:
                found.append(Unsold(symbol, held, why))
            elif ours is not None and ours < held:
                found.append(Unsold(symbol, held - ours, "its shares are not ours"))
        return tuple(found)

    def _attempted(self, order: OrderApproved) -> None:
        flatten = self.flattening.get(order.symbol)
        if flatten is None or order.side is not Side.SELL:
            return
        is_sale = self.watches_sales and is_sale_of(order.symbol, order.client_order_id)
        if order.kind is not OrderKind.MARKET and not is_sale:
            return  # a person's own order beside it
        is_first = flatten.attempts == FLATTEN_ATTEMPTS
        since = order.venue_time if is_first else flatten.since
        self.flattening[order.symbol] = replace(
            flatten, attempts=flatten.attempts - 1, since=since, tried_at=order.venue_time
        )

    def _resumed(self) -> None:
        """End what a person had sold out; a stop that was reached goes on, with all its attempts."""
        going_on = {symbol: item for symbol, item in self.flattening.items() if item.rule}
        fresh = {key: replace(item, attempts=FLATTEN_ATTEMPTS, tried_at=0) for key, item in going_on.items()}
        self._keep_flattening(fresh)
        for symbol in going_on:
            self.stops.begin_episode(symbol)

    def _end_stop_sale(self) -> None:
        self.told_left = None
        self._keep_flattening({symbol: item for symbol, item in self.flattening.items() if not item.by_stop})

    def _end_limit_sale(self) -> None:
        if self.flattening:
            self._keep_flattening({symbol: item for symbol, item in self.flattening.items() if not item.by_limit})

    def _prune_flattening(self) -> None:
        if self.flattening:
            busy = self.holds.by_symbol
            kept = {key: item for key, item in self.flattening.items() if key in busy or self._is_to_go(key)}
            self._keep_flattening(kept)

    def _keep_flattening(self, kept: dict[str, Flatten]) -> None:
        self.flattening = kept
        self.stops.end_episodes(kept)
