"""The consents real money needs: `--live`, the account typed by a person, and a broker that is what settings say.

Each is asked for at every start. A later change of the broker's kind or account is refused by the connection
supervisor. Nothing is composed and no log begun before all of them hold.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from broker.client import BrokerClient
from broker.retries import Budget
from cli.output import note
from cli.protection import access_of
from domain.accounts import mark_of
from domain.errors import ConfigError, RequestRefused
from domain.messages.link import SessionInfo
from domain.types import ServerKind

if TYPE_CHECKING:
    from cli.settings import Settings

ANSWER_S: Final = 5.0


def require_consents(home: Path, typed: str | None = None) -> str:
    """Ask for what is missing and check all of it; gives the account as typed.

    `typed` is what a person typed already. Raises ConfigError for settings, RequestRefused CONSENT for a consent that
    does not hold, BrokerUnavailable when the broker cannot be asked.
    """
    from cli.settings import load

    settings, _ = load(home)
    _settings_agree(settings, home)
    account = settings.broker.account
    answer = _typed(account) if typed is None else typed
    if answer != account:
        raise RequestRefused(
            "CONSENT", "what was typed is not the account of [broker] account; nothing was started", field="account"
        )
    _broker_agrees(_session_of(settings, home), account)
    return answer


def _settings_agree(settings: "Settings", home: Path) -> None:
    broker = settings.broker
    if broker.server != "real":
        raise ConfigError(
            f'{home}/hantrade.toml: [broker] server must be "real" to trade real money, was {broker.server!r}'
        )
    if not broker.account:
        raise ConfigError(f"{home}/hantrade.toml: [broker] account must be ten digits to trade real money")


def _typed(account: str) -> str:
    """Let a person type the account: on a terminal after a question, else the next line of stdin."""
    note(f"REAL MONEY: orders will go to the account that ends in {mark_of(account).end}.")
    note("Type its ten digits to agree; anything else starts nothing.")
    return sys.stdin.readline().strip().replace("-", "")


def _session_of(settings: "Settings", home: Path) -> SessionInfo:
    target = settings.broker.orders or settings.broker.quotes
    client = BrokerClient(target, ANSWER_S, Budget(), access_of(home, settings, "broker"))
    try:
        return client.session()
    finally:
        client.close()


def _broker_agrees(session: SessionInfo, account: str) -> None:
    if not session.logged_in:
        why = session.trouble or "it does not say why"
        raise RequestRefused("CONSENT", f"the broker is not logged in, so its server is not known: {why}")
    if session.server_kind is not ServerKind.REAL:
        raise RequestRefused(
            "CONSENT",
            f'[broker] server is "real", the broker is on a {session.server_kind} server; nothing was started',
            field="server",
            value=session.server_kind,
            allowed=ServerKind.REAL,
        )
    if not session.account_check:
        raise RequestRefused("CONSENT", "the broker does not tell enough of its account to compare it", field="account")
    if not mark_of(account).fits(session.account, session.account_check):
        raise RequestRefused(
            "CONSENT", f"the broker trades on {session.account}, not on the account that was typed", field="account"
        )
