"""The chaos suite: real processes, pulled plugs, and books that must agree afterwards."""
