"""Settings of risk: tables of stops and of the account, the file of sectors, and what is refused."""

from pathlib import Path

import pytest

from cli.settings import configured, load, resolve
from domain.errors import ConfigError
from domain.risk_config import AccountConfig, RiskConfig, StopTerms


def risk_of(home: Path, text: str = "") -> RiskConfig:
    (home / "hantrade.toml").write_text(text)
    return resolve(*load(home), "paper", "SIMULATED").risk


def test_given_no_settings_when_resolved_then_the_limits_of_the_owner_hold(tmp_path: Path) -> None:
    risk = risk_of(tmp_path)
    assert (risk.daily_loss_ppm, risk.account.drawdown_ppm, risk.account.is_on) == (50_000, 100_000, True)
    assert (risk.account.warn_ppm, risk.account.reduce_ppm) == ((600_000, 800_000), 900_000)
    assert risk.stops == StopTerms(stop_loss_ppm=50_000)
    assert "ADMINISTRATIVE" in risk.denied_flags
    assert risk.tell_unresolved_twins and risk.tell_arrival and risk.leave_foreign
    assert not AccountConfig().is_on  # what logs of older versions mean


def test_given_settings_when_resolved_then_percent_are_parts_per_million_and_names_are_codes(tmp_path: Path) -> None:
    text = """
        [risk]
        max_sector_pct = 12.5
        never_sell = ["코오롱인더", "005930"]
        denied_flags = ["ALERT"]
        [stops]
        trailing_pct = 0.25
        hold_s = 90
        escalate_s = 5
        [account]
        warn_pct = [50]
        shock_drop_pct = 1.5
    """
    risk = risk_of(tmp_path, text)
    assert (risk.max_sector_ppm, risk.never_sell, risk.denied_flags) == (125_000, ("120110", "005930"), ("ALERT",))
    assert risk.stops == StopTerms(50_000, 0, 2_500, 90)
    assert (risk.escalate_s, risk.account.warn_ppm, risk.account.shock_drop_ppm) == (5, (500_000,), 15_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[risk]\nmax_sector_pct = 101\n", "risk.max_sector_pct = 101: 100 or less is expected"),
        ('[risk]\nnever_sell = ["nobodies"]\n', "'nobodies' is not known"),
        ('[risk]\ndenied_flags = ["BAD"]\n', "'HALTED', 'ADMINISTRATIVE'"),
        ("[stops]\nstop_loss_pct = 100\n", "stops.stop_loss_pct = 100"),
        ("[stops]\ntrailing_pct = 0.00001\n", "at most four decimals are allowed"),
        ("[account]\nwarn_pct = [80, 60]\n", "each larger than the last"),
        ("[account]\nwarn_pct = [95]\n", "warn_pct must be below reduce_pct 90"),
        ("[account]\nshock = 1\n", "unknown key account.shock; allowed here: dead_man_s"),
    ],
)
def test_given_a_bad_setting_when_read_then_it_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        risk_of(tmp_path, text)
    assert said in str(refused.value)


def sectors_of(home: Path, text: str) -> dict[str, str]:
    (home / "sectors.toml").write_text(text)
    return configured(home, "paper", "SIMULATED")[1].risk.sectors


def test_given_a_file_of_sectors_when_read_then_names_and_codes_are_accepted(tmp_path: Path) -> None:
    assert configured(tmp_path, "paper", "SIMULATED")[1].risk.sectors == {}
    text = '"의류" = ["코오롱인더"]\nchips = ["005930", "000660"]\n'
    assert sectors_of(tmp_path, text) == {"120110": "의류", "005930": "chips", "000660": "chips"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chips = 5\n", "chips: a list of codes or names is expected"),
        ('a = ["005930"]\nb = ["005930"]\n', "005930 삼성전자 is in 'a' and 'b', one sector is expected"),
        ('a = ["005930", "삼성전자"]\n', "005930 삼성전자 stands twice in 'a', once is expected"),
        ('a = ["없는회사"]\n', "a: symbol '없는회사' is not known"),
        ("a = [\n", "not valid TOML"),
        ('"" = ["005930"]\n', "a sector's name of 1 to 64 letters is expected"),
    ],
)
def test_given_a_bad_file_of_sectors_when_read_then_sector_and_reason_are_named(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        sectors_of(tmp_path, text)
    assert said in str(refused.value)
    assert "sectors.toml" in str(refused.value)
