"""The recorded day that ships with hantrade."""

from importlib.resources import files
from pathlib import Path

from domain.errors import DataError

SAMPLE = "data/sample_2026-01-13.parquet"


def sample_path() -> Path:
    """Give the packaged recording. Raises DataError when the installation lacks it."""
    path = Path(str(files("broker_sim").joinpath(SAMPLE)))
    if not path.exists():
        raise DataError(f"the packaged sample {path} is missing; reinstall hantrade, or give --data FILE")
    return path
