"""What people ask of the executor about orders and books."""

from actors.roles.reconciling import Reconciling
from domain import order_work as work
from domain.messages import Message, Stamp
from domain.messages.link import ReadBrokerFailed
from domain.messages.operator import CommandAnswered, ManualCancelRequested, ReconcileRequested, ReleaseRequested
from domain.messages.trading import ModifyApproved
from domain.order_work import AT_BROKER
from domain.orders import ClientOrder
from domain.time import kst_date
from fsm.client_order import State

UNKNOWN = ("UNKNOWN_ORDER", "the client_order_id is not known; `hantrade orders list` shows all")


class ByHand(Reconciling):
    """Cancel, modify and release orders, and compare books, because a person wants it."""

    def _by_hand(self, asked: ReconcileRequested | ReadBrokerFailed | ReleaseRequested) -> list[Message]:
        match asked:
            case ReconcileRequested():
                return self._reconcile_by_hand(asked)
            case ReadBrokerFailed():
                return self._reading_failed(asked)
        return self._released(asked)

    def _released(self, asked: ReleaseRequested) -> list[Message]:
        """Tell whether the order was let out of quarantine: if it was, that is not told yet."""
        order_id = asked.client_order_id
        order, told = self.orders.get(order_id), self._report(order_id)
        if order is None:
            return [_refused(asked, *UNKNOWN)]
        if not asked.note.strip():
            return [_refused(asked, "NOTE", "a release needs a note: what a person has looked at")]
        if not told:
            is_at = f"order {order_id} is {order.status.value}"
            return [_refused(asked, "WRONG_STATE", f"{is_at}; only one that is QUARANTINED can be released")]
        return [*told, CommandAnswered(asked.command_id, True, "", f"released to {order.status.value}", order_id)]

    def _manual_cancel(self, asked: ManualCancelRequested, stamp: Stamp) -> list[Message]:
        order = self.orders.get(asked.client_order_id)
        if order is not None and self._cancels_later(order):
            text = f"it is cancelled {work.CANCELLED_LATER[order.status]}"
            return [CommandAnswered(asked.command_id, True, "", text, order.client_order_id)]
        problem = self._not_changeable(order, work.CANCELLABLE)
        if problem is not None or order is None:
            return [_refused(asked, *(problem or UNKNOWN))]
        cancels = self._cancels(order, stamp)
        if not cancels:
            return [_refused(asked, "NO_CHANGE", "nothing of it is open, or its cancel is on its way")]
        done = CommandAnswered(asked.command_id, True, "", "cancel sent", asked.client_order_id, len(cancels))
        return [*cancels, done]

    def _manual_modify(self, asked: ModifyApproved, stamp: Stamp) -> list[Message]:
        order, price = self.orders.get(asked.client_order_id), asked.limit_price
        problem = self._not_changeable(order, AT_BROKER)
        if problem is None and order is not None:
            known, on = self.instruments.get(order.symbol), kst_date(self.venue_time)
            problem = self._is_going(order) or work.bad_change(order, asked.quantity, price, known, on)
        if problem is not None or order is None:
            return [_refused(asked, *(problem or UNKNOWN))]
        modifies = self._modify(order, price, asked.quantity, stamp) if price is not None else []
        if not modifies:
            return [_refused(asked, "NO_CHANGE", "nothing to change: the price stays")]
        return [*modifies, CommandAnswered(asked.command_id, True, "", "modify sent", asked.client_order_id)]

    def _is_going(self, order: ClientOrder) -> tuple[str, str] | None:
        """Refuse to change what waits to be cancelled: the cancel would take the change back."""
        if not self.settings.remember_cancels or order.client_order_id not in self.to_cancel:
            return None
        return "NO_CHANGE", f"order {order.client_order_id} is being cancelled"

    def _not_changeable(self, order: ClientOrder | None, states: tuple[State, ...]) -> tuple[str, str] | None:
        if order is None:
            return UNKNOWN
        if order.status not in states:
            is_at = f"order {order.client_order_id} is {order.status.value}"
            return "WRONG_STATE", f"{is_at}; it must be {' or '.join(states)}"
        return None if self.orders_link_up else ("CONNECTION", "the orders link is not up")


def _refused(asked: ManualCancelRequested | ModifyApproved | ReleaseRequested, code: str, text: str) -> CommandAnswered:
    return CommandAnswered(asked.command_id, False, code, text, asked.client_order_id)
