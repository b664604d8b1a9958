"""What tables of settings files have in common: unknown keys are refused, percent become parts per million."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

PPM_PER_PERCENT = 10_000


class Section(BaseModel):
    """A table of the file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _whole_ppm(value: Decimal) -> Decimal:
    if value * PPM_PER_PERCENT != int(value * PPM_PER_PERCENT):
        raise ValueError("at most four decimals are allowed")
    return value


Percent = Annotated[Decimal, Field(ge=0, le=100), AfterValidator(_whole_ppm)]


def ppm(percent: Decimal) -> int:
    """Give percent in parts per million."""
    return int(percent * PPM_PER_PERCENT)
