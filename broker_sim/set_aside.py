"""Journals of another venue are kept under another name, and never written over silently."""

from pathlib import Path


def set_aside(journal_path: Path) -> Path:
    """Rename a journal and what SQLite keeps beside it to `*.old`, over an older one; give the new path."""
    for suffix in ("-wal", "-shm", ""):
        old = journal_path.with_name(f"{journal_path.name}.old{suffix}")
        current = journal_path.with_name(f"{journal_path.name}{suffix}")
        old.unlink(missing_ok=True)
        if current.exists():
            current.rename(old)
    return journal_path.with_name(f"{journal_path.name}.old")
