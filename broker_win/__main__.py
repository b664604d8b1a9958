"""`python -m broker_win`: the Windows broker's own commands, for a PC that has nothing else of hantrade's."""

import argparse
import logging
import os
import sys
import threading
from pathlib import Path

from broker_win import config_file
from broker_win.config_file import FILE_NAME, WinSettings
from broker_win.exit_codes import ExitCode
from domain.errors import ConfigError, HantradeError

FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; give the exit code. Errors are one line on stderr."""
    chosen = _parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except ConfigError as error:
        sys.stderr.write(f"broker_win: {error}\n")
        return ExitCode.CONFIG
    except HantradeError as error:
        sys.stderr.write(f"broker_win: {error}\n")
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m broker_win", description="Kiwoom's OpenAPI+ as BrokerService.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="start the host and watch it; what the scheduled task runs")
    serve.set_defaults(run=_serve)
    host = commands.add_parser("host", help="the host itself; started by `serve`")
    host.add_argument(
        "--emulator", metavar="HOST:PORT", default="", help="play Kiwoom; its servers are broker_sim there"
    )
    host.add_argument("--faults", type=Path, help="how the emulated Kiwoom behaves, TOML")
    host.add_argument("--openapi", type=Path, help="folder of the emulated OpenAPI+ and of its windows")
    host.set_defaults(run=_host)
    update = commands.add_parser("update", help="lead a person through a version update of OpenAPI+")
    update.add_argument("--openapi", type=Path, default=None, help=r"OpenAPI+'s folder (C:\OpenAPI)")
    update.set_defaults(run=_update)
    check = commands.add_parser("check-config", help="check the configuration and say what holds")
    check.set_defaults(run=_check)
    example = commands.add_parser("example", help="print a commented configuration to begin with")
    example.set_defaults(run=_example)
    for command in (serve, host, update, check):
        command.add_argument("--config", type=Path, default=Path(FILE_NAME), help=f"default: {FILE_NAME} here")
    return parser


def _serve(chosen: argparse.Namespace) -> int:
    from broker_win.console import switch_quick_edit_off
    from broker_win.serving import Surroundings, log_here, serve

    switch_quick_edit_off()
    settings = config_file.load(chosen.config)
    log_here(settings.beside(settings.host.log) if settings.host.log else None)
    return serve(settings, Surroundings())


def _host(chosen: argparse.Namespace) -> int:
    from broker_win.host import real_kiwoom, run

    settings = config_file.load(chosen.config)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    kiwoom = real_kiwoom()
    if chosen.emulator:
        from broker_win.emulator.host_side import emulated_kiwoom

        kiwoom = emulated_kiwoom(chosen.emulator, chosen.faults, chosen.openapi or settings.beside("openapi"))
    code = run(settings, kiwoom)
    logging.shutdown()
    os._exit(code)  # Qt and the control are known to hang while they are taken down; nothing is left to do


def _update(chosen: argparse.Namespace) -> int:
    from broker_win.serving import host_command
    from broker_win.supervisor import RealProcess
    from broker_win.update import DEFAULT_FOLDER, HOLD_NAME, Person, Update

    settings = config_file.load(chosen.config)
    command = host_command(settings)

    def tell(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def wait(text: str) -> None:
        tell(text)
        if not sys.stdin.readline():
            raise ConfigError("update: a person at the keyboard is expected, stdin has ended")

    update = Update(
        chosen.openapi or DEFAULT_FOLDER,
        settings.beside(HOLD_NAME),
        lambda: RealProcess(command, {}, threading.Event()),
        Person(tell, wait),
    )
    return 0 if update.run() else FAILED


def _check(chosen: argparse.Namespace) -> int:
    settings = config_file.load(chosen.config)
    settings.security().check_host(settings.broker.host)
    for line in _told(settings):
        sys.stdout.write(f"{line}\n")
    return 0


def _told(settings: WinSettings) -> list[str]:
    broker = settings.broker
    return [
        f"{settings.path}: nothing is wrong with it",
        f"server: {broker.server_kind.lower()}, account {broker.account[-4:] or 'the only one'}",
        f"listens on {broker.host}:{broker.port}, {'TLS' if settings.protection.ca else 'plain text'}",
        f"journal: {broker.journal}",
        f"rests (KST): {', '.join(broker.rest_windows) or 'never'}",
        f"host runs in: {settings.host.python or sys.executable}",
    ]


def _example(_chosen: argparse.Namespace) -> int:
    sys.stdout.write(config_file.EXAMPLE.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
