"""Seeded draws that come out the same on every machine, Python version and hash seed."""

from hashlib import blake2b
from typing import Final

_MASK: Final = (1 << 64) - 1


class Draws:
    """A splitmix64 generator named by what it is for, so that no draw depends on who else draws.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 13 and the
    public reference splitmix64.c by Vigna.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, *name: object) -> None:
        """Seed by a number and a name."""
        text = "/".join(str(part) for part in (seed, *name))
        self._state = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")

    def below(self, bound: int) -> int:
        """Draw a whole number of 0 to bound - 1; bound is far below 2**64, so the bias of the remainder is nil."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        return (state ^ (state >> 31)) % bound
