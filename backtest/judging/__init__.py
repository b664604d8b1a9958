"""Judges strategies on recorded prices and search series, walk-forward, against luck and always being in."""
