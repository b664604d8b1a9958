"""The stubs generated from protos/ live below this package; nothing else does."""

__version__ = "0.4.0"  # the only place: pyproject.toml reads it from here
