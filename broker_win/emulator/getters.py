"""What the getters give while an event lasts, and "" or 0 outside of one (kiwoom.md 1.0 rule 4)."""

from collections.abc import Callable, Mapping

from broker_win.control import Value
from broker_win.emulator.definitions import definitions
from broker_win.emulator.parts import Emission, TrData


class Getters:
    """Reads the event whose slots run now."""

    def __init__(self, current: Callable[[], Emission | None]) -> None:
        """Keep how to find it."""
        self._current = current

    def repeat_count(self, trcode: str, record: str) -> int:
        """Give GetRepeatCnt: rows of the multi record, asked for by its name or the request's."""
        data = self._answer(trcode)
        return 0 if data is None or _is_single(trcode, record) else len(data.rows)

    def cell(self, trcode: str, record: str, index: int, item: str) -> str:
        """Give GetCommData; empty for what is not there."""
        data = self._answer(trcode)
        if data is None:
            return ""
        name = item.strip()
        if name in data.columns and not (_is_single(trcode, record) and name in data.single):
            if 0 <= index < len(data.rows):
                return data.rows[index][data.columns.index(name)]
            if name not in data.single:
                return ""
        return data.single.get(name, "") if index == 0 else ""

    def table(self, trcode: str, record: str) -> list[list[str]]:
        """Give GetCommDataEx: all rows, columns in the order of the definition."""
        data = self._answer(trcode)
        if data is None or _is_single(trcode, record):
            return []
        return [list(row) for row in data.rows]

    def chejan(self, fid: Value) -> str:
        """Give GetChejanData."""
        return self._field("OnReceiveChejanData", fid)

    def real(self, code: str, fid: Value) -> str:
        """Give GetCommRealData of the code the event is about."""
        current = self._current()
        if current is None or not current.arguments or current.arguments[0] != code:
            return ""
        return self._field("OnReceiveRealData", fid)

    def _answer(self, trcode: str) -> TrData | None:
        current = self._current()
        if current is None or current.signal != "OnReceiveTrData" or not isinstance(current.data, TrData):
            return None
        return current.data if str(current.arguments[2]).lower() == trcode.lower() else None

    def _field(self, signal: str, fid: Value) -> str:
        current = self._current()
        if current is None or current.signal != signal or not isinstance(current.data, Mapping):
            return ""
        try:
            number = int(fid)
        except ValueError:
            return ""
        return str(current.data.get(number, ""))


def _is_single(trcode: str, record: str) -> bool:
    """Tell whether a record is the single one of a TR that has both."""
    definition = definitions().get(trcode.lower())
    return definition is not None and bool(record) and record == definition.single_record != definition.multi_record
