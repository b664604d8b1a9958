"""Every machine by name."""

from typing import Any

from fsm import broker_login, change_request, client_order, connection, leg, stop, trading_day, win_host
from fsm.machine import Table

MACHINES: dict[str, Table[Any]] = {
    module.MACHINE.name: module.MACHINE
    for module in (client_order, leg, change_request, connection, broker_login, trading_day, stop, win_host)
}
