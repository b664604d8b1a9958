"""Account numbers told apart without being told.

A broker shows the last four digits of its account, and the check of the whole number. Kiwoom's ordinary accounts end in
the product code 11, so the digits alone hardly tell two of them apart; the check does but for one pair in 65,536. It is
too short to find the number by it.
"""

import hashlib
from typing import Final, NamedTuple

SHOWN: Final = 4  # digits
CHECKED: Final = 4  # hex digits


class AccountMark(NamedTuple):
    """What is known of an account that orders must go to."""

    end: str = ""  # last four digits; empty: any account
    check: str = ""  # of the whole number; empty: not known

    def fits(self, account: str, check: str) -> bool:
        """Tell whether a broker's account (masked) and its check are of this account; no check is no contradiction."""
        return account.endswith(self.end) and (not self.check or not check or self.check == check)


def masked(account: str) -> str:
    """Give an account number, its digits but for the last four hidden; how brokers show theirs."""
    return "*" * max(0, len(account) - SHOWN) + account[-SHOWN:]


def mark_of(account: str) -> AccountMark:
    """Give the mark of a whole account number; of an empty one, any."""
    return AccountMark(account[-SHOWN:], check_of(account)) if account else AccountMark()


def check_of(account: str) -> str:
    """Give four hex digits of the SHA-256 of a whole account number; empty for none."""
    return hashlib.sha256(account.encode()).hexdigest()[:CHECKED] if account else ""
