"""The boundary to Kiwoom's control in plain data: what is called, what is heard. Nothing here knows Qt.

A call is a method name and its arguments as the control takes them; an event is what a slot copied before it returned.
Strings are as received: padded, signed, zero-filled. The pure parsers make sense of them.

Thread rule: `Control.call` and `Control.request` run on the thread that made the control, and only there. Events are
made there and handed over; everybody else holds plain data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

Value = str | int
# What a call gives: None when the control does not know the method or is not registered (facts: kiwoom.md 1.0).
Answer = str | int | None

# Signatures as QAxBase.dynamicCall wants them (kiwoom.md 1.1 to 1.6).
SIGNATURES: Final[Mapping[str, str]] = {
    "CommConnect": "CommConnect()",
    "GetConnectState": "GetConnectState()",
    "GetLoginInfo": "GetLoginInfo(QString)",
    "GetAPIModulePath": "GetAPIModulePath()",
    "SetInputValue": "SetInputValue(QString, QString)",
    "CommRqData": "CommRqData(QString, QString, int, QString)",
    "CommKwRqData": "CommKwRqData(QString, bool, int, int, QString, QString)",
    "GetRepeatCnt": "GetRepeatCnt(QString, QString)",
    "GetCommData": "GetCommData(QString, QString, int, QString)",
    "GetCommDataEx": "GetCommDataEx(QString, QString)",
    "DisconnectRealData": "DisconnectRealData(QString)",
    "SendOrder": "SendOrder(QString, QString, QString, int, QString, int, int, QString, QString)",
    "GetChejanData": "GetChejanData(int)",
    "SetRealReg": "SetRealReg(QString, QString, QString, QString)",
    "SetRealRemove": "SetRealRemove(QString, QString)",
    "GetCommRealData": "GetCommRealData(QString, int)",
    "GetCodeListByMarket": "GetCodeListByMarket(QString)",
    "GetMasterCodeName": "GetMasterCodeName(QString)",
    "GetMasterListedStockCnt": "GetMasterListedStockCnt(QString)",
    "GetMasterConstruction": "GetMasterConstruction(QString)",
    "GetMasterListedStockDate": "GetMasterListedStockDate(QString)",
    "GetMasterLastPrice": "GetMasterLastPrice(QString)",
    "GetMasterStockState": "GetMasterStockState(QString)",
    "KOA_Functions": "KOA_Functions(QString, QString)",
    "GetConditionLoad": "GetConditionLoad()",
    "GetConditionNameList": "GetConditionNameList()",
    "SendCondition": "SendCondition(QString, QString, int, int)",
    "SendConditionStop": "SendConditionStop(QString, QString, int)",
}


@dataclass(frozen=True, slots=True)
class Fields:
    """What to read of a TR's answer, while its event lasts.

    `single` names fields of the single record; `multi` the columns of the multi record `record`, in the order of the
    TR's definition. `in_one_call` reads the multi record by GetCommDataEx (charts: much faster, same columns).
    """

    single: tuple[str, ...] = ()
    record: str = ""
    multi: tuple[str, ...] = ()
    in_one_call: bool = False


@dataclass(frozen=True, slots=True)
class TrRequest:
    """One page of a TR. `inputs` in the order in which its definition lists them; `rqname` is unique while it is open.

    A request of prices of many codes (CommKwRqData) has trcode OPTKWFID and the one input 종목코드, joined by `;`.
    """

    rqname: str
    trcode: str
    inputs: tuple[tuple[str, str], ...]
    screen: str
    fields: Fields
    more: bool = False  # True for the pages behind the first


# ---- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """OnEventConnect: 0 logged in; negative failed, or, later, -106: the line is lost."""

    code: int


@dataclass(frozen=True, slots=True)
class TrAnswer:
    """OnReceiveTrData. `single` and `rows` hold what the request's `Fields` named; for an order, single 주문번호.

    `failure` says in words why the answer could not be read, empty when it could.
    """

    screen: str
    rqname: str
    trcode: str
    more: bool  # another page follows
    single: Mapping[str, str]
    rows: Sequence[Sequence[str]]  # one per row, columns as `Fields.multi`
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """OnReceiveMsg: text for people with a code in brackets, e.g. `[00Z112] 모의투자 …`."""

    screen: str
    rqname: str
    trcode: str
    text: str


@dataclass(frozen=True, slots=True)
class RealData:
    """OnReceiveRealData. `values` is the tab-separated string, or fields by number where it is read field by field."""

    code: str
    real_type: str
    values: str | Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Chejan:
    """OnReceiveChejanData: gubun `0` order or fill, `1` balance; every field of its list."""

    gubun: str
    values: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ConditionsLoaded:
    """OnReceiveConditionVer."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class ConditionFound:
    """OnReceiveTrCondition. `codes` is joined by `;`."""

    screen: str
    codes: str
    name: str
    index: int
    more: bool


@dataclass(frozen=True, slots=True)
class ConditionMoved:
    """OnReceiveRealCondition: `I` entered, `D` left."""

    code: str
    kind: str
    name: str
    index: str


Event = Connected | TrAnswer | Told | RealData | Chejan | ConditionsLoaded | ConditionFound | ConditionMoved
Hear = Callable[[Event], None]


class Control(Protocol):
    """The control on its own thread."""

    def call(self, method: str, *arguments: Value) -> Answer:
        """Call one method of `SIGNATURES` and give what it gives. Raises KeyError for another name."""

    def request(self, request: TrRequest) -> Answer:
        """Set the inputs and ask for one page, in one piece; remember what to read when the answer comes."""

    def forget(self, rqname: str) -> None:
        """Do not expect this answer any more; it is dropped when it comes."""
