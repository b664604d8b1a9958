"""The TR definitions installed on this PC beside those this version knows: Kiwoom changes them now and then."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from broker_win.bridge import Bridge
from broker_win.requests.trs import compare, used
from domain.errors import DataError

# (TR code, OpenAPI+ folder) -> what pykiwoom's parser makes of it; raises DataError
ReadDefinition = Callable[[str, str], Mapping[str, Any]]


async def differences(bridge: Bridge, read: ReadDefinition) -> list[str]:
    """Tell in words what differs so that it matters; a definition that cannot be read is told, too."""
    folder = await bridge.run(lambda control: control.call("GetAPIModulePath"))
    return await asyncio.get_running_loop().run_in_executor(None, _compared, str(folder or ""), read)


def _compared(folder: str, read: ReadDefinition) -> list[str]:
    found: list[str] = []
    for spec in used():
        try:
            found += compare(spec, read(spec.trcode.lower(), folder))
        except DataError as error:
            found.append(str(error))
    return found
