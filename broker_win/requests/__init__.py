"""Queries (TRs): their limits, their order, their pages, and what they answer."""
