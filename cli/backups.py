"""`hantrade backup` and `hantrade restore`: everything of a home folder that cannot be made again."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.home import Home, changed_at
from cli.krx_hours import HOURS_FILE
from cli.output import emit_json, krw, note
from cli.settings import SETTINGS_FILE, WATCHLIST_FILE
from domain.errors import ConfigError, HantradeError
from persistence.backup import Copied, back_up, put_back, read_backup, write_durably
from persistence.files import LogFile, read_log_file
from persistence.identity import renew_identity

GOING_ON = ("paper", "mock", "live")  # begins of the names of logs that a start continues
PAPER_TABLES = ("actions.toml",)


def backup(
    into: Annotated[Path | None, typer.Argument(help="New folder; default HOME/backups/TIME.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Copy event logs, the paper account and settings, also while a trader runs.

    Certificates, tokens and keys are not copied: make new ones.

    Example: hantrade backup /Volumes/usb/hantrade-today
    """
    target = into or home / "backups" / time.strftime("%Y%m%d-%H%M%S")
    names = list(_names(Home(home)))
    if not any(name.startswith("logs/") for name in names):
        raise ConfigError(f"{home} holds no event log; there is nothing to back up")
    copied = back_up(home, names, target)
    size = sum(item.size for item in copied)
    if json:
        emit_json([{"path": str(target), "files": len(copied), "bytes": size}])
    note(f"backed up {len(copied)} files, {krw(size)} bytes, to {target}; `hantrade restore {target}` brings them back")


def restore(
    source: Annotated[Path, typer.Argument(help="Folder that `hantrade backup` made.")],
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Bring a backup back into an empty home folder, proven file by file.

    Logs that would be continued get a new identity: what was written after the backup is lost, and its order ids must
    never be made again. Until all of it is done nothing starts in the home; a restore that was cut off is done again.
    At the next start open orders are reconciled with the broker before anything new goes out.

    Example: hantrade restore .hantrade/backups/20260113-1531 --home ~/hantrade-restored
    """
    place = Home(home)
    with place.claim("trader", restores=True):
        files = read_backup(source)
        _mark(place, source, files)
        put_back(source, files, home)
        renewed = [str(path) for path in _renew(place, f"restored from {source}")]
        place.unfinished.unlink()
    if json:
        emit_json([{"path": str(home), "files": len(files), "renewed": renewed}])
    note(f"restored {len(files)} files to {home}")
    for path in renewed:
        note(f"{path} goes on for the log that was restored, under another identity")


def _names(place: Home) -> Iterable[str]:
    """Give what to copy: logs first, oldest first, then journals, which may only know of more."""
    logs = sorted(place.logs.glob("*.db"), key=changed_at)
    journals = sorted([*place.paper.glob("*.db"), *place.broker_sim.glob("*.db")])
    tables = [place.paper / name for name in PAPER_TABLES]
    settings = [place.root / name for name in (SETTINGS_FILE, WATCHLIST_FILE, HOURS_FILE)]
    for path in (*logs, *journals, *tables, *settings):
        if path.is_file():
            yield path.relative_to(place.root).as_posix()


def _mark(place: Home, source: Path, files: Iterable[Copied]) -> None:
    """Mark a home as half restored. Raises ConfigError unless it holds nothing of the backup, or half of this one."""
    wanted = str(source.resolve())
    if place.unfinished.exists():
        begun = place.unfinished.read_text(encoding="utf-8")
        if begun and begun != wanted:
            raise ConfigError(f"the restore of {begun} into {place.root} was cut off; do that one again, not {wanted}")
    else:
        for item in files:
            if (place.root / item.name).exists():
                text = f"--home must not hold {item.name} yet, it does; move it away, or restore to another home"
                raise ConfigError(text)
    write_durably(place.unfinished, wanted)


def _renew(place: Home, why: str) -> Iterable[Path]:
    """Give every log that a start would continue a new identity."""
    for mode in GOING_ON:
        logs = [log for path in sorted(place.logs.glob(f"{mode}-*.db")) if (log := _read(path)) is not None]
        followed = {log.previous for log in logs}
        for log in logs:
            if (log.last_seq, log.head_hash) not in followed:  # an empty one too: it was written to after the backup
                yield renew_identity(log.path, why).path


def _read(path: Path) -> LogFile | None:
    try:
        return read_log_file(path)
    except HantradeError:
        return None  # not a log, or broken: `hantrade log verify` says so
