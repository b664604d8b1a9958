"""A certificate authority of one's own: makes, renews and reads certificates in a folder.

EC P-256 keys, unencrypted, readable by their owner only. `ca.pem` may hold several authorities: the first one signs,
the others are trusted until they are retired. Keys of the authority are needed for making certificates only.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from broker.security.tokens import NAME, write_private
from domain.errors import ConfigError

LOCAL = ("localhost", "127.0.0.1", "::1")
SOON_DAYS = 30  # a person is told so long before
SKEW = timedelta(minutes=5)  # clocks of two machines differ
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate of the folder."""

    name: str
    kind: str  # authority, old authority, server, client
    hosts: tuple[str, ...]
    not_before: datetime  # UTC
    not_after: datetime  # UTC
    by: str  # common name of the authority that signed it
    trusted: bool  # whether that authority is in ca.pem
    newest: bool  # whether it is the one that signs now


class Authority:
    """The folder `certs` of a home."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is made yet."""
        self.folder = folder
        self.ca, self.ca_key = folder / "ca.pem", folder / "ca.key"

    def create(self, now: datetime, days: int, *, beside_old: bool = False) -> None:
        """Make an authority; `beside_old` keeps the one that is there trusted. Raises ConfigError."""
        old = self._authorities() if self.ca.exists() else []
        if old and not beside_old:
            raise ConfigError(f"{self.ca} exists; --rotate makes a new authority and goes on trusting this one")
        if beside_old and not old:
            raise ConfigError(f"{self.ca} does not exist; without --rotate one is made")
        key = ec.generate_private_key(ec.SECP256R1())
        name = _named(f"hantrade authority {now:%Y-%m-%d %H:%M:%S}")
        usage = x509.KeyUsage(**{**_NO_USAGE, "key_cert_sign": True, "crl_sign": True})
        made = (
            _builder(name, name, key, now, now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        _make_private_folder(self.folder)
        write_private(self.ca_key, _key_pem(key))
        write_private(self.ca, b"".join(_pem(one) for one in (made, *old)))

    def issue(self, name: str, hosts: Sequence[str], now: datetime, days: int, *, server: bool) -> tuple[Path, Path]:
        """Make a certificate and its key; gives their paths. Raises ConfigError when the name is taken or not one."""
        if not NAME.fullmatch(name) or name == "ca":
            raise ConfigError(f"NAME must match {NAME.pattern} and not be ca, was {name!r}")
        if self._cert(name).exists():
            raise ConfigError(f"{self._cert(name)} exists; `hantrade certs renew {name}` makes it anew")
        return self._sign(name, tuple(dict.fromkeys(hosts)), now, days, server)

    def renew(self, name: str, now: datetime, days: int) -> tuple[Path, Path]:
        """Make a certificate anew, with a new key, for the same name and hosts. Raises ConfigError."""
        if not NAME.fullmatch(name) or name == "ca" or not self._cert(name).exists():
            raise ConfigError(f"{self._cert(name)} does not exist; `hantrade certs server` and `client` make one")
        [old] = _read_pem(self._cert(name))
        return self._sign(name, _hosts(old), now, days, _is_server(old))

    def retire(self) -> int:
        """Trust the newest authority alone; gives how many others went. Raises ConfigError."""
        newest, *old = self._authorities()
        write_private(self.ca, _pem(newest))
        return len(old)

    def listed(self) -> list[Issued]:
        """Read every certificate of the folder, authorities first. Raises ConfigError."""
        authorities = self._authorities() if self.ca.exists() else []
        kinds = ["authority", *["old authority"] * len(authorities)]
        found = [_issued("ca", kind, one, [one]) for kind, one in zip(kinds, authorities, strict=False)]
        for path in sorted(self.folder.glob("*.pem")):
            if path == self.ca:
                continue
            for one in _read_pem(path):
                kind = "server" if _is_server(one) else "client"
                found.append(_issued(path.stem, kind, one, authorities))
        return found

    def _sign(self, name: str, hosts: tuple[str, ...], now: datetime, days: int, server: bool) -> tuple[Path, Path]:
        authority, signing = self._authorities()[0], self._signing_key()
        if signing.public_key() != authority.public_key():
            raise ConfigError(f"{self.ca_key} is not the key of the first authority in {self.ca}")
        until = min(now + timedelta(days=days), authority.not_valid_after_utc)
        if until <= now:
            raise ConfigError(f"{self.ca} has expired; `hantrade certs init --rotate` makes a new authority")
        key = ec.generate_private_key(ec.SECP256R1())
        # who serves one service calls the other: a trader calls the broker and serves the desk
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if server else [])]
        made = (
            _leaf(name, hosts, authority.subject, key, now, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**{**_NO_USAGE, "digital_signature": True}), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(_public(authority)), critical=False)
            .sign(signing, hashes.SHA256())
        )
        write_private(self._key(name), _key_pem(key))
        write_private(self._cert(name), _pem(made))
        return self._cert(name), self._key(name)

    def _cert(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def _key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _authorities(self) -> list[x509.Certificate]:
        if not self.ca.exists():
            raise ConfigError(f"{self.ca} does not exist; `hantrade certs init` makes an authority")
        return _read_pem(self.ca)

    def _signing_key(self) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key(self.ca_key.read_bytes(), password=None)
        except OSError as error:
            text = f"{self.ca_key}: cannot be read: {error.strerror}; certificates are made with it"
            raise ConfigError(text) from None
        except (ValueError, TypeError):
            raise ConfigError(f"{self.ca_key}: a key in PEM without a password is expected") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigError(f"{self.ca_key}: a key on a curve is expected")
        return key


_NO_USAGE = dict.fromkeys(
    (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ),
    False,
)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _leaf(
    name: str, hosts: Sequence[str], issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    made = _builder(_named(name), issuer, key, now, until)
    if not hosts:  # a client is dialled by nobody
        return made
    return made.add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not HOST.fullmatch(host):
            raise ConfigError(f"--host must be a name or an address of a machine, was {host!r}") from None
        return x509.DNSName(host)


def _hosts(made: x509.Certificate) -> tuple[str, ...]:
    try:
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(one.value) for one in names)


def _is_server(made: x509.Certificate) -> bool:
    try:
        return ExtendedKeyUsageOID.SERVER_AUTH in made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _signed(made: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        made.verify_directly_issued_by(by)
    except Exception:  # noqa: BLE001  # the library raises three kinds and names none of them for good
        return False
    return True


def _issued(name: str, kind: str, made: x509.Certificate, authorities: Sequence[x509.Certificate]) -> Issued:
    signed = [_signed(made, by) for by in authorities]
    times = (made.not_valid_before_utc, made.not_valid_after_utc)
    return Issued(name, kind, _hosts(made), *times, _common_name(made.issuer), any(signed), signed[:1] == [True])


def _public(authority: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = authority.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ConfigError("the authority's key must be on a curve")
    return key


def _read_pem(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{path}: certificates in PEM are expected") from None


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made: {error.strerror}") from None


def days_left(cert: Path) -> int:
    """Give how many whole days a certificate is still valid, below 0 when it has expired. Raises ConfigError."""
    return (_read_pem(cert)[0].not_valid_after_utc - now_utc()).days


def now_utc() -> datetime:
    """Give the time, for callers that sign."""
    return datetime.now(UTC)
