"""Books against the broker's lists in real processes: audits in READY, and a person who asks."""

from pathlib import Path

import pytest

from tests.processes.harness import a_place, stopped, wait_until


def test_given_a_running_trader_when_books_are_compared_then_audits_and_people_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANTRADE_RECONCILE__AUDIT_MS", "1000")
    with a_place(tmp_path, orders_at_broker=False) as place:
        place.broker()
        trader = place.trader()
        place.until()
        place.submit("buy", "001430", "3")
        found = place.run("reconcile", "--json").json
        assert (found["kind"], found["agreed"], found["differences"]) == ("manual", True, [])
        assert found["day_orders"] == 1
        assert place.run("reconcile", "--dry-run").code == 0

        def audited() -> bool:
            rows = place.run("log", "grep", "--type", "ReconcileReported", "--json").rows
            return any(row["payload"]["kind"] == "audit" and row["payload"]["run"] for row in rows)

        wait_until(audited, "an audit")
        stopped(place, trader)
        reports = place.run("log", "grep", "--type", "ReconcileReported", "--json").rows
        assert all(row["payload"]["agreed"] and not row["payload"]["differences"] for row in reports)
        assert place.run("log", "replay").code == 0
