"""The measurement of a year's report: small enough to count, never timed."""

import json
import tempfile
from pathlib import Path

import pytest

from bench import report_year
from bench.made_year import made_year


def test_given_a_made_year_when_reported_then_every_trade_order_and_reaction_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("bench.made_year.SESSIONS", 3)
    folder = made_year(12)
    assert made_year(12) == folder
    found = report_year.report(folder)
    report_year.check(json.loads(json.dumps(found)), 12)
    assert found["days"] == 3
    with pytest.raises(RuntimeError, match="'trades': 13"):
        report_year.check(found, 13)
