"""Writes what a house without threads did as an event log, one commit for each input, as the core does."""

from contextlib import closing
from pathlib import Path
from typing import Any

from actors.core.core import to_record
from actors.core.kernel import Kernel
from actors.core.state import canonical
from persistence.codec import MessageCodec
from persistence.event_log import EventLog
from persistence.reader import LogReader
from persistence.record import Record
from tests.actors.builders import House
from tests.persistence.logs import a_codec, open_log


def write_log(path: Path, house: House, codec: MessageCodec | None = None, **options: Any) -> Path:
    """Commit all that a house did; what stands in the log already is left out."""
    options = {"create_id": lambda: house.core.kernel.log_id, "reserve_bytes": 0} | options
    with closing(open_log(path, **options)) as log:
        append(log, house, codec or a_codec())
    return path


def append(log: EventLog, house: House, codec: MessageCodec) -> None:
    commit: list[Record] = []
    for item in house.core.history:
        if item.stamp.seq <= log.last_seq:
            continue
        if item.causation_seq == 0 and commit:
            log.commit(commit, durable=False)
            commit = []
        commit.append(to_record(item, "r", codec))
    log.commit(commit, durable=False)


def commits_of(reader: LogReader) -> list[tuple[int, str]]:
    """Give the last sequence and the hash of every commit."""
    return [(int(seq), str(found)) for seq, found in reader.rows("SELECT last_seq, hash FROM commits ORDER BY 1")]


def states_of(kernel: Kernel) -> dict[str, Any]:
    """Give everything a kernel keeps, as bytes that are equal when the states are."""
    state = kernel.dump()
    roles: dict[str, Any] = {name: canonical(one) for name, one in state.roles.items()}
    return roles | {"(kernel)": (state.last_seq, state.benched, state.told)}
