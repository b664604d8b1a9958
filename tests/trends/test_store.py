"""What is kept of search series, for how long, and who may see what."""

import sqlite3
import struct
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.messages.market import TrendPoint, TrendReceived
from domain.types import UnixNanos
from trends.store import NANOS_PER_HOUR, Answer, SeriesStore, StoreUnusable, Window

SYMBOL = "120110"
DAYS = ("2026-01-10", "2026-01-11", "2026-01-12")
WORDS = KeywordSet(SYMBOL, 1, ("헨리코튼",))


class FakeClock:
    """Hours since the epoch, as UTC ns."""

    def __init__(self) -> None:
        self.hours = 1_000.0

    def __call__(self) -> int:
        return int(self.hours * NANOS_PER_HOUR)


def an_answer(
    hour: float = 1_000, ratios: tuple[float, ...] = (1.0, 2.0, 3.0), symbol: str = SYMBOL, version: int = 1
) -> Answer:
    points = tuple(TrendPoint(day, ratio) for day, ratio in zip(DAYS, ratios, strict=False))
    at = UnixNanos(int(hour * NANOS_PER_HOUR))
    return Answer(TrendReceived(symbol, "naver", version, at, points), Window(DAYS[0], DAYS[-1]))


def a_store(folder: Path, clock: FakeClock | None = None, hours: int = 12, megabytes: int = 50) -> SeriesStore:
    return SeriesStore(folder / "trends" / "series.db", hours=hours, megabytes=megabytes, now=clock or FakeClock())


def known(store: SeriesStore, hour: float = 1_000, version: int = 1) -> tuple[Answer, ...]:
    return store.as_known_at(SYMBOL, version, "naver", UnixNanos(int(hour * NANOS_PER_HOUR)))


def test_given_nothing_kept_when_read_then_there_is_nothing_and_no_file(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.check([WORDS])
    store.prune()
    assert (known(store), store.sources(SYMBOL), store.words(), store.kept().answers) == ((), (), {}, 0)
    assert list(tmp_path.iterdir()) == []


def test_given_answers_when_read_as_known_at_a_moment_then_later_ones_are_not_there(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    first, second = an_answer(998), an_answer(999, (1.0, 2.0, 9.0))
    store.keep([second, first], [WORDS])
    assert known(store, 997.9) == ()
    assert known(store, 998) == (first,)
    assert known(store) == (second, first)
    assert known(store, version=2) == ()
    assert store.sources(SYMBOL) == (("naver", 1),)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(990, 1_000), st.floats(0, 1e6)), max_size=8),
    st.integers(990, 1_000),
    st.floats(0, 1e6),
)
def test_for_any_answers_what_was_known_at_a_moment_never_changes_afterwards(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, float]], moment: int, later: float
) -> None:
    store = a_store(tmp_path_factory.mktemp("any"))
    store.keep([an_answer(hour, (ratio,)) for hour, ratio in told], [WORDS])
    before = known(store, moment)
    for one in before:  # an answer of a moment is the first that was kept of it
        hour = one.received.fetched_at // NANOS_PER_HOUR
        assert one.received.points[0].ratio == next(ratio for at, ratio in told if at == hour)
    store.keep([an_answer(moment + 0.5, (later,)), *(an_answer(hour, (later,)) for hour, _ in told)], [WORDS])
    assert known(store, moment) == before


def test_given_an_age_when_it_has_passed_then_values_are_neither_read_nor_in_the_file(tmp_path: Path) -> None:
    clock = FakeClock()
    store = a_store(tmp_path, clock)
    store.keep([an_answer(1_000, (0.123456789,))], [WORDS])
    held = store.path.read_bytes()
    clock.hours = 1_012.5
    assert known(store, 1_012) == ()
    assert store.sources(SYMBOL) == ()
    store.keep([an_answer(1_012)], [WORDS])
    assert [one.received.fetched_at for one in known(store, 1_012)] == [1_012 * NANOS_PER_HOUR]
    needle = struct.pack(">d", 0.123456789)  # as SQLite writes it
    assert needle in held
    assert needle not in store.path.read_bytes()


def test_given_a_bound_in_size_when_more_is_kept_then_the_oldest_answers_go(tmp_path: Path) -> None:
    store = a_store(tmp_path, megabytes=1)
    days = [f"{2000 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(4_000)]
    points = tuple(TrendPoint(day, 1.5) for day in days)
    for hour in range(990, 1_001):
        at = UnixNanos(hour * NANOS_PER_HOUR)
        store.keep([Answer(TrendReceived(SYMBOL, "naver", 1, at, points), Window(days[0], days[-1]))], [WORDS])
    hours = [one.received.fetched_at // NANOS_PER_HOUR for one in known(store)]
    assert hours[0] == 1_000
    assert hours == list(range(1_000, 1_000 - len(hours), -1))
    assert 1 < len(hours) < 11
    assert store.kept().bytes <= 1_000_000 + 100_000  # words and tables do not count


def test_given_no_hours_when_kept_then_only_the_words_are_and_older_values_go(tmp_path: Path) -> None:
    a_store(tmp_path).keep([an_answer()], [WORDS])
    off = a_store(tmp_path, hours=0)
    assert known(off) == ()
    off.keep([an_answer(999)], [KeywordSet("005930", 1, ("삼성전자",))])
    assert off.words() == {(SYMBOL, 1): ("헨리코튼",), ("005930", 1): ("삼성전자",)}
    assert known(a_store(tmp_path)) == ()
    a_store(tmp_path).keep([an_answer()], [WORDS])
    off.prune()
    assert off.kept().values == 0


# ---- words -----------------------------------------------------------------------------------------------------


def test_given_words_that_changed_when_checked_then_they_are_refused_and_the_first_ones_stay(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.check([WORDS])
    store.keep([an_answer()], [WORDS])
    changed = KeywordSet(SYMBOL, 1, ("헨리코튼", "시리즈 옷"))
    with pytest.raises(ConfigError, match=r"\+시리즈 옷\).* raise version to 2"):
        store.check([changed])
    store.keep([], [changed])
    assert store.words()[SYMBOL, 1] == ("헨리코튼",)
    store.check([WORDS, KeywordSet(SYMBOL, 2, changed.keywords)])


def test_given_suggested_words_that_changed_when_kept_then_values_of_the_old_ones_go(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.keep([an_answer(version=0)], [KeywordSet(SYMBOL, 0, ("코오롱인더",))])
    changed = KeywordSet(SYMBOL, 0, ("코오롱인더", "코오롱인더 주가"))
    store.check([changed])
    store.keep([an_answer(999, version=0)], [changed])
    assert [one.received.fetched_at // NANOS_PER_HOUR for one in known(store, version=0)] == [999]


def test_given_a_text_when_asked_twice_whether_it_is_new_then_only_once(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    assert [store.first_time("terms 1"), store.first_time("terms 1"), store.first_time("terms 2")] == [
        True,
        False,
        True,
    ]


# ---- several users, damage -------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from tests.trends.test_store import WORDS, a_store, an_answer
store = a_store(Path(sys.argv[1]))
for n in range(20):
    store.keep([an_answer(999 + n / 100), an_answer(999 + n / 100, symbol=sys.argv[2])], [WORDS])
"""


def test_given_two_processes_when_both_keep_at_once_then_nothing_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, symbol]) for symbol in ("000001", "000002")]
    assert [writer.wait() for writer in writers] == [0, 0]
    store = a_store(tmp_path)
    assert len(known(store)) == 20, "both kept the same answers of this one"
    assert store.kept().answers == 60


def test_given_threads_when_they_share_a_store_then_each_call_stands_alone(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    threads = [Thread(target=lambda n=n: store.keep([an_answer(999 + n / 100)], [WORDS])) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(known(store)) == 8


def test_given_a_file_when_it_is_only_read_then_not_a_byte_of_it_changes(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.keep([an_answer()], [WORDS])
    before = store.path.read_bytes()
    window = Window(DAYS[0], DAYS[-1])
    assert store.newest(WORDS, "naver", window) == known(store)[0]
    assert store.newest(KeywordSet(SYMBOL, 2, ("헨리코튼",)), "naver", window) is None
    assert store.newest(WORDS, "naver", Window(DAYS[0], "2026-01-13")) is None
    assert store.newest(WORDS, "naver", Window("2026-01-09", DAYS[-1])) is None
    assert (store.words(), store.kept().values) == ({(SYMBOL, 1): ("헨리코튼",)}, 3)
    assert store.path.read_bytes() == before, "a reader that writes waits for the disk"


def test_given_a_file_that_is_none_when_used_then_one_line_names_it(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.path.parent.mkdir()
    store.path.write_bytes(b"not a database" * 100)
    for call in (store.words, store.prune, store.kept, lambda: store.keep([], [WORDS]), lambda: known(store)):
        with pytest.raises(StoreUnusable) as caught:
            call()
        assert str(store.path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_given_a_file_of_a_newer_format_when_used_then_it_says_so(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.keep([], [WORDS])
    with sqlite3.connect(store.path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(StoreUnusable, match="expected format 1, was 2"):
        store.words()


def test_given_a_folder_that_is_a_file_when_kept_then_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "trends").write_text("")
    with pytest.raises(StoreUnusable, match=r"series\.db"):
        a_store(tmp_path).keep([], [WORDS])
