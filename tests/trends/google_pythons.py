"""Interpreters that have pytrends, beside .venv (tools/setup_google.sh): pandas must not get into this one."""

from pathlib import Path

import pytest

VENV = Path(__file__).parents[2] / ".venv"
SKIPPED = VENV / "google.skipped"
OLDER, NEWER = (VENV / folder / "bin" / "python" for folder in ("google", "google-newer"))  # urllib3 1 and 2


def there(python: Path) -> str:
    """Give an interpreter with pytrends; skip where something of it has no wheel, fail where set-up was not run."""
    if SKIPPED.exists():
        pytest.skip(f"pytrends is not here: {SKIPPED.read_text().strip()}")
    assert python.exists(), "run `make env-dev` first (tools/setup_google.sh)"
    return str(python)
