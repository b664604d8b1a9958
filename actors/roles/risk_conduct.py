"""What the risk manager answers to people about conduct: shares put under its care, manual mode, signs of life."""

from typing import Any

from domain.messages import Message, Stamp
from domain.messages.operator import ClaimRequested, CommandAnswered, ManualModeRequested, PresenceReported
from domain.messages.risk import HoldingClaimed, ManualModeChanged
from domain.risk import RiskState


def outputs(state: RiskState, message: Any, _: Stamp) -> list[Message]:
    """Answer people who claim a holding or trade alone; a command that was answered before gets that answer."""
    if isinstance(message, PresenceReported):
        return [CommandAnswered(message.command_id, True, "", "heard", "")]
    if not isinstance(message, ClaimRequested | ManualModeRequested):
        return []
    earlier = state.answers.get(message.command_id)
    if earlier is not None:
        return [earlier]
    return _claim(state, message) if isinstance(message, ClaimRequested) else _manual(state, message)


def _claim(state: RiskState, asked: ClaimRequested) -> list[Message]:
    refused = _claim_refused(state, asked)
    if refused is not None:
        return [CommandAnswered(asked.command_id, False, *refused, "")]
    held, symbol = state.positions[asked.symbol], asked.symbol
    before = state.conduct.holdings.of(symbol)
    text = f"{asked.quantity:,} of {held:,} held shares of {symbol} are ours, {before:,} were"
    if not state.conduct.leaves_foreign:
        text += "; all of them may be sold while risk.leave_foreign is off"
    if symbol in state.config.risk.never_sell:
        text += "; it is marked never to sell"
    claimed = HoldingClaimed(symbol, asked.quantity, asked.caller, asked.note)
    return [claimed, CommandAnswered(asked.command_id, True, "", text, "")]


def _claim_refused(state: RiskState, asked: ClaimRequested) -> tuple[str, str] | None:
    """Say why a claim is refused, as code and words; None when it is not."""
    symbol, quantity = asked.symbol, asked.quantity
    held = state.positions.get(symbol, 0)
    if not asked.note.strip():
        return "NOTE_NEEDED", "a claim expects a note that says where the shares came from"
    if held <= 0:
        return "HOLDING", f"no share of {symbol!r} is held: there is nothing to claim"
    if not 0 <= quantity <= held:
        return "QUANTITY", f"shares that are to be ours expected 0 to the {held:,} held of {symbol}, was {quantity:,}"
    selling = state.selling(symbol) - state.selling_elsewhere(symbol)
    if quantity < selling:
        return (
            "SELLING",
            f"{selling:,} shares of {symbol} are in open sells of ours, was {quantity:,}: cancel them first",
        )
    return None


def _manual(state: RiskState, asked: ManualModeRequested) -> list[Message]:
    word = "on" if asked.is_on else "off"
    if asked.is_on is state.conduct.manual_mode:
        return [CommandAnswered(asked.command_id, True, "", f"manual mode is {word} already", "")]
    text = "only a person enters; exits and stops go on" if asked.is_on else "strategies may enter again"
    changed = ManualModeChanged(asked.is_on, asked.caller, asked.note)
    return [changed, CommandAnswered(asked.command_id, True, "", f"manual mode is {word}: {text}", "")]
