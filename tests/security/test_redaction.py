"""Planted secrets reach no sink: process log, tracebacks, errors of commands, the wire, and the event log."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from actors.edges.alert_sender import AlertSender
from broker.security import redaction
from broker.security.redaction import masked, redacted, remember
from broker.security.tokens import new_secret
from broker.statuses import read_error, status_of
from broker.translate import broker as wire
from broker.translate.facts import read_fact, write_fact
from cli import main
from cli.logging import StderrHandler, set_up_logging
from domain.errors import BrokerUnavailable, ConfigError, HantradeError, RequestRefused
from domain.messages.link import SessionInfo
from domain.messages.orders import OrderRejected
from domain.messages.trading import NoticeRaised
from domain.types import ClientOrderId, Gate, ServerKind, Severity, UnixNanos, VenuePhase

ACCOUNT = "8012345611"
TOKEN = "ht_Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0"
APP_KEY = "PS0KmWvQe7LxYbVt"
PASSWORD = "correct horse battery"  # remembered, as what the keyring gave; its shape tells nothing
PLANTED = (
    f"account {ACCOUNT} (8012-3456-11, 80123456-11), Authorization: Bearer {TOKEN}, appkey={APP_KEY}, "
    f'{{"secretkey": "{APP_KEY}"}}, pw {PASSWORD}, token {TOKEN}\n'
    f"-----BEGIN EC PRIVATE KEY-----\n{APP_KEY}\n-----END EC PRIVATE KEY-----"
)
SECRETS = (ACCOUNT, "8012-3456-11", "80123456-11", TOKEN, APP_KEY, PASSWORD)


def assert_clean(text: str) -> None:
    """Fail when a planted secret is in a text, and when nothing of what was planted with it is."""
    assert "5611" in text, "the last digits tell accounts apart"
    for secret in SECRETS:
        assert secret not in text, secret


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_remembered", set())
    remember(PASSWORD)


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Give what the process log wrote; logging is put back afterwards."""
    kept = (logging.root.handlers[:], logging.root.level, sys.excepthook, threading.excepthook)
    set_up_logging()
    yield lambda: capsys.readouterr().err
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level, sys.excepthook, threading.excepthook = kept


# ---- what is a secret ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("계좌번호 8012345611로 주문", "계좌번호 ***5611로 주문"),
        ("account=8012345611;", "account=***5611;"),
        ("acct:80123456", "acct:***3456"),
        ("801234561", "***4561"),
        ("8012-3456-11", "***5611"),
        ("Bearer abcdef.ghi", "Bearer ***"),
        ("authorization: bearer abcdefgh", "authorization: ***"),
        ("app_key='x y' and", "app_key=*** and"),
        ('"appkey": "abc", "n": 1', '"appkey": ***, "n": 1'),
        ("HANTRADE_TOKEN=abc", "HANTRADE_TOKEN=***"),
        (f"a {TOKEN}.", "a ***."),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "***"),
        ("-----BEGIN PRIVATE KEY-----\nabc", "***"),
    ],
)
def test_given_a_secret_when_redacted_then_it_is_hidden(text: str, clean: str) -> None:
    assert redacted(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "10,000,000 KRW on 20260714 at 09:00:00.123456789",
        "cash 10000000 KRW, 12345678 shares, 1234567 and 12345678901",
        "paper-20260714-093000.db at 127.0.0.1:50051",
        "head 3f9a1234567890ab, order 0000123, run 1a2b3c4d",
        "0.12345678",
        "a token made by `hantrade certs token`",
        "the password is wrong",
    ],
)
def test_given_no_secret_when_redacted_then_the_text_stays(text: str) -> None:
    assert redacted(text) == text


def test_given_a_text_about_one_field_when_redacted_then_digits_stay_unless_it_is_the_account() -> None:
    assert redacted("quantity must be 1 to 10, was 12345678", "quantity") == "quantity must be 1 to 10, was 12345678"
    assert redacted("account is 8012345611", "account") == "account is ***5611"
    assert redacted(f"note {TOKEN}", "note") == "note ***"


@given(st.text(max_size=60) | st.text("0123456789-=: bearetokn,.'\"{}", max_size=60))
def test_for_any_text_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@given(st.integers(10**7, 10**10 - 1).map(str), st.sampled_from(["", "no. ", "계좌 ", "account=", "("]))
def test_for_any_account_number_only_the_last_digits_stay(account: str, before: str) -> None:
    said = redacted(f"{before}{account}")
    assert said in (f"{before}{masked(account)}", f"{before}{account}")
    assert (account in said) == bool(redaction._DAY.fullmatch(account))


@given(st.binary(max_size=0).map(lambda _: new_secret()))
def test_for_any_token_it_is_known_by_its_prefix(secret: str) -> None:
    assert redacted(f"x {secret} y") == "x *** y"


# ---- every sink ----------------------------------------------------------------------------------------------


def test_given_secrets_when_logged_then_no_line_holds_them(stderr: Callable[[], str]) -> None:
    logger = structlog.get_logger("test")
    logger.warning(PLANTED, note=PLANTED, app_key=APP_KEY, account_no=int(ACCOUNT), kept={"nested": PLANTED})
    try:
        raise ValueError(PLANTED)
    except ValueError:
        logger.exception("it failed")
    written = stderr()
    assert_clean(written)
    assert "ValueError" in written


def test_given_secrets_nobody_could_know_when_a_verbose_log_has_a_traceback_then_no_local_variable_is_shown(
    stderr: Callable[[], str],
) -> None:
    """A client id of Naver is letters and digits like any other word: only where it stands gives it away."""
    set_up_logging(verbose=True)
    headers = {"X-NCP-APIGW-API-KEY-ID": "kq7" * 3}
    try:
        raise ValueError(len(headers))
    except ValueError:
        structlog.get_logger("test").exception("it failed")
    written = stderr()
    assert "ValueError" in written
    assert "kq7kq7" not in written


def test_given_secrets_when_a_library_logs_them_then_no_line_holds_them(stderr: Callable[[], str]) -> None:
    log = logging.getLogger("grpc._server")
    log.warning("metadata %s", PLANTED)
    try:
        raise ValueError(PLANTED)
    except ValueError:
        log.exception("Exception calling application")
    mistaken = logging.LogRecord("lib", logging.ERROR, "", 1, "%d calls of %s", (PLANTED, PLANTED), None)
    StderrHandler().handle(mistaken)
    written = stderr()
    assert_clean(written)
    assert "Traceback" in written
    assert "could not be formatted: %d calls" in written


def test_given_secrets_when_nobody_catches_the_exception_then_its_traceback_holds_none(
    stderr: Callable[[], str],
) -> None:
    def fail() -> None:
        raise ValueError(PLANTED)

    thread = threading.Thread(target=fail, name="edge")
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    written = stderr()
    assert written.count("ValueError: ") == 2
    assert "thread edge ended by an exception" in written
    assert_clean(written)


def test_given_secrets_when_a_person_is_alerted_then_the_alert_holds_none(stderr: Callable[[], str]) -> None:
    AlertSender().on_receive(NoticeRaised(Severity.ALERT, "orders", PLANTED))
    assert_clean(stderr())


@pytest.mark.parametrize("error", [ConfigError(PLANTED), BrokerUnavailable(PLANTED), ValueError(PLANTED)])
def test_given_secrets_when_a_command_fails_then_its_line_holds_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr("cli.main.app", fail)
    with pytest.raises(SystemExit):
        main.run()
    assert_clean(capsys.readouterr().err)


@pytest.mark.parametrize(
    "error",
    [BrokerUnavailable(PLANTED), RequestRefused("CODE", PLANTED, field="account", value=PLANTED, allowed=PLANTED)],
)
def test_given_secrets_when_a_call_fails_then_its_status_and_details_hold_none(error: Any) -> None:
    status = status_of(error)
    metadata: Any = status.trailing_metadata
    [(_, packed)] = metadata
    assert_clean(f"{status.details} {packed.decode('utf-8', 'replace')}")


class Failure(grpc.RpcError):
    """A call that failed at a foreign server, which does not redact."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return PLANTED

    def trailing_metadata(self) -> tuple[()]:
        return ()


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.FAILED_PRECONDITION])
def test_given_secrets_when_a_foreign_server_tells_them_then_what_the_event_log_gets_holds_none(
    code: grpc.StatusCode,
) -> None:
    error: HantradeError = read_error(Failure(code), "here")
    assert_clean(str(error))


def test_given_secrets_when_a_broker_puts_them_into_a_rejection_then_the_event_and_the_notice_hold_none() -> None:
    fact = OrderRejected("j", 1, UnixNanos(5), ClientOrderId("o"), "RC", PLANTED)
    event = write_fact(fact)
    assert_clean(event.rejected.text)
    event.rejected.text = PLANTED  # of a broker that does not redact
    read = read_fact(event, "j")
    assert isinstance(read, OrderRejected)
    assert_clean(read.text)


def test_given_an_account_when_a_session_is_told_then_it_is_masked() -> None:
    session = SessionInfo(ServerKind.MOCK, True, ACCOUNT, UnixNanos(1), VenuePhase.CLOSED, "j", 4, Gate.OPEN, "r", None)
    assert wire.write_session(session).account == "***5611"
