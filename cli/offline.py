"""Read a log without a running trader: fold it, then ask the same roles the same questions."""

from pathlib import Path

from actors.edges.desk_reader import Ask, DeskReader, RunFacts
from actors.recovery import recover_quickly
from cli.compose import codec
from domain.messages.run import RunStarted
from domain.types import UnixNanos
from persistence.reader import LogReader


def fold_roles(path: Path) -> tuple[DeskReader, Ask]:
    """Fold a log, from its snapshot on where there is one; give what can be read of it and how to ask its roles.

    Raises LogError, ConfigError.
    """
    mode = run_id = ""
    with LogReader(path, codec()) as reader:
        for record, message in reader.messages(type="RunStarted"):
            if isinstance(message, RunStarted):
                mode, run_id = message.config.mode, record.run_id
        kernel = recover_quickly(reader).kernel
        last = reader.record(kernel.last_seq) if kernel.last_seq else None
    ended_at = UnixNanos(last.recorded_at if last else 0)

    def ask(role: str, query: object) -> object:
        return kernel.role(role).view(query)

    facts = RunFacts(mode, run_id, str(path))
    return DeskReader(ask, facts, lambda: ended_at, lambda: kernel.last_seq), ask


def fold(path: Path) -> DeskReader:
    """Fold a log and give what can be read of it. Raises LogError, ConfigError."""
    return fold_roles(path)[0]
