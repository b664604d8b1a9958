"""Master files, TR definitions, the plan's file and the queue of the emulated control."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.emulator.definitions import definitions
from broker_win.emulator.enc_files import write_enc_files
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan, FlagsPlan
from broker_win.emulator.plan_file import example, load_plan, parse_plan
from broker_win.emulator.schedule import Schedule
from broker_win.emulator.texts import basis_points, hundredths, text, zeros
from broker_win.text import number
from domain.errors import ConfigError
from domain.types import InstrumentFlag, Market
from tests.broker_win.engine_stage import (
    FUND,
    HYNIX,
    KOSDAQ_ONE,
    MS,
    SAMSUNG,
    FakeDesktop,
    FakeHouse,
    Stage,
    an_instrument,
)

PLAIN = EmulatorPlan()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Give a stage with some odd instruments, logged in."""
    house = FakeHouse()
    house.list_more(an_instrument("0009K0", "새 종목", 5_000, tradable=False))
    house.list_more(an_instrument("111111", "위험한 종목", 5_000, flags=(InstrumentFlag.RISK,)))
    house.list_more(an_instrument("222222", "관리 종목", 5_000, flags=(InstrumentFlag.ADMINISTRATIVE,)))
    house.list_more(an_instrument("333333", "말해진 종목", 5_000, state_words=("증거금30%", "신용가능")))
    house.list_more(an_instrument("590001", "어떤 ETN", 10_000, Market.ETN))
    flags = FlagsPlan({HYNIX: "증거금100%|거래정지"}, {HYNIX: "투자경고"}, {HYNIX: "5"})
    made = Stage(tmp_path, replace(PLAIN, flags=flags), house)
    made.login()
    return made


# ---- master files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "codes"),
    [
        ("10", [KOSDAQ_ONE]),
        ("8", [FUND]),
        ("60", ["590001"]),
        ("3", []),
        ("50", []),
        ("0", [HYNIX, SAMSUNG, "0009K0", FUND, "111111", "222222", "333333", "590001"]),
        ("x", []),
    ],
)
def test_given_a_market_when_its_codes_are_listed_then_each_ends_with_a_semicolon(
    stage: Stage, market: str, codes: list[str]
) -> None:
    found = stage.call("GetCodeListByMarket", market)
    assert sorted(found.split(";")[:-1]) == sorted(codes)
    assert found == "" or found.endswith(";")


def test_given_codes_when_their_master_data_is_read_then_it_is_written_as_the_control_does(stage: Stage) -> None:
    assert stage.call("GetMasterCodeName", SAMSUNG) == "삼성전자"
    assert stage.call("GetMasterLastPrice", SAMSUNG) == "00060000"
    assert len(stage.call("GetMasterListedStockDate", SAMSUNG)) == 8
    assert stage.call("GetMasterStockState", SAMSUNG) == "증거금40%|담보대출|신용가능"
    assert stage.call("GetMasterStockState", "0009K0") == "증거금100%|거래정지"
    assert stage.call("GetMasterStockState", "222222") == "증거금100%|관리종목"
    assert stage.call("GetMasterStockState", "333333") == "증거금30%|신용가능"
    assert stage.call("GetMasterStockState", HYNIX) == "증거금100%|거래정지"  # the plan's
    assert stage.call("GetMasterConstruction", SAMSUNG) == "정상"
    assert stage.call("GetMasterConstruction", "111111") == "투자위험"
    assert stage.call("GetMasterConstruction", HYNIX) == "투자경고"
    assert stage.call("KOA_Functions", "IsOrderWarningStock", SAMSUNG) == "0"
    assert stage.call("KOA_Functions", "IsOrderWarningStock", "111111") == "4"
    assert stage.call("KOA_Functions", "IsOrderWarningStock", HYNIX) == "5"
    assert stage.call("KOA_Functions", "IsOrderWarningETF", FUND) == "0"
    assert stage.call("KOA_Functions", "GetStockMarketKind", FUND) == "8"
    assert stage.call("KOA_Functions", "GetUpjongNameByCode", "201") == "KOSPI200"
    assert stage.call("KOA_Functions", "GetUpjongCode", "2") == "2,201,KOSPI200|"
    assert stage.call("KOA_Functions", "GetMasterStockInfo", KOSDAQ_ONE).startswith("시장구분0|코스닥;")
    assert stage.call("KOA_Functions", "WhoKnows", SAMSUNG) == ""
    assert stage.call("KOA_Functions", "IsOrderWarningStock", "999999") == ""


def test_given_a_large_company_when_its_shares_are_asked_for_then_32_bits_overflow(stage: Stage) -> None:
    assert stage.call("KOA_Functions", "GetMasterListedStockCntEx", SAMSUNG) == "5919637922"
    assert stage.call("GetMasterListedStockCnt", SAMSUNG) == 5_919_637_922 - 2**32
    small = stage.call("GetMasterListedStockCnt", HYNIX)
    assert str(small) == stage.call("KOA_Functions", "GetMasterListedStockCntEx", HYNIX)


@pytest.mark.parametrize(
    "method",
    [
        "GetMasterCodeName",
        "GetMasterLastPrice",
        "GetMasterListedStockDate",
        "GetMasterConstruction",
        "GetMasterStockState",
    ],
)
def test_given_an_unknown_code_when_its_master_data_is_read_then_it_is_empty(stage: Stage, method: str) -> None:
    assert stage.call(method, "999999") == ""


# ---- TR definitions --------------------------------------------------------------------------------------------------


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Give pykiwoom's parser, looking under `tmp_path`; what its package imports besides is of Windows."""
    from importlib.util import find_spec, module_from_spec, spec_from_file_location

    package = find_spec("pykiwoom")
    assert package is not None and package.submodule_search_locations is not None
    spec = spec_from_file_location("pykiwoom_parser", Path(package.submodule_search_locations[0]) / "parser.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "DIR_PATH", f"{tmp_path}/data/")
    return module


def test_given_the_files_that_are_written_when_pykiwoom_reads_them_then_it_finds_the_very_definitions(
    parser: ModuleType, tmp_path: Path
) -> None:
    write_enc_files(tmp_path)
    for code, one in definitions().items():
        found = parser.parse_dat(code, parser.read_enc(code))
        assert found["trcode"] == code
        assert found["input"] == [{one.name: list(one.inputs)}]
        records = ((one.single_record, one.single), (one.multi_record, one.multi))
        assert found["output"] == [{name: list(fields)} for name, fields in records if fields]


def test_given_files_that_are_there_when_written_again_then_they_are_left_alone(tmp_path: Path) -> None:
    write_enc_files(tmp_path)
    kept = tmp_path / "data" / "opt10001.enc"
    kept.write_bytes(b"newer")
    write_enc_files(tmp_path)
    assert kept.read_bytes() == b"newer"
    assert not list(tmp_path.rglob("*.part"))


# ---- the plan's file -----------------------------------------------------------------------------------------------


def test_given_the_example_when_read_then_it_is_the_default() -> None:
    assert parse_plan(example(), "example") == PLAIN


def test_given_a_plan_when_read_then_it_is_as_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        '[server]\nkind = "real"\nmaintenance = ["kiwoom"]\n[times]\ntr_ms = [1, 2]\n[unknowns]\nclose_codes = ["8"]\n'
        '[hangs]\ndialogs = ["04:45 안녕하세요. 키움증권 입니다."]\n[flags.conditions]\n"급등" = "change >= 5"\n',
        encoding="utf-8",
    )
    plan = load_plan(path)
    assert (plan.server.kind, plan.server.maintenance, plan.times.tr_ms) == ("real", ("kiwoom",), (1, 2))
    assert plan.unknowns.close_codes == ("8",)
    assert plan.hangs.dialogs == ("04:45 안녕하세요. 키움증권 입니다.",)
    assert plan.flags.conditions == {"급등": "change >= 5"}
    assert plan.orders == PLAIN.orders


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[server", "not TOML"),
        ("[nothing]", "unknown field nothing, was {}; allowed here: one of server, times"),
        ("server = 1", r"server must be a table \[server\], was 1"),
        ("[server]\nkinds = 1", "unknown field server.kinds, was 1; allowed here: one of kind, accounts"),
        ("[server]\nkind = 'paper'", "server.kind must be one of mock, real, was 'paper'"),
        ("[server]\naccounts = []", "server.accounts must be a list of at least one account of 10 digits"),
        ("[server]\naccounts = ['123']", "server.accounts must be .* 10 digits"),
        ("[server]\nlogin_code = 5", "server.login_code must be a whole number -1000 to 0, was 5"),
        ("[server]\nauto_login = 1", "server.auto_login must be true or false, was 1"),
        ("[server]\nmaintenance = ['noon']", "maintenance window 'noon'"),
        ("[times]\ntr_ms = [3, 2]", r"times.tr_ms must be \[least, most\] in ms"),
        ("[times]\ntr_ms = 3", r"times.tr_ms must be \[least, most\] in ms"),
        ("[orders]\nswallowed_ppm = 1000001", "orders.swallowed_ppm must be a whole number 0 to 1000000 parts per"),
        ("[unknowns]\nremainder_status = '체결'", "unknowns.remainder_status must be one of 취소, 확인, 접수"),
        ("[unknowns]\nclose_codes = ['89']", "unknowns.close_codes must be"),
        ("[unknowns]\naccount_first_letter = ''", "unknowns.account_first_letter must be one letter"),
        ("[trs]\nper_second = 0", "trs.per_second must be a whole number 1 to"),
        ("[hangs]\ndialogs = ['04:45']", 'hangs.dialogs must be "HH:MM TITLE"'),
        ("[hangs]\nfreezes = ['04:45 long']", "hangs.freezes must be"),
        ("[hangs]\ndies = ['24:00']", "hangs.dies must be \"HH:MM\", KST, was '24:00'"),
        ("[hangs]\nlost_lines = [4]", "hangs.lost_lines must be a list of texts"),
        ("[flags]\nstates = 1", r"flags.states must be a table \[flags.states\]"),
        ("[flags.states]\n005930 = 1", "flags.states.005930 must be a text, was 1"),
        ("[flags.states]\n5930 = 'x'", "field flags.states.5930 must be named by a code"),
        ("[flags.warnings]\n005930 = '1'", "flags.warnings.005930 must be one of 0, 2, 3, 4, 5"),
        ("[flags.constructions]\n005930 = '나쁨'", "flags.constructions.005930 must be one of"),
        ("[flags.conditions]\n'a^b' = 'all'", "named without"),
        ("[flags.conditions]\na = 'cheap'", "flags.conditions.a: condition must be"),
    ],
)
def test_given_a_plan_that_cannot_be_used_when_read_then_one_line_says_where_and_what_is_allowed(
    written: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        parse_plan(written, "plan.toml")
    assert str(caught.value).startswith("plan.toml: ")
    assert "\n" not in str(caught.value)


def test_given_no_such_file_when_read_then_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_plan(tmp_path / "none.toml")


# ---- the queue ----------------------------------------------------------------------------------------------------


def an_event(name: str, signal: str = "OnReceiveMsg") -> Emission:
    return Emission(signal, (name,))


class Queue:
    """A schedule with a clock of its own."""

    def __init__(self) -> None:
        """Start at 0 ms."""
        self.ms = 0
        self.desktop = FakeDesktop()
        self.sent: list[str] = []
        self.wakes = 0
        self.schedule = Schedule(lambda: self.ms * MS, self.desktop)
        self.schedule.bind(lambda one: self.sent.append(str(one.arguments[0])), self._woken)

    def at(self, ms: int) -> list[str]:
        """Let it be a time; give what was sent so far."""
        self.ms = ms
        self.schedule.due()
        return self.sent

    def _woken(self) -> None:
        self.wakes += 1


@given(st.lists(st.integers(0, 50), max_size=30))
def test_for_any_times_events_come_in_their_order_and_not_before(times: list[int]) -> None:
    queue = Queue()
    for number_, ms in enumerate(times):
        queue.schedule.emit(an_event(f"{ms:02d}-{number_:02d}"), ms)
    for now in range(51):
        assert all(int(name[:2]) <= now for name in queue.at(now))
        assert queue.schedule.next_at() == min((ms * MS for ms in times if ms > now), default=None)
    assert queue.sent == sorted(queue.sent)
    assert len(queue.sent) == len(times)


def test_given_something_earlier_than_all_when_it_is_queued_then_somebody_is_woken() -> None:
    queue = Queue()
    queue.schedule.emit(an_event("a"), 10)
    queue.schedule.emit(an_event("b"), 20)
    assert queue.wakes == 1
    queue.schedule.emit(an_event("c"), 5)
    assert queue.wakes == 2


def test_given_a_dialog_when_events_fall_due_then_they_wait_and_things_to_do_go_on() -> None:
    queue = Queue()
    done: list[str] = []
    closed: list[str] = []
    queue.schedule.emit(an_event("a"), 10)
    queue.schedule.emit(an_event("lost", "OnReceiveRealData"), 10)
    queue.schedule.later(10, lambda: done.append("done"))
    queue.schedule.emit(an_event("c"), 30)
    queue.schedule.open_dialog("창", "글", lambda: closed.append("closed"))
    assert queue.at(20) == []
    assert done == ["done"]
    assert closed == []
    queue.desktop.close_all()
    queue.schedule.emit(an_event("b"), 0)
    assert queue.at(21) == ["a", "b"]
    assert closed == ["closed"]
    assert queue.at(30) == ["a", "b", "c"]


def test_given_an_event_that_makes_another_when_it_is_sent_then_the_other_comes_behind_it() -> None:
    queue = Queue()
    nested: list[object] = []

    def send(one: Emission) -> None:
        queue.sent.append(str(one.arguments[0]))
        if len(queue.sent) < 3:
            queue.schedule.emit(an_event(f"child of {one.arguments[0]}"))
        nested.append(queue.schedule.current)

    queue.schedule.bind(send, lambda: None)
    queue.schedule.emit(an_event("a"))
    queue.schedule.emit(an_event("b"))
    assert queue.at(0) == ["a", "b", "child of a", "child of b"]
    assert [str(one.arguments[0]) for one in nested if isinstance(one, Emission)] == queue.sent
    assert queue.schedule.current is None


# ---- how values are written -----------------------------------------------------------------------------------------


@given(st.integers(1 - 10**11, 10**11), st.sampled_from([12, 15]))
def test_for_any_number_filled_with_zeros_its_length_holds_and_it_reads_back(value: int, digits: int) -> None:
    written = zeros(value, digits)
    assert len(written) == digits
    assert number(written) == value


@given(st.text(max_size=40), st.integers(1, 40))
def test_for_any_text_its_bytes_are_as_wide_as_the_field(value: str, width: int) -> None:
    assert len(text(value, width).encode("cp949")) == width


@pytest.mark.parametrize(
    ("part", "whole", "written"), [(1, 3, "+33.33"), (-1, 3, "-33.33"), (0, 3, "0.00"), (-2, 100_000, "0.00")]
)
def test_given_a_share_when_written_in_percent_then_it_is_cut_towards_zero(part: int, whole: int, written: str) -> None:
    assert hundredths(basis_points(part, whole)) == written
