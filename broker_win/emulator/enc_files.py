"""Writes the TR definitions the way OpenAPI+ installs them: `data/*.enc`, zips of one text in cp949 (kiwoom.md 1.0).

The text has a block per record: a line that names it, `@START_NAME=...`, one `FIELD = ...` per line, `@END_NAME=...`.
pykiwoom's parser takes the line above `@START` as the kind of the block and the text behind the first `_` up to `=` as
the name of its record.
"""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from broker_win.emulator.definitions import Definition, definitions

STAMP: Final = (1980, 1, 1, 0, 0, 0)  # the same bytes every time


def write_enc_files(module_path: Path, trs: Mapping[str, Definition] | None = None) -> None:
    """Write the file of every TR under `module_path`/data, unless it is there already, each whole or not at all."""
    folder = module_path / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for code, definition in (definitions() if trs is None else trs).items():
        path = folder / f"{code}.enc"
        if path.exists():
            continue
        rough = path.with_suffix(".part")
        with zipfile.ZipFile(rough, "w", zipfile.ZIP_DEFLATED) as packed:
            # cp949 lacks nothing these definitions use; a file that cannot be written so is our own mistake.
            packed.writestr(zipfile.ZipInfo(f"{code.upper()}.dat", STAMP), enc_text(definition).encode("cp949"))
        rough.replace(path)


def enc_text(definition: Definition) -> str:
    """Give the text of one definition."""
    code = definition.trcode.upper()
    lines = [f"[TRINFO]\nTRName={definition.name}\nTRCode={code}\nTitle={definition.name}"]
    lines.append(_block("INPUT", definition.name, "", definition.inputs))
    if definition.single:
        lines.append(_block("OUTPUT", definition.single_record, "*,*,*", definition.single))
    if definition.multi:
        lines.append(_block("OUTPUT", definition.multi_record, f"*,*,{definition.most_rows}", definition.multi))
    return "\n".join(lines) + "\n"


def _block(kind: str, record: str, layout: str, fields: Iterable[str]) -> str:
    body = "\n".join(f"{name:<12}= {number}, 0, 20, A" for number, name in enumerate(fields))
    return f"[{kind}]\n@START_{record}={layout}\n{body}\n@END_{record}={layout}"
