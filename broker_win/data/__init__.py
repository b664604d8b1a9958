"""Data that travels with the package, see README.md."""
