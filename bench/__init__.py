"""Measurements beside peers; nothing imports this."""
