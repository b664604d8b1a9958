"""Performance: what trades, equity and flows of money add up to. Pure; ratios are floats, money is whole won."""
