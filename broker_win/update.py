"""A new version of OpenAPI+: automatic log-in skips updates, so a person logs in by hand once, step by step.

While `system/Autologin.dat` stands in OpenAPI+'s folder no version but that of the master files is updated, until the
server refuses the old one (-102, or a window). So the file is put aside, the host started with the log-in window, ended
before the updater copies files (a file that any process has loaded cannot be replaced), and the file is put back.
Source: koapy's version updater and the guide of OpenAPI+, read 2026-11-23.

The parent holds still while a hold file is fresh. One that is stale was left by an update that was cut off: whoever
finds it puts Autologin.dat back and goes on (`restore_left_over`).
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from broker_win.beats import beat_of
from domain.errors import ConfigError

AUTO_LOGIN: Final = Path("system") / "Autologin.dat"
ASIDE: Final = Path("system") / "Autologin.dat.hantrade"
HOLD_NAME: Final = "broker_win.hold.json"
FRESH_S: Final = 60.0
TOUCH_S: Final = 10.0
LOOK_S: Final = 0.5
DEFAULT_FOLDER: Final = Path("C:/OpenAPI")

STEPS: Final = (
    "The window `Open API Login` opens. Log in by hand, with the mock-server box as usual. If a window of the updater"
    " (opstarter, 버전처리) comes up, do NOT press its button yet.",
    "The program that used OpenAPI+ is closed now. Press 확인 in the updater's window and wait until it says that the"
    " update is done (업그레이드 확인). If no such window is there, nothing had to be updated.",
    "The window `Open API Login` opens once more. Log in by hand; it must end without an updater.",
)


class Started(Protocol):
    """A host that was started for the update (`supervisor.HostProcess`)."""

    def lines(self) -> list[str]:
        """Give what it wrote since the last call."""

    def exit_code(self) -> int | None:
        """Give how it ended, None while it runs."""

    def kill(self) -> None:
        """End it and everything it started."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits in front of the PC."""

    tell: Callable[[str], None]
    wait: Callable[[str], None]  # for Enter


class Update:
    """One run through the steps."""

    def __init__(
        self,
        folder: Path,
        hold: Path,
        launch: Callable[[], Started],
        person: Person,
        *,
        sleep: Callable[[float], object] = time.sleep,
        login_tries: int = 600,
    ) -> None:
        """Take OpenAPI+'s folder, the hold file, how a host is started; a log-in is looked for so many half seconds."""
        self._folder, self._hold, self._launch, self._person = folder, hold, launch, person
        self._sleep, self._login_tries = sleep, login_tries

    def run(self) -> bool:
        """Go through the steps; tell whether automatic log-in works afterwards. Raises ConfigError.

        Autologin.dat is back in its place however this ends, but for a power cut.
        """
        if not self._folder.is_dir():
            raise ConfigError(f"OpenAPI+ is expected in {self._folder}, which is no folder; give --openapi FOLDER")
        stop = threading.Event()
        write_hold(self._hold, self._folder)
        toucher = threading.Thread(target=self._touch, args=(stop,), name="hold", daemon=True)
        toucher.start()
        try:
            self._person.tell("The parent, if it runs, ends the host now and holds still until this is done.")
            self._person.wait("Close KOA Studio, HTS and every other program of Kiwoom, then press Enter.")
            restore(self._folder)
            put_aside(self._folder)
            self._by_hand()
            restore(self._folder)
            return self._automatic()
        finally:
            stop.set()
            toucher.join()
            restore(self._folder)
            self._hold.unlink(missing_ok=True)

    def _by_hand(self) -> None:
        person = self._person
        for number, text in enumerate(STEPS, 1):
            person.tell(f"Step {number} of {len(STEPS)}. {text}")
            host = self._launch() if number != 2 else None
            try:
                person.wait("Press Enter when that is done.")
            finally:
                if host is not None:
                    host.kill()

    def _automatic(self) -> bool:
        self._person.tell("Checking that automatic log-in works with the new version …")
        host = self._launch()
        try:
            for _ in range(self._login_tries):
                ended = host.exit_code() is not None
                beats = [beat for beat in map(beat_of, host.lines()) if beat is not None]
                if any(beat.logged_in for beat in beats):
                    self._person.tell("It logged in by itself: the update is done, the parent goes on.")
                    return True
                if ended:
                    break
                self._sleep(LOOK_S)
        finally:
            host.kill()
        self._person.tell(
            "It did not log in by itself. Log in by hand, open 계좌비밀번호 저장 from the tray icon, register each"
            " account's password, tick AUTO, and run `python -m broker_win update` again."
        )
        return False

    def _touch(self, stop: threading.Event) -> None:
        while not stop.wait(TOUCH_S):
            write_hold(self._hold, self._folder)


def put_aside(folder: Path) -> None:
    """Take automatic log-in away for a while; nothing to do where there is none."""
    if (folder / AUTO_LOGIN).exists():
        (folder / AUTO_LOGIN).replace(folder / ASIDE)


def restore(folder: Path) -> bool:
    """Bring automatic log-in back; one that a person set meanwhile is newer and stays. Tell whether it was away."""
    if not (folder / ASIDE).exists():
        return False
    if (folder / AUTO_LOGIN).exists():
        (folder / ASIDE).unlink()
    else:
        (folder / ASIDE).replace(folder / AUTO_LOGIN)
    return True


def write_hold(hold: Path, folder: Path) -> None:
    """Say that an update is under way, and of which OpenAPI+."""
    draft = hold.with_name(hold.name + ".tmp")
    draft.write_text(json.dumps({"openapi": str(folder)}), encoding="utf-8")
    draft.replace(hold)


def is_held(hold: Path, now_s: float) -> bool:
    """Tell whether an update is under way; `now_s` is seconds since 1970, as files are stamped."""
    try:
        return now_s - hold.stat().st_mtime < FRESH_S
    except FileNotFoundError:
        return False


def restore_left_over(hold: Path, now_s: float) -> str:
    """Undo what an update left that was cut off; say what was done, empty when there was nothing to do."""
    if not hold.exists() or is_held(hold, now_s):
        return ""
    try:
        folder = Path(json.loads(hold.read_text(encoding="utf-8"))["openapi"])
    except (OSError, ValueError, KeyError, TypeError):
        folder = DEFAULT_FOLDER
    was_away = restore(folder)
    hold.unlink(missing_ok=True)
    return f"an update was cut off; Autologin.dat {'is back' if was_away else 'was'} in {folder / 'system'}"
