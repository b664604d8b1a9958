"""Servers that answer as the sources of search trends do, on loopback, for tests and for trying things without keys."""
