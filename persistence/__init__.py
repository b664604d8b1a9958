"""The append-only event log: writing, reading, verifying. See docs/event-log.md."""
