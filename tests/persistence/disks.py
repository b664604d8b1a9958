"""Disks that fail for real: small ones, read-only ones, ones that answer with errors. They need the right to mount."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_SHUTDOWN = 0x8004587D  # ext4: answer everything with I/O errors from now on, as after a drive that went away
_NOBODY = 65534


def _mount(*args: str) -> bool:
    if os.geteuid() != 0:
        return False
    return subprocess.run(["mount", *args], check=False, capture_output=True).returncode == 0


def _unmount(folder: Path) -> None:
    if subprocess.run(["umount", str(folder)], check=False, capture_output=True).returncode != 0:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        raise AssertionError(f"a file on {folder} is still open")


@contextmanager
def memory_disk(folder: Path, size: str) -> Iterator[Path]:
    """Give a file system of a size in memory."""
    folder.mkdir()
    if not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)):
        pytest.skip("needs the right to mount a small disk")
    try:
        yield folder
    finally:
        _unmount(folder)


@contextmanager
def real_disk(folder: Path) -> Iterator[Path]:
    """Give an ext4 file system on a file, which becomes read-only on errors, as most systems are set up."""
    folder.mkdir()
    image = folder.with_suffix(".img")
    image.write_bytes(bytes(4 << 20))
    made = subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=False, capture_output=True).returncode == 0
    if not made or not _mount("-o", "loop,errors=remount-ro", str(image), str(folder)):
        pytest.skip("needs the right to mount a disk on a file")
    try:
        yield folder
    finally:
        _unmount(folder)


def make_read_only(folder: Path) -> None:
    """Let a real disk meet an error of its file system: it goes read-only under open files."""
    [device] = [line.split()[0] for line in Path("/proc/mounts").read_text().splitlines() if f" {folder} " in line]
    trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
    if not trigger.exists():
        pytest.skip("this kernel cannot be told to meet an error")
    trigger.write_text("1")


def break_down(folder: Path) -> None:
    """Let a real disk answer everything with I/O errors."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, _SHUTDOWN, (1).to_bytes(4, "little"))
    except OSError:
        pytest.skip("this file system cannot be shut down")
    finally:
        os.close(handle)


def fill(folder: Path, leave: int) -> Path:
    """Fill a disk up to so many bytes; give the file to delete for room."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(ballast, max(0, ballast.stat().st_size - leave))
    return ballast


@contextmanager
def nobody() -> Iterator[None]:
    """Give up the rights of root, which no permission stops."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)
