"""The defects a collector named are found, row by row."""

from pathlib import Path

from tools.quality_recall import judged_days, refused_rows

NAMED = Path(__file__).parent / "data" / "named_defects"


def test_given_rows_named_as_defects_when_read_among_good_ones_then_each_is_refused() -> None:
    found = {one.defect: one for one in refused_rows(NAMED)}

    assert set(found) == {"conflicting_pull", "zero_price_placeholder", "zero_volume_fill_in_closing_auction"}
    assert all(one.rows == one.found > 0 for one in found.values())
    assert found["zero_price_placeholder"].by == {"bad_value (price <= 0)": found["zero_price_placeholder"].rows}


def test_given_days_of_two_scales_when_judged_then_they_are_found_and_clean_days_raise_nothing() -> None:
    named, alarms = judged_days(NAMED)

    mixed = next(one for one in named if one.defect.startswith("scales mixed"))
    assert (mixed.rows, mixed.found, mixed.by["scale_mix"]) == (2, 2, 2)
    assert alarms.rows > 300
    assert alarms.rules == {}
