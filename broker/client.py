"""The far end of BrokerService for the trader's edges: plain calls, threads, domain types.

Failures are typed: BrokerUnavailable (unreachable, no answer in time), RequestRefused (final, with the broker's
reason), BrokerOutcomeUnknown (an order session broke, requests unanswered). Callbacks run on the reading thread of
their stream and must not block it for long.

Nothing waits for ever:
- Unary calls have a deadline each, and one for all attempts; `retries.py` says which are made again.
- StreamQuotes and WatchSession last as long as they are wanted. Both are watched by the connection supervisor
  (`link.heartbeat_timeout_ms` without a heartbeat, `link.mute_after_ms` without a quote), which closes them.
- OrderSession sends signs of life that the broker echoes (`session_pulse.py`); without an echo in time it is over.
- Below all of them HTTP/2 asks a silent connection every 10 s and gives it 5 s (`transport.py`).
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from broker.client_orders import OrderSessionHandle, SessionListener
from broker.client_streams import Listening, QuoteStream
from broker.port import (
    AccountState,
    Candle,
    Condition,
    ConditionNews,
    Diagnosis,
    MarketNews,
    OrderSessionOpened,
    Receipt,
)
from broker.retries import Budget, Retries
from broker.security.access import PLAIN, Access, open_channel
from broker.session_pulse import Rhythm
from broker.statuses import read_error
from broker.translate import broker as wire
from broker.transport import CLIENT_OPTIONS
from domain.errors import BrokerUnavailable, HantradeError
from domain.instruments import Instrument
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.messages.orders import OrderFact, OrderFilled
from domain.quotes import Quote
from domain.types import CandleInterval, UnixNanos
from hantrade.v1 import broker_pb2 as pb

A = TypeVar("A")
_SERVICE = "/hantrade.v1.BrokerService/"


class BrokerClient:
    """One connection to a broker. Every method may be called from any thread."""

    def __init__(
        self, endpoint: str, call_timeout_s: float = 3.0, budget: Budget | None = None, access: Access = PLAIN
    ) -> None:
        """Make the channel; it connects with the first call.

        `call_timeout_s` is the deadline of each attempt of a unary call, `budget` what all of them may cost, `access`
        the TLS files (read now) and token shown. Raises ConfigError for files that cannot be used and for plain text
        to another machine.
        """
        self.endpoint = endpoint
        self._timeout = call_timeout_s
        self._ending = threading.Event()  # wakes who waits to try again
        self._retries = Retries(budget or Budget(), self._ending.wait)
        self._channel = open_channel(endpoint, access, CLIENT_OPTIONS)
        self._streams: list[QuoteStream | Listening[Any] | OrderSessionHandle] = []
        self._closed = False

    @property
    def retries(self) -> Counter[str]:
        """Give how many calls were made again so far, by RPC."""
        return Counter(self._retries.counts)

    def session(self) -> SessionInfo:
        """Ask what stands behind and where its day is."""
        return wire.read_session(self._call("GetSession", pb.GetSessionRequest(), pb.GetSessionResponse).session)

    def login(self) -> SessionInfo:
        """Make the broker log in with its own credentials."""
        return wire.read_session(self._call("Login", pb.LoginRequest(), pb.LoginResponse).session)

    def instruments(self, symbols: Sequence[str] = ()) -> tuple[list[Instrument], list[str]]:
        """Give known instruments (all when `symbols` is empty) and the symbols not known."""
        answer = self._call("ListInstruments", pb.ListInstrumentsRequest(symbols=symbols), pb.ListInstrumentsResponse)
        return [wire.read_instrument(one) for one in answer.instruments], list(answer.unknown_symbols)

    def latest_quotes(self, symbols: Sequence[str] = ()) -> list[Quote]:
        """Give the latest quote of each symbol that has one today (all when `symbols` is empty)."""
        answer = self._call("GetQuotes", pb.GetQuotesRequest(symbols=symbols), pb.GetQuotesResponse)
        return wire.read_quotes(answer.quotes)

    def candles(
        self,
        symbol: str,
        since: UnixNanos | None = None,
        until: UnixNanos | None = None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        """Give bars, of the source's own length by default. Raises RequestRefused UNKNOWN_SYMBOL or NOT_OFFERED."""
        request = pb.ListCandlesRequest(
            symbol=symbol, until=None if until is None else wire.timestamp(until), adjusted=adjusted
        )
        if interval is not None:
            request.interval = wire.INTERVAL.write(interval)
        if since is not None:
            getattr(request, "from").CopyFrom(wire.timestamp(since))
        return [wire.read_candle(one) for one in self._call("ListCandles", request, pb.ListCandlesResponse).candles]

    def account(self) -> AccountState:
        """Give cash."""
        return wire.read_account(self._call("GetAccount", pb.GetAccountRequest(), pb.GetAccountResponse))

    def positions(self) -> tuple[list[BrokerPosition], int]:
        """Give holdings and the event seq they include."""
        answer = self._call("ListPositions", pb.ListPositionsRequest(), pb.ListPositionsResponse)
        return [wire.read_position(one) for one in answer.positions], answer.as_of_seq

    def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        """Give open venue orders and the event seq they include."""
        answer = self._call("ListOpenOrders", pb.ListOpenOrdersRequest(), pb.ListOpenOrdersResponse)
        return [wire.read_open_order(one) for one in answer.orders], answer.as_of_seq

    def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        """Give every venue order number of the day and the event seq they include. Raises RequestRefused."""
        answer = self._call("ListDayOrders", pb.ListDayOrdersRequest(), pb.ListDayOrdersResponse)
        return [wire.read_day_order(one) for one in answer.orders], answer.as_of_seq

    def fills(self) -> tuple[list[OrderFilled], int]:
        """Give the day's executions, oldest first, and the event seq they include.

        The list carries no journal, event numbers or leaves: those fields are empty or 0. Trade ids tell fills apart.
        """
        answer = self._call("ListFills", pb.ListFillsRequest(), pb.ListFillsResponse)
        return [wire.read_fill(one) for one in answer.fills], answer.as_of_seq

    def resolve(self, request_id: str) -> Receipt:
        """Ask what became of a request; an id that never arrived is void from then on."""
        answer = self._call("ResolveOrder", pb.ResolveOrderRequest(request_id=request_id), pb.ResolveOrderResponse)
        return wire.read_resolved(request_id, answer)

    def watch(
        self,
        interval_s: float,
        on_beat: Callable[[SessionInfo], None],
        on_end: Callable[[HantradeError | None], None],
    ) -> Listening[SessionInfo]:
        """Hear heartbeats in a thread; `on_end` is called once, with None after close()."""
        request = pb.WatchSessionRequest(interval=wire.duration(interval_s))
        return self._listen(
            "WatchSession",
            request,
            pb.WatchSessionResponse,
            lambda beat: wire.read_session(beat.session),
            (on_beat, on_end),
        )

    def conditions(self) -> list[Condition]:
        """Give the condition searches of the account's owner. Raises RequestRefused NOT_OFFERED."""
        answer = self._call("ListConditions", pb.ListConditionsRequest(), pb.ListConditionsResponse)
        return [wire.read_condition(one) for one in answer.conditions]

    def run_condition(self, condition: Condition) -> list[str]:
        """Give the symbols that fit now. Raises RequestRefused NOT_OFFERED, UNKNOWN_CONDITION, RATE_LIMITED."""
        request = pb.RunConditionRequest(condition=wire.write_condition(condition))
        return list(self._call("RunCondition", request, pb.RunConditionResponse).symbols)

    def watch_condition(
        self,
        condition: Condition,
        on_news: Callable[[ConditionNews], None],
        on_end: Callable[[HantradeError | None], None],
    ) -> Listening[ConditionNews]:
        """Hear in a thread what fits, then what enters and leaves; `on_end` as in `watch`."""
        request = pb.WatchConditionRequest(condition=wire.write_condition(condition))
        heard = (on_news, on_end)
        return self._listen("WatchCondition", request, pb.WatchConditionResponse, wire.read_condition_news, heard)

    def watch_market(
        self, on_news: Callable[[MarketNews], None], on_end: Callable[[HantradeError | None], None]
    ) -> Listening[MarketNews]:
        """Hear in a thread of phases of the day and interruptions; `on_end` as in `watch`."""
        heard = (on_news, on_end)
        request = pb.WatchMarketRequest()
        return self._listen("WatchMarket", request, pb.WatchMarketResponse, wire.read_market_news, heard)

    def diagnose(self, probe: bool = False) -> list[Diagnosis]:
        """Look at the broker's own health, with `probe` by one request to the venue. Raises RequestRefused."""
        answer = self._call("Diagnose", pb.DiagnoseRequest(probe=probe), pb.DiagnoseResponse)
        return [wire.read_diagnosis(one) for one in answer.diagnoses]

    def quotes(
        self,
        symbols: Sequence[str],
        max_rows: int = 0,
        max_delay_s: float | None = None,
        after_seq: int = 0,
        run_id: str = "",
        depth: bool = False,
    ) -> QuoteStream:
        """Iterate over (bytes as received, batch). Ends after the batch that says end_of_data, or by close()."""
        request = pb.StreamQuotesRequest(
            symbols=symbols,
            after_seq=after_seq,
            run_id=run_id,
            max_delay=None if max_delay_s is None else wire.duration(max_delay_s),
            max_rows=max_rows,
            columns=True,  # an older broker sends rows; both are read
            depth=depth,
        )
        # No deserializer: the bytes are kept as they came.
        method = self._stream("StreamQuotes", pb.StreamQuotesRequest.SerializeToString, None)
        return self._keep(QuoteStream(method(request), self.endpoint))

    def order_session(
        self,
        after_seq: int,
        journal_id: str,
        on_event: Callable[[OrderFact], None],
        on_receipt: Callable[[Receipt], None],
        on_opened: Callable[[OrderSessionOpened], None],
        on_end: Callable[[HantradeError | None, tuple[str, ...]], None],
        client_name: str = "hantrade",
        rhythm: Rhythm | None = None,
    ) -> OrderSessionHandle:
        """Open the order session and resume events behind `after_seq`. The callbacks run in one thread, in order.

        `on_end` is called once with the reason (None after close()) and the ids that were handed over and got no
        receipt: their fate is open, and the reason is then BrokerOutcomeUnknown unless it is None. It fences off older
        sessions of the same `client_name`. With a rhythm signs of life are sent, and silence ends it.
        """
        self._check_open()
        method = self._channel.stream_stream(
            _SERVICE + "OrderSession",
            request_serializer=pb.OrderSessionRequest.SerializeToString,
            response_deserializer=pb.OrderSessionResponse.FromString,
        )
        opening = pb.OpenOrderSession(after_seq=after_seq, journal_id=journal_id, client_name=client_name)
        listener = SessionListener(on_event, on_receipt, on_opened, on_end)
        return self._keep(OrderSessionHandle(method, self.endpoint, opening, listener, rhythm))

    def close(self) -> None:
        """End every stream, wait for their threads and close the channel. May be called again."""
        self._closed = True
        self._ending.set()
        for stream in self._streams:
            stream.close()
        self._streams.clear()
        self._channel.close()

    # ---- inside --------------------------------------------------------------------------------------------

    def _call(self, name: str, request: Any, answer: type[A]) -> A:
        self._check_open()
        method = self._channel.unary_unary(
            _SERVICE + name,
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,  # type: ignore[attr-defined]  # every answer is a Message
        )

        def attempt(timeout_s: float) -> A:
            self._check_open()
            given: A = method(request, timeout=timeout_s)
            return given

        try:
            return self._retries.call(name, self._timeout, attempt, lambda error: read_error(error, self.endpoint))
        except ValueError as error:  # the channel was closed by another thread
            raise BrokerUnavailable(f"the connection to {self.endpoint} is closed") from error

    def _listen(
        self,
        name: str,
        request: Any,
        answer: Any,
        read: Callable[[Any], A],
        heard: tuple[Callable[[A], None], Callable[[HantradeError | None], None]],
    ) -> Listening[A]:
        method = self._stream(name, type(request).SerializeToString, answer.FromString)
        return self._keep(Listening(method(request), self.endpoint, read, *heard))

    def _stream(self, name: str, write: Any, read: Any) -> Any:
        self._check_open()
        return self._channel.unary_stream(_SERVICE + name, request_serializer=write, response_deserializer=read)

    def _keep(self, stream: A) -> A:
        self._streams = [one for one in self._streams if not one.ended]
        self._streams.append(stream)  # type: ignore[arg-type]  # one of the three
        return stream

    def _check_open(self) -> None:
        if self._closed:
            raise BrokerUnavailable(f"the connection to {self.endpoint} is closed")
