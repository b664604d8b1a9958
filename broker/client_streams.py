"""The streams that are only read: quotes, heartbeats, and news of conditions and of the market."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import grpc

from broker.statuses import read_error
from broker.translate import broker as wire
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.quotes import QuoteBatch

JOIN_TIMEOUT_S = 5.0


class QuoteStream:
    """Batches as they come, with their bytes. Iterate in one thread; `close` may be called from any."""

    def __init__(self, call: Any, endpoint: str) -> None:
        """Keep the running call."""
        self._call = call
        self._endpoint = endpoint
        self._closing = False
        self.ended = False

    def __iter__(self) -> Iterator[tuple[bytes, QuoteBatch]]:
        """Give itself."""
        return self

    def __next__(self) -> tuple[bytes, QuoteBatch]:
        """Wait for the next batch. Raises BrokerUnavailable or RequestRefused when the stream breaks."""
        try:
            raw: bytes = next(self._call)
        except StopIteration:
            self.ended = True
            raise
        except grpc.RpcError as error:
            self.ended = True
            if self._closing:
                raise StopIteration from None
            raise read_error(error, self._endpoint) from error
        try:
            return raw, wire.decode_batch(raw)
        except ValueError as error:  # columns that do not fit together: this broker cannot be read
            self.close()
            raise RequestRefused("MALFORMED_QUOTES", str(error)) from error

    def close(self) -> None:
        """Cancel the stream; the iteration ends."""
        self._closing = self.ended = True
        self._call.cancel()


T = TypeVar("T")


class Listening(Generic[T]):
    """A stream of news in a thread of its own, each read and handed on."""

    def __init__(
        self,
        call: Any,
        endpoint: str,
        read: Callable[[Any], T],
        on_news: Callable[[T], None],
        on_end: Callable[[HantradeError | None], None],
    ) -> None:
        """Start listening."""
        self._call = call
        self._endpoint = endpoint
        self._read, self._on_news, self._on_end = read, on_news, on_end
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name=f"listen {endpoint}", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Tell whether the stream is over."""
        return not self._thread.is_alive()

    def close(self) -> None:
        """Cancel the stream and wait for its thread (not when called from a callback)."""
        self._closing = True
        self._call.cancel()
        if threading.current_thread() is not self._thread:
            self._thread.join(JOIN_TIMEOUT_S)

    def _listen(self) -> None:
        reason: HantradeError | None = None
        try:
            for news in self._call:
                self._on_news(self._read(news))
        except grpc.RpcError as error:
            reason = read_error(error, self._endpoint)
        except RequestRefused as error:  # a broker that sends what cannot be read
            reason = error
        finally:  # also when a callback raised
            self._call.cancel()
            self._on_end(
                None if self._closing else reason or BrokerUnavailable(f"broker {self._endpoint} ended the stream")
            )
