"""`hantrade certs`: an authority of one's own, certificates for machines, tokens for people."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.security.guard import today
from broker.security.roles import Role
from broker.security.tokens import FILE_NAME, NAME, Token, hashed, new_secret, read_tokens, write_tokens
from cli import secrets
from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.output import emit_json, note, show_table
from domain.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Certificates and tokens of this home (docs/security.md).")

CERT_DAYS, CA_DAYS, MOST_DAYS = 397, 3650, 7300
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, dots and dashes.")]
HostsOption = Annotated[
    list[str] | None, typer.Option("--host", help="Name or address callers dial; repeatable. This machine always is.")
]
DaysOption = Annotated[int, typer.Option("--days", help="How long it is valid.", min=1, max=MOST_DAYS)]


@app.command("init")
def init(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new authority; the old one stays trusted until `retire`.")
    ] = False,
    days: DaysOption = CA_DAYS,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a certificate authority in the home's folder `certs`.

    Example: hantrade certs init
    """
    from cli.authority import Authority, now_utc

    authority = Authority(home / "certs")
    authority.create(now_utc(), days, beside_old=rotate)
    note(f"wrote {authority.ca} (to every machine) and {authority.ca_key} (to no machine; keep a copy elsewhere)")
    if rotate:
        note("1. copy ca.pem to every machine  2. `certs renew` each certificate and copy it  3. `certs retire`")


@app.command("server")
def server(
    name: NameArgument, host: HostsOption = None, days: DaysOption = CERT_DAYS, home: HomeOption = DEFAULT_HOME
) -> None:
    """Make the certificate of a machine that serves: a broker's, or the trader's for its desk.

    It is good for calling too, as a trader calls its broker.
    Example: hantrade certs server office-pc --host 192.168.0.10
    """
    from cli.authority import LOCAL, Authority, now_utc

    authority = Authority(home / "certs")
    files = authority.issue(name, [*LOCAL, *(host or [])], now_utc(), days, server=True)
    _explain(authority.ca, *files, "[security.broker] where the broker runs, [security.desk] where the trader runs")
    note("On a Windows PC with Kiwoom it is broker_win.toml, under [security].")


@app.command("client")
def client(name: NameArgument, days: DaysOption = CERT_DAYS, home: HomeOption = DEFAULT_HOME) -> None:
    """Make the certificate of a machine that only calls: a dashboard's, a recorder's.

    Example: hantrade certs client dashboard
    """
    from cli.authority import Authority, now_utc

    authority = Authority(home / "certs")
    files = authority.issue(name, (), now_utc(), days, server=False)
    _explain(authority.ca, *files, "[security.broker] to call a broker, [security.desk] to call a trader")


@app.command("renew")
def renew(name: NameArgument, days: DaysOption = CERT_DAYS, home: HomeOption = DEFAULT_HOME) -> None:
    """Make a certificate anew, with a new key. A running server uses it from the next connection on.

    Example: hantrade certs renew office-pc
    """
    from cli.authority import Authority, now_utc

    cert, key = Authority(home / "certs").renew(name, now_utc(), days)
    note(f"wrote {cert} and {key}; copy both to where they are used, nothing is restarted")


@app.command("retire")
def retire(home: HomeOption = DEFAULT_HOME) -> None:
    """Stop trusting authorities before the newest one: the last step of a rotation.

    Example: hantrade certs retire
    """
    from cli.authority import Authority

    authority = Authority(home / "certs")
    unready = [one.name for one in authority.listed() if one.kind in ("server", "client") and not one.newest]
    if unready:
        raise ConfigError(f"{', '.join(sorted(unready))}: signed by an old authority; `hantrade certs renew` first")
    gone = authority.retire()
    note(f"{gone} old authorities are trusted no more; copy {authority.ca} to every machine")


@app.command("list")
def list_certs(json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Show every certificate of the folder and how long it is valid.

    Example: hantrade certs list --json
    """
    from cli.authority import SOON_DAYS, Authority, now_utc

    now = now_utc()
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "kind": one.kind,
            "hosts": list(one.hosts),
            "not_after": one.not_after.isoformat(),
            "days_left": (one.not_after - now).days,
            "by": one.by,
            "state": "expired" if one.not_after <= now else "trusted" if one.trusted else "not trusted",
        }
        for one in Authority(home / "certs").listed()
    ]
    if json:
        emit_json(rows)
        return
    columns = [("name", "left"), ("kind", "left"), ("hosts", "left"), ("days left", "right"), ("state", "left")]
    show_table("certificates", columns, [_line(row) for row in rows], "none; `hantrade certs init` makes an authority")
    for row in rows:
        if row["days_left"] < SOON_DAYS:
            way = "init --rotate" if row["kind"] == "authority" else f"renew {row['name']}"
            note(f"{row['name']}: {row['days_left']} days left; `hantrade certs {way}`")


@app.command("token")
def token(
    name: NameArgument,
    role: Annotated[str, typer.Option("--role", help="viewer, operator or trader.")],
    days: Annotated[int, typer.Option("--days", help="Days it is valid; 0 for ever.", min=0, max=MOST_DAYS)] = 0,
    keep: Annotated[bool, typer.Option("--keyring", help="Put it into this machine's keyring too.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a token and show it once. From the first one on, both services of this home ask every caller for one.

    Example: hantrade certs token minji --role operator
    """
    roles = {one.name.lower(): one for one in Role}
    if role not in roles:
        raise ConfigError(f"--role must be one of {', '.join(roles)}, was {role!r}")
    if not NAME.fullmatch(name):
        raise ConfigError(f"NAME must match {NAME.pattern}, was {name!r}")
    tokens = _tokens(home)
    if any(one.name == name for one in tokens):
        raise ConfigError(f"a token {name} exists; `hantrade certs revoke {name}` ends it")
    secret = new_secret()
    if keep:
        secrets.keep("token", secret)
    expires = today() + timedelta(days=days) if days else None
    write_tokens(home / FILE_NAME, (*tokens, Token(name, roles[role], hashed(secret), expires)))
    print(secret)
    note(f"{name}, {role}{f', until {expires}' if expires else ''}: shown once, kept in {home / FILE_NAME} as a hash")
    note("it goes into HANTRADE_TOKEN or the keyring of whoever calls, never onto a command line")


@app.command("tokens")
def tokens_made(json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Show who has a token, and which role.

    Example: hantrade certs tokens
    """
    rows = [
        {"name": one.name, "role": one.role.name.lower(), "expires": _day(one.expires), "state": _state(one)}
        for one in _tokens(home)
    ]
    if json:
        emit_json(rows)
        return
    columns = [("name", "left"), ("role", "left"), ("expires", "left"), ("state", "left")]
    lines = [[str(row[key] or "-") for key in ("name", "role", "expires", "state")] for row in rows]
    nobody = "none: nobody may call until one is made (`hantrade certs token`)"
    everybody = "none: whoever is on this machine may call everything"
    show_table("tokens", columns, lines, nobody if (home / FILE_NAME).exists() else everybody)


@app.command("revoke")
def revoke(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """End a token: its next call is refused, calls that run go on until they end.

    Example: hantrade certs revoke minji
    """
    tokens = _tokens(home)
    left = tuple(one for one in tokens if one.name != name)
    if len(left) == len(tokens):
        names = ", ".join(one.name for one in tokens) or "none"
        raise ConfigError(f"NAME must be one of the tokens ({names}), was {name!r}")
    write_tokens(home / FILE_NAME, left)
    note(f"{name} is known no more{'' if left else '; no token is left, so nobody may call until one is made'}")


def _line(row: dict[str, Any]) -> list[str]:
    return [row["name"], row["kind"], ", ".join(row["hosts"]) or "-", str(row["days_left"]), row["state"]]


def _tokens(home: Path) -> tuple[Token, ...]:
    try:
        return read_tokens(home / FILE_NAME)
    except FileNotFoundError:
        return ()


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _state(one: Token) -> str:
    return "expired" if one.expires is not None and today() >= one.expires else "valid"


def _explain(ca: Path, cert: Path, key: Path, section: str) -> None:
    note(f"wrote {cert} and {key}")
    note(f"copy {ca.name}, {cert.name} and {key.name} into the folder certs of that machine's home, and set there in")
    note(f"hantrade.toml, under {section}:")
    note(f'  ca = "certs/{ca.name}"\n  cert = "certs/{cert.name}"\n  key = "certs/{key.name}"')
