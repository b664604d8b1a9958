"""Check the packages we stand on. Without arguments: what can be checked offline, part of `make lint`.

Offline: each lock pins one version of a package; the environment holds just those versions, its parts fit together
(`pip check`), each installed file still has the hash its wheel came with, and no version is below one that fixed a
known hole (FLOORS, which only keeps us from going back). The environments beside this one, of the extra `google` and of
`quantstats`, are held to their locks in the same way. `--online` (`make audit`) looks every locked package up in the
advisory database with pip-audit, and those of the Node example with npm; that needs the network.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.lock import GOOGLE, QUANTSTATS, ROOT, beside, package_of

LOCKS = ("build", "base", "dev", "nodeps")
# Of urllib3 1.26, which is mended no more: the extra `google` pins it, only a child process has it, and it asks Google
# alone (docs/decisions/0025). urllib3 2, which works as well, has these closed.
LEFT_IN_GOOGLE = ("CVE-2025-50181", "CVE-2025-66418", "CVE-2025-66471", "CVE-2026-21441")
SHIELDED = {"pykiwoom": {"pandas", "pywin32"}}  # of nodeps.lock: what each asks for and does without
PIP_AUDIT = "pip-audit==2.10.1"  # in a .venv of its own: it brings thirty packages
FLOORS = {  # package: (first version without the hole, which hole)
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "cryptography": ("44.0.1", "CVE-2024-12797"),
    "filelock": ("3.20.1", "CVE-2025-68146"),
    "grpcio": ("1.56.2", "CVE-2023-33953"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "idna": ("3.7", "CVE-2024-3651"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "pip": ("25.3", "CVE-2025-8869"),
    "protobuf": ("6.31.1", "CVE-2025-4565"),
    "pyarrow": ("14.0.1", "CVE-2023-47248"),
    "pydantic": ("2.4.0", "CVE-2024-3772"),
    "pygments": ("2.15.0", "CVE-2022-40896"),
    "python-multipart": ("0.0.18", "CVE-2024-53981"),
    "pyyaml": ("5.4", "CVE-2020-14343"),
    "setuptools": ("78.1.1", "CVE-2025-47273"),
    "virtualenv": ("20.26.6", "CVE-2024-53899"),
    "zipp": ("3.19.1", "CVE-2024-5569"),
}


def pins(text: str, lock: str) -> tuple[dict[str, str], list[str]]:
    """Read a lock: name -> version of what this machine needs (a line may end in `; marker`), and what is wrong."""
    found: dict[str, str] = {}
    wrong = []
    for line in text.splitlines():
        wanted = line.split("#", 1)[0].strip()
        if not wanted:
            continue
        wanted, conditional, marker = (part.strip() for part in wanted.partition(" ; "))
        name, exact, version = wanted.partition("==")
        if not exact or not version or canonicalize_name(name) != name or name in found:
            wrong.append(f"{lock}: {wanted!r}: name==version is expected, each name once")
        elif not conditional or Marker(marker).evaluate():
            found[name] = version
    return found, wrong


def conflicts(locks: dict[str, dict[str, str]]) -> list[str]:
    """Name packages that two locks pin differently."""
    seen: dict[str, tuple[str, str]] = {}
    wrong = []
    for lock, found in locks.items():
        for name, version in found.items():
            other, pinned = seen.setdefault(name, (lock, version))
            if pinned != version:
                wrong.append(f"{name}: {other} pins {pinned}, {lock} pins {version}")
    return wrong


def below_floors(found: dict[str, str]) -> list[str]:
    """Name versions with a hole that a later one has closed."""
    return [
        f"{name} {found[name]}: {floor} closed {hole}"
        for name, (floor, hole) in FLOORS.items()
        if name in found and Version(found[name]) < Version(floor)
    ]


def not_installed(found: dict[str, str], path: list[str] | None = None) -> list[str]:
    """Name pins that the environment does not hold, this one or that of the given folders."""
    wrong = []
    for name, version in found.items():
        try:
            here = package_of(name, path).version
        except PackageNotFoundError:
            here = "missing"
        if here != version:
            wrong.append(f"{name}: {version} is locked, {here} is installed (make lock, or delete .venv)")
    return wrong


def unmet(complaints: str) -> list[str]:
    """Give what `pip check` complains of, without what is shielded on purpose."""

    def shielded(line: str) -> bool:
        name, _, rest = line.partition(" ")
        _, _, asks = rest.partition(" ")  # behind the version
        return asks in {f"requires {needed}, which is not installed." for needed in SHIELDED.get(name, ())}

    return [line for line in complaints.splitlines() if not shielded(line)]


def changed_files(package: Distribution) -> list[str]:
    """Name files of an installed package that are not what its wheel held."""
    wrong = []
    for file in package.files or []:
        if file.hash is None or file.suffix == ".pyc":
            continue
        digest = hashlib.new(file.hash.mode)
        try:
            with Path(str(file.locate())).open("rb") as opened:
                while chunk := opened.read(1 << 20):
                    digest.update(chunk)
        except OSError:
            wrong.append(f"{package.name}: {file} is missing")
            continue
        if base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode() != file.hash.value:
            wrong.append(f"{package.name}: {file} was changed after it was installed")
    return wrong


def offline() -> list[str]:
    """Name everything that is wrong."""
    locks: dict[str, dict[str, str]] = {}
    wrong: list[str] = []
    for lock in LOCKS:
        locks[lock], bad = pins((ROOT / "requirements" / f"{lock}.lock").read_text(), lock)
        wrong += bad
    together = {name: version for found in locks.values() for name, version in found.items()}
    wrong += [*conflicts(locks), *below_floors(together), *not_installed(together)]
    if not wrong:
        wrong = [text for name in sorted(together) for text in changed_files(package_of(name))]
    wrong += misfits(sys.executable)
    for folder in GOOGLE:
        if path := beside(folder):  # not on a machine without its wheels (tools/setup_google.sh)
            wrong += [*offline_beside(folder, path), *misfits(str(ROOT / ".venv" / folder / "bin" / "python"))]
    if path := beside(QUANTSTATS):  # what its packages ask for beyond their figures is left out
        wrong += offline_beside(QUANTSTATS, path)
    return wrong


def misfits(python: str) -> list[str]:
    """Give what `pip check` complains of in the environment of an interpreter."""
    check = [sys.executable, "-m", "pip", "--python", python, "check"]
    fits = subprocess.run(check, capture_output=True, text=True, check=False)
    if fits.returncode == 0:
        return []
    return unmet(fits.stdout) if fits.stdout else [f"pip check failed: {fits.stderr.strip()}"]


def offline_beside(folder: str, path: list[str]) -> list[str]:
    """Name everything that is wrong in an environment beside this one."""
    found, wrong = pins((ROOT / "requirements" / f"{folder}.lock").read_text(), folder)
    wrong += [*below_floors(found), *not_installed(found, path)]
    if not wrong:
        wrong = [text for name in sorted(found) for text in changed_files(package_of(name, path))]
    return wrong


def online() -> int:
    """Look everything up; gives the exit code."""
    folder = ROOT / ".venv" / "audit"
    if not (folder / "bin" / "pip-audit").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", PIP_AUDIT], check=True)
    locks = [part for lock in LOCKS for part in ("-r", str(ROOT / "requirements" / f"{lock}.lock"))]
    command = [str(folder / "bin" / "pip-audit"), "--strict", "--no-deps", "--disable-pip", "--desc", "on", *locks]
    code = subprocess.run(command, check=False).returncode
    for lock, left in (("google", LEFT_IN_GOOGLE), ("google-newer", ()), (QUANTSTATS, ())):
        ignored = [part for one in left for part in ("--ignore-vuln", one)]
        looked_up = [*command[: -len(locks)], *ignored, "-r", str(ROOT / "requirements" / f"{lock}.lock")]
        code = subprocess.run(looked_up, check=False).returncode or code
    for_windows = [*command[: -len(locks)], "-r", str(ROOT / "requirements" / "windows.lock")]
    code = subprocess.run(for_windows, check=False).returncode or code
    if shutil.which("npm"):
        npm = ["npm", "audit", "--prefix", str(ROOT / "examples" / "node")]
        code = subprocess.run(npm, check=False).returncode or code
    return code


def main(arguments: list[str]) -> int:
    """Check; prints what is wrong."""
    if arguments == ["--online"]:
        return online()
    wrong = offline()
    for text in wrong:
        print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
