"""Secrets by name: from the environment first, else from the keyring. Never from a file of settings or an argument."""

import os

from broker.security.redaction import remember
from domain.errors import ConfigError

SERVICE = "hantrade"  # in the keyring
NAVER_ID, NAVER_SECRET = "naver-client-id", "naver-client-secret"  # of the host in [trends]
VARIABLES = {
    "token": "HANTRADE_TOKEN",
    "broker-token": "HANTRADE_BROKER_TOKEN",
    NAVER_ID: "HANTRADE_NAVER_CLIENT_ID",
    NAVER_SECRET: "HANTRADE_NAVER_CLIENT_SECRET",
}


def variable_of(name: str) -> str:
    """Give the environment variable of a secret: broker-token is HANTRADE_BROKER_TOKEN."""
    return VARIABLES[name]


def get(name: str) -> str:
    """Give a secret. Raises ConfigError saying where it may be put."""
    found = find(name)
    if not found:
        raise ConfigError(f"secret {name} is not set: put it into {variable_of(name)} or into the keyring ({SERVICE})")
    return found


def find(name: str, *, keyring: bool = True) -> str:
    """Give a secret, or an empty text; without a usable keyring there is only the environment."""
    found = os.environ.get(variable_of(name), "").strip()
    if not found and keyring:
        found = _from_keyring(name)
    return remember(found)


def keep(name: str, secret: str) -> None:
    """Put a secret into the keyring. Raises ConfigError when there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, name, remember(secret))
    except (KeyringError, RuntimeError) as error:
        hint = f"use {variable_of(name)} instead"
        raise ConfigError(f"the keyring of this machine cannot be used ({type(error).__name__}); {hint}") from None


def _from_keyring(name: str) -> str:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, name) or ""
    except (KeyringError, RuntimeError):  # a server without a desktop has none
        return ""
