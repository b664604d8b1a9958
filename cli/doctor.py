"""`hantrade doctor`: what is well here and at the broker, one line each with the remedy."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from broker.port import Diagnosis, DiagnosisState
from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.home import Home
from cli.output import emit_json
from cli.settings_tables import check_endpoint
from domain.accounts import mark_of
from domain.errors import ConfigError, HantradeError
from domain.types import ServerKind

OK, WARNING, FAILED, NOT_KNOWN = DiagnosisState
WORDS: Final = {OK: "ok", WARNING: "look", FAILED: "FAIL", NOT_KNOWN: "-"}
LEAST_FREE: Final = 2**30  # bytes: some weeks of logs


def doctor(
    broker: Annotated[bool, typer.Option("--broker", help="Look at the broker, too, through the wire.")] = False,
    endpoint: Annotated[str, typer.Option("--endpoint", help="HOST:PORT; default: where orders go.")] = "",
    order: Annotated[
        bool,
        typer.Option("--order/--no-order", help="Place an order far from the market and cancel it (never for real)."),
    ] = True,
    trends: Annotated[
        bool,
        typer.Option("--trends/--no-trends", help="Ask Naver once, when there are keys; it costs a call of the quota."),
    ] = True,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> int:
    """Look at this machine, and with --broker at the broker. Exit code 1 when something failed, 3 without a broker.

    Where Naver's keys are set, one small request tries them: it costs a call of the day's quota.

    Example: hantrade doctor --broker --endpoint 192.168.0.20:50051
    """
    if endpoint:
        if not broker:
            raise ConfigError("--endpoint names a broker to look at: --broker is expected with it")
        check_endpoint(endpoint)
    worst = Exit.DONE
    findings = [_here(home), _trends(home, trends), *([_broker(home, endpoint, order)] if broker else [])]
    for one in (finding for group in findings for finding in group):
        _show(one, json)
        if one.state is FAILED:
            worst = Exit.UNAVAILABLE if one.name == "reachable" else worst or Exit.REFUSED
    return worst


def _here(home: Path) -> Iterator[Diagnosis]:
    from cli.settings import load

    try:
        _, watchlist = load(home)
    except HantradeError as error:
        yield Diagnosis("settings", FAILED, str(error), "the line names the file, the key and what is allowed")
    else:
        watched = f"{len(watchlist.instrument)} instruments watched" if watchlist.instrument else "all are watched"
        yield Diagnosis("settings", OK, f"{home}: readable, {watched}")
    place = home if home.exists() else home.absolute().parent
    free = shutil.disk_usage(place).free if place.exists() else 0
    told = f"{free / 2**30:.1f} GiB free"
    if free < LEAST_FREE:
        yield Diagnosis("disk", WARNING, told, "make room: a full disk closes the gate")
    else:
        yield Diagnosis("disk", OK, told)
    running = Home(home).running("trader")
    yield Diagnosis("trader", OK, f"runs, pid {running.pid}" if running else "none runs in this home")


def _trends(home: Path, asks: bool) -> Iterable[Diagnosis]:
    from cli.doctor_trends import TrendsDoctor
    from cli.settings import load

    try:
        settings, watchlist = load(home)
    except HantradeError:
        return []  # told already
    return TrendsDoctor(settings.trends, watchlist, home).look(asks=asks)


def _broker(home: Path, endpoint: str, order: bool) -> Iterable[Diagnosis]:
    from cli.doctor_broker import BrokerDoctor
    from cli.protection import access_of
    from cli.settings import load

    try:
        settings, watchlist = load(home)
        access = access_of(home, settings, "broker")
        target = endpoint or settings.broker.orders or settings.broker.quotes
    except HantradeError as error:
        return [Diagnosis("reachable", FAILED, str(error), "mend the settings first")]
    kind = settings.broker.server
    symbols = tuple(item.symbol for item in watchlist.instrument)
    with_order = order and Home(home).running("trader") is None  # a trader would find an order that is not its own
    expected, account = ServerKind(kind.upper()) if kind else None, mark_of(settings.broker.account)
    why_not = "" if with_order else "a trader runs in this home" if order else "not asked for"
    return BrokerDoctor(target, access, symbols, expected, account).look(why_no_order=why_not)


def _show(one: Diagnosis, as_json: bool) -> None:
    if as_json:
        emit_json([{"name": one.name, "state": str(one.state), "detail": one.detail, "remedy": one.remedy}])
        return
    remedy = f" -> {one.remedy}" if one.remedy and one.state is not OK else ""
    print(f"{WORDS[one.state]:<5} {one.name:<17} {one.detail}{remedy}", flush=True)
