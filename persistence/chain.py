"""The hash chain over commits. An edit anywhere in the log changes every hash after it.

    genesis  = sha256(J([log_id, created_at, previous_hash, previous_seq]))
    hash     = sha256(prev_hash + for each record of the commit: J(header) + "\n" + payload + raw)
    header   = [seq, run_id, recorded_at, venue_time, type, stream, causation_seq, role, bytes of payload, bytes of raw]

J is compact JSON in UTF-8 (`json.dumps(x, separators=(",", ":"), ensure_ascii=False)`); the lengths in the header make
the concatenation unambiguous. `bytes of raw` is null when there are none. Hashes are 32 bytes, shown as hex.
"""

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from persistence.record import Record

_encode = msgspec.json.Encoder().encode


def genesis_hash(log_id: str, created_at: str, previous_hash: str, previous_seq: str) -> bytes:
    """Give the hash before the first commit; it binds the log to its identity and to the file before it."""
    return sha256(_encode([log_id, created_at, previous_hash, previous_seq])).digest()


def commit_hash(prev_hash: bytes, records: Iterable[Record]) -> bytes:
    """Give the hash of one commit."""
    digest = sha256(prev_hash)
    for seq, run_id, recorded_at, venue_time, kind, stream, causation_seq, role, payload, raw in records:
        raw_size = None if raw is None else len(raw)
        header = (seq, run_id, recorded_at, venue_time, kind, stream, causation_seq, role, len(payload), raw_size)
        digest.update(_encode(header) + b"\n" + payload + (raw or b""))
    return digest.digest()
