"""Numbers of things in words: "1 call", "2 calls"."""


def counted(count: int, noun: str) -> str:
    """Give a count with thousands separators and its noun, in the plural unless it is one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
