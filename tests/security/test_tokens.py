"""Tokens: shown once, kept as hashes, read again when the file changes, refused when in doubt."""

import stat
from datetime import date
from pathlib import Path

import pytest

from broker.security.callers import CALLER, Caller, named_caller
from broker.security.roles import Role
from broker.security.tokens import Token, TokenBook, hashed, new_secret, read_tokens, write_tokens
from domain.errors import ConfigError, RequestRefused

DAY = date(2026, 7, 14)


def a_book(path: Path | None, day: date = DAY, fixed: tuple[Token, ...] = ()) -> TokenBook:
    return TokenBook(path, lambda: day, fixed)


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def refused(book: TokenBook, metadata: dict[str, str]) -> RequestRefused:
    with pytest.raises(RequestRefused) as found:
        book.identify(metadata)
    assert found.value.code == "UNAUTHENTICATED"
    assert (found.value.field, bool(found.value.value), bool(found.value.allowed)) == ("token", True, True)
    return found.value


def test_given_a_token_when_written_then_its_file_is_private_and_holds_no_secret(tmp_path: Path) -> None:
    path, secret = tmp_path / "home" / "tokens.toml", new_secret()
    made = (Token("minji", Role.OPERATOR, hashed(secret), date(2026, 8, 1)), Token("b.2", Role.VIEWER, hashed("x")))
    write_tokens(path, made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret not in path.read_text()
    assert sorted(read_tokens(path), key=str) == sorted(made, key=str)


def test_given_no_file_when_called_then_everybody_is_a_nameless_trader(tmp_path: Path) -> None:
    book = a_book(tmp_path / "tokens.toml")
    assert not book.asked_for
    assert book.identify({}) == Caller("", Role.TRADER)
    assert book.identify(bearer("whatever")) == Caller("", Role.TRADER)


def test_given_a_file_when_called_then_the_token_tells_name_and_role(tmp_path: Path) -> None:
    path, secret = tmp_path / "tokens.toml", new_secret()
    write_tokens(path, (Token("minji", Role.OPERATOR, hashed(secret), date(2026, 7, 15)),))
    book = a_book(path)
    assert book.identify(bearer(secret)) == Caller("minji", Role.OPERATOR)
    assert book.identify({"authorization": f"bearer  {secret} "}) == Caller("minji", Role.OPERATOR)
    assert refused(book, {}).value == "none"
    assert refused(book, {"authorization": f"Basic {secret}"}).value == "not a bearer token"
    assert refused(book, bearer(new_secret())).value == "unknown"
    assert refused(book, bearer(hashed(secret))).value == "unknown"  # who reads the file cannot call with it
    assert refused(book, bearer("")).value == "unknown"


def test_given_a_last_day_when_it_comes_then_the_token_is_refused(tmp_path: Path) -> None:
    path, secret = tmp_path / "tokens.toml", new_secret()
    write_tokens(path, (Token("minji", Role.TRADER, hashed(secret), DAY),))
    assert a_book(path, date(2026, 7, 13)).identify(bearer(secret)).name == "minji"
    assert refused(a_book(path, DAY), bearer(secret)).value == "expired"


def test_given_a_running_server_when_the_file_changes_then_the_next_call_counts(tmp_path: Path) -> None:
    path, first, second = tmp_path / "tokens.toml", new_secret(), new_secret()
    book = a_book(path)
    write_tokens(path, (Token("a", Role.TRADER, hashed(first)),))  # the first token closes the door
    assert refused(book, {}).value == "none"
    assert book.identify(bearer(first)).name == "a"
    write_tokens(path, (Token("b", Role.VIEWER, hashed(second)),))
    assert refused(book, bearer(first)).value == "unknown"
    assert book.identify(bearer(second)).role is Role.VIEWER


@pytest.mark.parametrize("harm", ["gone", "broken", "empty"])
def test_given_tokens_when_their_file_is_harmed_then_nobody_gets_in(tmp_path: Path, harm: str) -> None:
    path, secret = tmp_path / "tokens.toml", new_secret()
    write_tokens(path, (Token("a", Role.TRADER, hashed(secret)),))
    book = a_book(path)
    if harm == "gone":
        path.unlink()
    else:
        path.write_text("[a" if harm == "broken" else "")
    refused(book, bearer(secret))
    refused(book, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a", "tokens cannot be read"),
        ('[A]\nrole = "viewer"\nsha256 = "' + "0" * 64 + '"', "a token's name must match"),
        (
            '[a]\nrole = "boss"\nsha256 = "' + "0" * 64 + '"',
            "a.role must be one of viewer, operator, trader, was 'boss'",
        ),
        ('[a]\nrole = "viewer"\nsha256 = "00"', "a.sha256 must be 64 hex digits"),
        ('[a]\nrole = "viewer"\nsha256 = "' + "0" * 64 + '"\nexpires = 5', "a.expires must be a date, was 5"),
        ('[a]\nrole = "viewer"\nsha256 = "' + "0" * 64 + '"\nsecret = "s"', "unknown key secret"),
        ("a = 1", "a.role must be one of"),
    ],
)
def test_given_a_file_that_is_wrong_when_a_server_starts_then_the_key_is_named(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as found:
        a_book(path)
    assert told in str(found.value)
    assert str(path) in str(found.value)


def test_given_a_caller_when_named_for_the_log_then_the_token_comes_first() -> None:
    assert named_caller("cli:me", "ipv4:1") == "cli:me"
    assert named_caller("", "ipv4:1") == "ipv4:1"
    before = CALLER.set(Caller("minji", Role.TRADER))
    try:
        assert named_caller("cli:me", "ipv4:1") == "minji (cli:me)"
        assert named_caller("", "ipv4:1") == named_caller("minji", "ipv4:1") == "minji"
        assert named_caller("a\nb\x1b[31m" + "x" * 100, "p") == "minji (ab[31m" + "x" * 56 + ")"
    finally:
        CALLER.reset(before)
