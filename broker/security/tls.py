"""TLS of both ends: files on disk become gRPC credentials. Both ends show a certificate of the same authority.

A server reads its files again when they changed, for the next connection: a renewed certificate needs no restart. The
authority's file may hold several certificates, so an old and a new authority can be trusted side by side.
"""

import logging
import os
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from domain.errors import ConfigError

_log = logging.getLogger(__name__)
_Version = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What the files held, PEM."""

    ca: bytes
    cert: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The three files of one end: authorities that are trusted, its own certificate, its own key."""

    ca: Path
    cert: Path
    key: Path

    def read(self) -> Material:
        """Read and check them. Raises ConfigError naming the file: missing, no PEM, not a pair, open to others."""
        found = {path: _read(path) for path in (self.ca, self.cert, self.key)}
        if os.name == "posix" and self.key.stat().st_mode & 0o077:
            raise ConfigError(f"{self.key}: a key must be its owner's alone (chmod 600)")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_verify_locations(cadata=found[self.ca].decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError):
            raise ConfigError(f"{self.ca}: certificates of an authority in PEM are expected") from None
        try:
            context.load_cert_chain(self.cert, self.key, password=lambda: b"")
        except (ssl.SSLError, OSError, ValueError):
            raise ConfigError(f"{self.cert} and {self.key}: a certificate and its key in PEM are expected") from None
        return Material(found[self.ca], found[self.cert], found[self.key])

    def version(self) -> _Version:
        """Tell whether the files are still those read before. Raises OSError."""
        states = [path.stat() for path in (self.ca, self.cert, self.key)]
        return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in states)


def channel_credentials(files: TlsFiles) -> grpc.ChannelCredentials:
    """Give a client's credentials. Raises ConfigError."""
    material = files.read()
    return grpc.ssl_channel_credentials(material.ca, material.key, material.cert)


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Give a server's credentials; who shows no certificate of the authority is not let in. Raises ConfigError."""
    renewed = Renewed(files)
    fetch: Any = renewed.fetch  # the stubs do not know that None means no change
    return grpc.dynamic_ssl_server_credentials(renewed.first, fetch, require_client_authentication=True)


class Renewed:
    """A server's certificate as the files have it now. gRPC asks on threads of its own, at each handshake."""

    def __init__(self, files: TlsFiles) -> None:
        """Read the files. Raises ConfigError."""
        self._files = files
        self._lock = threading.Lock()
        self.first = _configuration(files.read())
        self._version: _Version = files.version()

    def fetch(self) -> "grpc.ServerCertificateConfiguration | None":
        """Give what to use from now on, None when nothing changed or what is there cannot be used."""
        with self._lock:
            try:
                version = self._files.version()
                if version == self._version:
                    return None
                made = _configuration(self._files.read())
            except (ConfigError, OSError) as error:  # half-written files: the next handshake looks again
                _log.warning("the certificate stays as it is: %s", error)
                return None
            self._version = version
            _log.info("%s is read again", self._files.cert)
            return made


def _configuration(material: Material) -> "grpc.ServerCertificateConfiguration":
    return grpc.ssl_server_certificate_configuration([(material.key, material.cert)], material.ca)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
