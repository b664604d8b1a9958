"""The stubs generated from protos/ live below this package; nothing else does."""

__version__ = "0.7.0"
