"""After a resume the gate may be open while the loss of the day still denies entries: both commands say so."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.main import app
from cli.status import show_status, status_json
from hantrade.v1 import desk_pb2, types_pb2
from tests.cli.demo_house import runner

WHY = "DAILY_LOSS: 525,000 KRW are lost, the limit is 500,000 KRW, until the loss is below the limit"


@pytest.mark.parametrize("why", [WHY, ""])
def test_given_an_open_gate_when_the_loss_denies_entries_then_status_says_why(
    why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = desk_pb2.TraderStatus(gate=types_pb2.GATE_OPEN, entries_denied=why)
    show_status(status, running=True)
    assert ("entries are denied" in capsys.readouterr().out) == bool(why)
    told = status_json(status, running=True)
    assert (told["gate"], told["entries_denied"]) == ("OPEN", why)


@pytest.mark.parametrize(("why", "said"), [(WHY, f"; entries are denied all the same: {WHY}"), ("", "")])
def test_given_a_resume_when_the_loss_still_denies_entries_then_the_answer_says_why(
    why: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = desk_pb2.ResumeResponse(gate=types_pb2.GATE_OPEN, entries_denied=why)
    monkeypatch.setattr("cli.trader.desk_of", lambda _: nullcontext(SimpleNamespace(call=lambda *_: answer)))
    done = runner.invoke(app, ["resume", "--note", "looked", "--home", str(tmp_path)])
    assert done.stderr == f"resumed; gate OPEN{said}\n"
