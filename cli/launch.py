"""The entry point of the command: it catches Ctrl-C also while the rest is still being imported."""

import sys


def run() -> None:
    """Run `hantrade`."""
    try:
        from cli.main import run as run_command

        run_command()
    except KeyboardInterrupt:
        print("hantrade: interrupted", file=sys.stderr)
        sys.exit(130)
