"""What a driver tells a process it started while that runs: how wrong its clock is, and whether its disk is full.

A small file both have mapped into memory: reading it costs no call to the system, so a clock can ask it every time.
"""

import mmap
import struct
from pathlib import Path

_LAYOUT = struct.Struct("<q?")  # ns the clock is ahead (negative: behind); is the disk full


class Control:
    """The mapped file. One driver writes, one process reads."""

    def __init__(self, path: Path) -> None:
        """Map a file that is there."""
        self.path = path
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    @classmethod
    def make(cls, path: Path) -> "Control":
        """Make the file: a right clock and room on the disk."""
        path.write_bytes(_LAYOUT.pack(0, False))
        return cls(path)

    @property
    def clock_ns(self) -> int:
        """Give by how much the process's clock is ahead, ns."""
        return int(_LAYOUT.unpack_from(self._map)[0])

    @clock_ns.setter
    def clock_ns(self, ahead: int) -> None:
        _LAYOUT.pack_into(self._map, 0, ahead, self.disk_full)

    @property
    def disk_full(self) -> bool:
        """Tell whether the process's disk is full."""
        return bool(_LAYOUT.unpack_from(self._map)[1])

    @disk_full.setter
    def disk_full(self, is_full: bool) -> None:
        _LAYOUT.pack_into(self._map, 0, self.clock_ns, is_full)

    def close(self) -> None:
        """Unmap it."""
        self._map.close()
