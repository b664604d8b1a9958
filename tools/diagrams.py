"""Write docs/machines/*.md from the tables of `fsm/`. With `--check`, exit 1 when a page is stale."""

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fsm.machine import Table  # noqa: E402  # the root is not on the path of a script
from fsm.machines import MACHINES  # noqa: E402  # as above

PAGES = ROOT / "docs" / "machines"


def page(table: Table[Any]) -> str:
    """Give the page of one machine: theory, states, table, diagram."""
    states = ", ".join(f"{state}{'*' if table.is_final(state) else ''}" for state in table.states)
    moves = "\n".join(f"| {row.trigger} | {row.source} | {row.dest} |" for row in table.rows())
    return (
        f"# {table.name}\n\n"
        f"Generated from `fsm/{table.name}.py` by `tools/diagrams.py`; do not edit.\n\n"
        f"{table.theory}\n\n"
        f"States (* final): {states}. It starts in {table.initial}.\n\n"
        f"| trigger | from | to |\n|---|---|---|\n{moves}\n\n"
        f"```mermaid\n{table.mermaid()}```\n"
    )


def stale(folder: Path) -> list[str]:
    """Name the pages in a folder that are missing, differ from their table, or have none."""
    wanted = {f"{name}.md": page(table) for name, table in MACHINES.items()}
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main() -> int:
    """Write or check the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    if parser.parse_args().check:
        names = stale(PAGES)
        for name in names:
            print(f"docs/machines/{name} is stale: run tools/diagrams.py", file=sys.stderr)
        return 1 if names else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, table in MACHINES.items():
        (PAGES / f"{name}.md").write_text(page(table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
