"""The stubs generated from protos/ live below this package; nothing else does."""

__version__ = "0.1.0"  # as in pyproject.toml; a test compares them
