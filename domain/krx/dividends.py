"""Tax withheld from a cash dividend of a Korean share held by a resident person."""

from typing import Final

from domain.errors import InvariantError
from domain.types import Krw

INCOME_PERCENT: Final = 14  # 배당소득세
LOCAL_PERCENT: Final = 10  # 지방소득세, of the income tax: 1.4 % of the dividend, 15.4 % together
SMALLEST: Final = 1_000  # won of income tax below which none is withheld (소액부징수)
UNIT: Final = 10  # won; what is less is not counted


def dividend_tax(gross: int) -> Krw:
    """Give the tax (won) withheld from a dividend (won before tax), income and local income tax together.

    Sources, read 2026-11-23: 14 % and a tenth of it, shushuteam.tistory.com/36; none where the income tax is below
    1,000 won, Income Tax Act art. 86 as quoted at sodaily.tistory.com/30; fractions of 10 won are not counted, National
    Funds Act art. 47 as quoted at munyak.tistory.com, which local authorities may follow. Unconfirmed: that a broker
    cuts each holder's two taxes at 10 won on their own.
    """
    if gross < 0:
        raise InvariantError(f"dividend expected >= 0 won, was {gross!r}")
    income = _cut(gross * INCOME_PERCENT // 100)
    return Krw(income + _cut(income * LOCAL_PERCENT // 100)) if income >= SMALLEST else Krw(0)


def _cut(amount: int) -> int:
    return amount // UNIT * UNIT
