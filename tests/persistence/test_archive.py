"""An archive holds all of a log, proves it, notices every change, and gives the log back."""

import dataclasses
import gzip
import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from broker.translate.quotes import decode_batch
from domain.errors import ConfigError, LogBusy, LogCorrupt, LogError
from persistence import archive, tables
from persistence.codec import MessageCodec
from persistence.verify import verify
from tests.persistence.disks import memory_disk
from tests.persistence.logs import a_record, open_log

CODEC = MessageCodec(decode_batch)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the log of a small day (see old/README.md) and its archive; neither is changed by a test."""
    folder = tmp_path_factory.mktemp("made")
    path = folder / "day.db"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "old" / "v0001.db.gz").read_bytes()))
    archive.archive(path, folder / "arch", CODEC, "0.1.0")
    return path, folder / "arch"


def _copy(made: tuple[Path, Path], folder: Path) -> tuple[Path, Path]:
    for source in (made[0], *made[1].iterdir()):
        target = folder / source.relative_to(made[0].parent)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(source.read_bytes())
    return folder / "day.db", folder / "arch"


def _content(path: Path) -> list[list[tuple[Any, ...]]]:
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    queries = (
        "SELECT *, CAST(payload AS BLOB) FROM events ORDER BY seq",
        "SELECT * FROM quotes ORDER BY seq",
        "SELECT * FROM commits ORDER BY first_seq",
        "SELECT * FROM meta WHERE key <> 'schema_version' ORDER BY key",
    )
    try:
        return [conn.execute(query).fetchall() for query in queries]
    finally:
        conn.close()


def test_given_a_log_when_archived_then_the_manifest_tells_it_and_the_files_prove_it(made: tuple[Path, Path]) -> None:
    path, folder = made
    report, manifest = verify(path), archive.read_manifest(folder)
    assert (manifest.events, manifest.head_hash, manifest.log_id) == (report.events, report.head_hash, "faf0ac86d2")
    assert (manifest.log, manifest.undecoded, manifest.previous_hash) == ("day.db", 0, None)
    assert {file.name for file in folder.iterdir()} == {"manifest.json", *manifest.files}
    for name, file in manifest.files.items():
        content = (folder / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)
        assert pl.scan_parquet(folder / name).select(pl.len()).collect().item() == file.rows
    found = archive.check(folder, CODEC)
    assert found == archive.ArchiveReport(True, report.events, report.head_hash, "")
    assert manifest.bytes < path.stat().st_size
    assert pl.read_parquet(folder / "quotes.parquet").columns[:4] == ["seq", "symbol", "venue_time", "price"]


def test_given_an_archive_when_restored_then_the_log_is_the_same_and_goes_on(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, folder = made
    again = tmp_path / "again.db"
    archive.restore(folder, again, CODEC)
    assert _content(again) == _content(path)
    assert verify(again) == verify(path)
    log = open_log(again, create_id=None)
    log.commit([a_record(log.last_seq + 1)], durable=False)
    log.close()
    assert verify(again).ok
    with pytest.raises(ConfigError, match=r"^--log expected a file that is not there yet"):
        archive.restore(folder, again, CODEC)


def test_given_a_write_ahead_log_that_was_left_behind_when_restored_then_it_is_not_mixed_in(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, folder = _copy(made, tmp_path)
    again, wal = tmp_path / "again.db", tmp_path / "again.db-wal"
    log = open_log(path, create_id=None)
    log.commit([a_record(log.last_seq + 1)], durable=False)
    wal.write_bytes((tmp_path / "day.db-wal").read_bytes())
    log.close()
    with pytest.raises(ConfigError, match=r"^--log expected a name without leftovers, .*again\.db-wal"):
        archive.restore(folder, again, CODEC)
    assert not again.exists()
    wal.unlink()
    assert archive.restore(folder, again, CODEC).ok
    assert verify(again).head_hash == verify(made[0]).head_hash


@pytest.mark.parametrize("what", ["archive", "restore"])
def test_given_a_disk_that_fills_up_when_archived_or_restored_then_one_line_says_so_and_nothing_is_left(
    made: tuple[Path, Path], tmp_path: Path, what: str
) -> None:
    path, folder = made
    with memory_disk(tmp_path / "small", "64k") as small:
        with pytest.raises(LogError, match=r"^/.*/small/new cannot be written: .*(No space|full)"):
            if what == "archive":
                archive.archive(path, small / "new", CODEC, "0.1.0")
            else:
                archive.restore(folder, small / "new", CODEC)
        assert not list(small.iterdir())


# ---- every change is noticed ---------------------------------------------------------------------------------------


def _forge(folder: Path, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Rewrite a file and its line in the manifest, as somebody would who knows what he does."""
    path = folder / f"{name}.parquet"
    frame = change(pl.read_parquet(path))
    frame.write_parquet(path, row_group_size=tables.ROW_GROUP)
    text = json.loads((folder / archive.MANIFEST).read_text())
    text["files"][path.name] = {
        "rows": len(frame),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    (folder / archive.MANIFEST).write_text(json.dumps(text))


def _at(column: str, value: Any, seq: int = 84) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.with_columns(
        pl.when(pl.col(frame.columns[0]) == seq).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("events", _at("payload", "{}"), "the commit of events 83 to 86 was changed"),
        ("events", _at("role", "nobody"), "the commit of events 83 to 86 was changed"),
        ("events", lambda frame: frame.filter(pl.col("seq") != 84), "events 83 to 86 are not all there"),
        ("events", lambda frame: frame.head(2_000), "are not all there"),
        ("events", lambda frame: frame.vstack(frame.tail(1)), "behind the last commit"),
        ("events", _at("payload", None), "a file cannot be read behind event"),
        ("raw", lambda frame: frame.tail(-1), "was changed after it was written"),
        ("raw", lambda frame: frame.with_columns(raw=pl.lit(b"x")), "was changed after it was written"),
        ("commits", lambda frame: frame.head(100), "behind the last commit"),
        ("meta", _at("value", "L2", seq="log_id"), "the commit of events 1 to"),  # type: ignore[arg-type]
        ("quotes", lambda frame: frame.with_columns(price=pl.col("price") + 10), "quotes.parquet differs"),
        ("quotes", lambda frame: frame.head(5), "quotes.parquet differs"),
        ("quotes", lambda frame: frame.vstack(frame.tail(1)), "more quotes than there are"),
    ],
)
def test_given_a_forged_file_when_checked_then_the_chain_does_not_hold(
    made: tuple[Path, Path], tmp_path: Path, name: str, change: Callable[[pl.DataFrame], pl.DataFrame], problem: str
) -> None:
    _, folder = _copy(made, tmp_path)
    _forge(folder, name, change)
    found = archive.check(folder, CODEC)
    assert not found.ok
    assert problem in found.problem
    with pytest.raises(LogCorrupt, match="is not as it was written"):
        archive.restore(folder, tmp_path / "x.db", CODEC)
    assert not (tmp_path / "x.db").exists()


def test_given_events_cut_off_at_a_commit_when_checked_then_the_manifest_tells(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    _, folder = _copy(made, tmp_path)
    commits = pl.read_parquet(folder / "commits.parquet").head(20)
    last = commits["last_seq"].to_list()[-1]
    _forge(folder, "commits", lambda frame: frame.head(20))
    for name in ("events", "raw", "quotes"):
        _forge(folder, name, lambda frame: frame.filter(pl.col("seq") <= last))
    assert f"it ends at event {last} with head" in archive.check(folder, CODEC).problem


@pytest.mark.parametrize("name", ["events", "raw", "quotes", "commits", "meta"])
def test_given_a_flipped_byte_or_a_missing_file_when_checked_then_the_file_is_named(
    made: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    _, folder = _copy(made, tmp_path)
    path = folder / f"{name}.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert archive.check(folder, CODEC).problem == f"{name}.parquet was changed after it was written"
    path.unlink()
    assert archive.check(folder, CODEC).problem == f"{name}.parquet is missing"


def test_given_a_broken_or_newer_manifest_when_read_then_it_is_told(made: tuple[Path, Path], tmp_path: Path) -> None:
    _, folder = _copy(made, tmp_path)
    text = json.loads((folder / archive.MANIFEST).read_text())
    (folder / archive.MANIFEST).write_text(json.dumps(text | {"format": 2}))
    with pytest.raises(LogError, match="archive format 2, this hantrade reads up to 1"):
        archive.check(folder, CODEC)
    (folder / archive.MANIFEST).write_text("{")
    assert "cannot be read" in archive.check(folder, CODEC).problem
    with pytest.raises(ConfigError, match=r"manifest\.json"):
        archive.check(tmp_path, CODEC)


# ---- which logs ----------------------------------------------------------------------------------------------------


def test_given_a_log_that_is_written_when_archived_then_it_is_refused(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    log.commit([a_record(1)], durable=False)
    with pytest.raises(LogBusy, match="is being written"):
        archive.archive(tmp_path / "a.db", tmp_path / "arch", CODEC, "0")
    log.close()
    archive.archive(tmp_path / "a.db", tmp_path / "arch", CODEC, "0")
    log = open_log(tmp_path / "a.db", create_id=None)
    with pytest.raises(LogBusy):
        archive.remove(tmp_path / "a.db", tmp_path / "arch", CODEC)
    log.close()


def test_given_a_changed_log_when_archived_then_nothing_is_made(made: tuple[Path, Path], tmp_path: Path) -> None:
    path, _ = _copy(made, tmp_path)
    conn = sqlite3.connect(path)
    conn.execute("UPDATE events SET payload = '{}' WHERE seq = 84")
    conn.commit()
    conn.close()
    with pytest.raises(LogCorrupt, match="is not archived: the commit of events 83"):
        archive.archive(path, tmp_path / "new", CODEC, "0")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / ".new.part").exists()


def test_given_a_read_back_that_differs_when_archived_then_no_archive_appears(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = _copy(made, tmp_path)
    real = archive.check
    monkeypatch.setattr(
        archive, "check", lambda folder, codec: dataclasses.replace(real(folder, codec), head_hash="00")
    )
    with pytest.raises(LogError, match="could not be read back equal: another head"):
        archive.archive(path, tmp_path / "new", CODEC, "0")
    assert not (tmp_path / "new").exists()


def test_given_a_place_that_cannot_be_written_when_archived_then_one_line_says_so(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, _ = _copy(made, tmp_path)
    with pytest.raises(LogError, match=r"arch cannot be written: Not a directory"):
        archive.archive(path, path / "arch", CODEC, "0")


def test_given_an_empty_log_when_archived_then_it_comes_back_empty(tmp_path: Path) -> None:
    open_log(tmp_path / "a.db").close()
    manifest = archive.archive(tmp_path / "a.db", tmp_path / "arch", CODEC, "0")
    assert manifest.events == 0
    archive.restore(tmp_path / "arch", tmp_path / "b.db", CODEC)
    assert _content(tmp_path / "b.db") == _content(tmp_path / "a.db")


def test_given_quote_bytes_that_nobody_can_decode_when_archived_then_they_are_kept_and_counted(tmp_path: Path) -> None:
    log = open_log(tmp_path / "a.db")
    log.commit([a_record(1, type="QuotesReceived", stream="quotes", raw=b"\xff\xff\xff")], durable=False)
    log.close()
    assert archive.archive(tmp_path / "a.db", tmp_path / "arch", CODEC, "0").undecoded == 1
    archive.restore(tmp_path / "arch", tmp_path / "b.db", CODEC)
    assert _content(tmp_path / "b.db") == _content(tmp_path / "a.db")


def test_given_an_archive_when_the_log_is_removed_then_only_with_proof_that_it_is_the_same(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, folder = _copy(made, tmp_path)
    open_log(tmp_path / "other.db").close()
    with pytest.raises(LogError, match=r"other\.db stays: .*arch is of faf0ac86d2"):
        archive.remove(tmp_path / "other.db", folder, CODEC)
    _forge(folder, "quotes", lambda frame: frame.head(5))
    with pytest.raises(LogError, match=r"stays: quotes\.parquet differs"):
        archive.remove(path, folder, CODEC)
    assert path.exists()
    archive.archive(path, tmp_path / "good", CODEC, "0")
    for suffix in ("-wal", "-shm", ".reserve", ".snapshot"):
        path.with_name(path.name + suffix).touch()
    archive.remove(path, tmp_path / "good", CODEC)
    assert sorted(each.name for each in tmp_path.glob("day.db*")) == ["day.db.lock"]
