"""What the doctor says of search trends: keys, words, one small request, what is kept, Google."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from broker.port import Diagnosis, DiagnosisState
from cli import secrets
from cli.names import labelled
from cli.trends_settings import GOOGLE, NAVER, TrendsSection
from cli.watchlist import Watchlist, keyword_sets
from domain.errors import ConfigError, HantradeError
from domain.wording import counted

if TYPE_CHECKING:
    from trends.naver.client import NaverClient

OK, WARNING, FAILED, NOT_KNOWN = DiagnosisState
DAYS_ASKED: Final = 7
MOST_NAMED: Final = 3
GOOGLE_S: Final = 20.0  # for a Python to start and look
DOCS: Final = "docs/trends.md"
LOOK: Final = (
    "import importlib.metadata as m, importlib.util as u\n"
    "print(*[m.version(name) for name in ('pytrends', 'urllib3') if u.find_spec(name)])"
)


class TrendsDoctor:
    """Looks at one home."""

    def __init__(self, section: TrendsSection, watchlist: Watchlist, home: Path) -> None:
        """Take settings, the watch list and the home."""
        self._section = section
        self._watchlist = watchlist
        self._home = home

    def look(self, *, asks: bool) -> Iterator[Diagnosis]:
        """Give one line each. `asks`: make one small request to Naver, which counts."""
        yield self._words()
        if NAVER in self._section.sources:
            keys = self._keys()
            yield keys
            yield self._naver() if keys.state is OK and asks else self._not_asked(keys)
        else:
            yield Diagnosis("naver", NOT_KNOWN, f"not asked: [trends] sources = {list(self._section.sources)}")
        yield self._cache()
        yield self._google()

    def _words(self) -> Diagnosis:
        from cli.trend_sources import store_of

        watched = self._watchlist.instrument
        sets = keyword_sets(watched)
        without = [item.symbol for item in watched if item.symbol not in {one.symbol for one in sets}]
        try:
            store_of(self._section, self._home).check(sets)
        except ConfigError as error:
            return Diagnosis("trend_words", FAILED, str(error), "`trends fetch` and `start` refuse until then")
        except HantradeError as error:
            return Diagnosis("trend_words", WARNING, str(error), "versions of words are not checked")
        if not watched:
            remedy = "list instruments in watchlist.toml: `hantrade trends suggest SYMBOL`"
            return Diagnosis("trend_words", WARNING, "no instrument is listed, so attention is unknown", remedy)
        if without:
            named = ", ".join(labelled(symbol) for symbol in without[:MOST_NAMED])
            more = f" and {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
            remedy = f"`hantrade trends suggest {without[0]}` writes some for watchlist.toml"
            return Diagnosis("trend_words", WARNING, f"no keywords for {named}{more}: attention is unknown", remedy)
        return Diagnosis("trend_words", OK, f"keywords for {counted(len(sets), 'instrument')}")

    def _keys(self) -> Diagnosis:
        from cli.trend_sources import naver_keys

        names = (secrets.NAVER_ID, secrets.NAVER_SECRET)
        missing = [name for name in names if not secrets.find(name)]
        if missing:
            variables = " and ".join(secrets.variable_of(name) for name in missing)
            remedy = f"put them into {variables} or the keyring: {DOCS}"
            return Diagnosis("naver_keys", WARNING, f"{' and '.join(missing)} not set: attention is unknown", remedy)
        try:
            naver_keys()
        except ConfigError as error:
            return Diagnosis("naver_keys", FAILED, str(error), "copy them again from where Naver shows them")
        return Diagnosis("naver_keys", OK, f"set, for host {self._section.host}")

    def _not_asked(self, keys: Diagnosis) -> Diagnosis:
        why = "no request was made (--no-trends)" if keys.state is OK else "no keys to ask with"
        return Diagnosis("naver", NOT_KNOWN, why)

    def _naver(self) -> Diagnosis:
        """Make one request; it costs a call."""
        from cli.trend_sources import naver_client, today
        from trends.naver.errors import NaverError
        from trends.naver.request import DataLabRequest, Group

        end = today() - timedelta(days=1)
        try:
            request = DataLabRequest(
                (Group("anchor", self._section.anchor),), end - timedelta(days=DAYS_ASKED - 1), end
            )
            with naver_client(self._section, self._home) as client:
                newest = client.ratios(request).newest
                return self._answered(client, "no searches" if newest is None else f"newest day {newest}")
        except NaverError as error:
            return Diagnosis("naver", FAILED, error.what, error.todo)
        except ConfigError as error:
            return Diagnosis("naver", FAILED, str(error), "mend [trends] in hantrade.toml")

    def _answered(self, client: "NaverClient", newest: str) -> Diagnosis:
        left, a_day = client.quota.left(), client.quota.a_day
        told = f"{client.host.title} answers, {newest}; {left:,} of {a_day:,} calls left today (this look cost one)"
        if client.warning:
            return Diagnosis("naver", WARNING, told, client.warning)
        if not left:
            return Diagnosis("naver", WARNING, told, "nothing more is asked today")
        return Diagnosis("naver", OK, told)

    def _cache(self) -> Diagnosis:
        from cli.trend_sources import store_of

        section = self._section
        log = "the event log keeps series for ever" if section.keep_series else "series are not in the event log"
        try:
            kept = store_of(section, self._home).kept()
        except HantradeError as error:
            return Diagnosis("trend_cache", WARNING, str(error), "series are asked for again each time")
        bounds = f"at most {section.cache_hours} h and {section.cache_mb} MB" if section.cache_hours else "off"
        told = f"{bounds}; {kept.answers} series, {kept.values:,} values, {kept.bytes / 1e6:.1f} MB; {log}"
        terms = "Naver's terms may forbid keeping any: read your contract"
        remedy = f"[trends] keep_series = false ends that: {DOCS}"
        return Diagnosis("trend_cache", WARNING if section.keep_series else OK, f"{told}; {terms}", remedy)

    def _google(self) -> Diagnosis:
        """See whether the Python for Google has pytrends; nothing is asked of Google."""
        python = self._section.google_python or sys.executable
        wanted = GOOGLE in self._section.sources
        from trends.google import INSTALL

        try:
            said = subprocess.run(
                [python, "-I", "-c", LOOK], capture_output=True, text=True, timeout=GOOGLE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = f"google_python {python!r} does not run: {error}"
            return Diagnosis("google", FAILED if wanted else NOT_KNOWN, why, INSTALL)
        found = said.stdout.split()
        if said.returncode or len(found) != 2:
            why = f"{python} has no pytrends" if not said.returncode else f"{python}: {_last_line(said.stderr)}"
            return Diagnosis("google", FAILED if wanted else NOT_KNOWN, f"not usable: {why}", INSTALL if wanted else "")
        asked = "in use" if wanted else f"usable, but not in [trends] sources = {list(self._section.sources)}"
        return Diagnosis("google", OK if wanted else NOT_KNOWN, f"pytrends {found[0]}, urllib3 {found[1]}: {asked}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
