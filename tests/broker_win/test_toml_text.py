"""What is written as TOML reads back as it was."""

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from broker_win import config_file
from broker_win.toml_text import table_of, text_of

KEYS = st.one_of(
    st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
VALUES = st.one_of(SCALARS, st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=3))
TABLES = st.dictionaries(
    KEYS,
    st.one_of(
        VALUES,
        st.dictionaries(KEYS, VALUES, max_size=3),
        st.lists(st.dictionaries(KEYS, VALUES, max_size=2), min_size=1, max_size=2),
    ),
    max_size=4,
)


@given(TABLES)
def test_for_any_tables_what_is_written_reads_back(tables: dict[str, Any]) -> None:
    assert tomllib.loads(text_of(tables)) == tables


def test_given_settings_when_written_as_tables_then_the_reader_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "broker_win.toml"
    before = config_file.settings_of({"broker": {"port": 7, "symbols": ["005930"]}}, path)
    broker = before.broker
    tables = {
        "broker": table_of(broker, config_file.NOT_IN_FILE),
        "limits": table_of(broker.limits),
        "unknowns": table_of(broker.unknowns),
        "watch": table_of(before.watch),
        "rest": {"windows": broker.rest_windows},
        "dialogs": None,
    }
    path.write_text(text_of(tables), encoding="utf-8")
    assert config_file.load(path).broker == broker
