"""What every command shares: options, exit codes, and how to reach a trader or its log."""

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer

from broker.security.access import PLAIN, Access, open_channel
from cli.home import Home, newest_log
from cli.output import note
from cli.protection import desk_access
from domain.errors import BrokerOutcomeUnknown, BrokerUnavailable, ConfigError, RequestRefused
from hantrade.v1 import desk_pb2, desk_pb2_grpc

CALL_S = 15.0
READS = ("Get", "List", "Watch")  # how the names of RPCs that change nothing begin
NOT_SENT = "failed to connect"  # gRPC's words when a call never left


class Exit(enum.IntEnum):
    """Exit codes of design.md 8."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    UNAVAILABLE = 3
    UNKNOWN = 4


DEFAULT_HOME = Path(".hantrade")
HOME_VARIABLE = "HANTRADE_HOME"
HomeOption = Annotated[
    Path, typer.Option("--home", envvar=HOME_VARIABLE, help="Folder of settings, logs and process notes.")
]
LogOption = Annotated[Path | None, typer.Option("--log", help="Event log to read instead of a running trader.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept in the log.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


class Desk:
    """A running trader, by its DeskService; usable as a context manager."""

    def __init__(self, address: str, access: Access = PLAIN) -> None:
        """Dial, showing what is asked for."""
        self._channel = open_channel(address, access)
        self.stub = desk_pb2_grpc.DeskServiceStub(self._channel)

    def __enter__(self) -> "Desk":
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self._channel.close()

    def call(self, method: str, request: Any, timeout_s: float = CALL_S) -> Any:
        """Call one RPC. Raises BrokerUnavailable, RequestRefused; BrokerOutcomeUnknown for an unanswered command."""
        with explained(command=not method.startswith(READS)):
            return getattr(self.stub, method)(request, timeout=timeout_s)

    def watch(self, interval_ms: int) -> Iterator[desk_pb2.TraderStatus]:
        """Stream the status until the trader leaves."""
        from broker.translate.desk import duration_ms

        request = desk_pb2.WatchStatusRequest(interval=duration_ms(interval_ms))
        with explained():
            for answer in self.stub.WatchStatus(request):
                yield answer.status


@contextmanager
def explained(*, command: bool = False) -> Iterator[None]:
    """Turn gRPC errors into ours. A command that broke off after it left here may have taken effect."""
    from broker.statuses import read_error

    try:
        yield
    except grpc.RpcError as error:
        known = read_error(error, "the trader")
        if not isinstance(known, BrokerUnavailable):
            raise known from None
        said = str(error.details() or error.code().name)
        if command and NOT_SENT not in said:
            text = f"the trader did not answer ({said}); whether the command took effect, `hantrade status` and "
            raise BrokerOutcomeUnknown(text + "`hantrade orders list` tell") from None
        raise BrokerUnavailable(f"the trader does not answer: {said}") from None


def desk_of(home: Path) -> Desk:
    """Reach the trader of a home. Raises BrokerUnavailable when none runs."""
    found = Home(home).running("trader")
    if found is None:
        raise BrokerUnavailable(f"no trader runs in {home}; start one with `hantrade start`")
    return Desk(found.address, desk_access(home))


class Source:
    """Where a reading command reads: the running trader, or a folded log."""

    def __init__(self, home: Path, log: Path | None) -> None:
        """Choose: `--log` first, then the running trader, then the newest log. Raises ConfigError, LogError."""
        running = Home(home).running("trader") if log is None else None
        self._desk = Desk(running.address, desk_access(home)) if running else None
        self._reader: Any = None
        if self._desk is None:
            from cli.offline import fold

            path = log or newest_log(home)
            if not path.exists():
                raise ConfigError(f"--log: {path} does not exist")
            if log is None:
                note(f"no trader runs in {home}; reading {path}")
            self._reader = fold(path)

    @property
    def live(self) -> bool:
        """Tell whether a trader answers."""
        return self._desk is not None

    def status(self) -> desk_pb2.TraderStatus:
        """Give the status."""
        if self._desk:
            status: desk_pb2.TraderStatus = self._desk.call("GetStatus", desk_pb2.GetStatusRequest()).status
            return status
        result: desk_pb2.TraderStatus = self._reader.status()
        return result

    def watch(self, interval_ms: int) -> Iterator[desk_pb2.TraderStatus]:
        """Stream the status of a running trader; a log gives one."""
        if self._desk is None:
            yield self._reader.status()
            return
        yield from self._desk.watch(interval_ms)

    def orders(self, request: desk_pb2.ListOrdersRequest) -> Any:
        """Give orders."""
        return self._get("ListOrders", request, lambda: self._reader.orders(request))

    def order(self, order_id: str) -> Any:
        """Give one order. Raises RequestRefused."""
        request = desk_pb2.GetOrderRequest(client_order_id=order_id)
        return self._get("GetOrder", request, lambda: self._reader.order(order_id))

    def fills(self, symbol: str, limit: int) -> Any:
        """Give fills."""
        request = desk_pb2.DeskServiceListFillsRequest(symbol=symbol, limit=limit)
        return self._get("ListFills", request, lambda: self._reader.fills(symbol, limit))

    def positions(self) -> Any:
        """Give holdings."""
        return self._get("ListPositions", desk_pb2.DeskServiceListPositionsRequest(), lambda: self._reader.positions())

    def cash(self) -> Any:
        """Give cash and equity."""
        return self._get("GetCash", desk_pb2.GetCashRequest(), lambda: self._reader.cash())

    def quotes(self, symbols: tuple[str, ...]) -> Any:
        """Give quotes. Raises RequestRefused."""
        request = desk_pb2.ListQuotesRequest(symbols=symbols)
        return self._get("ListQuotes", request, lambda: self._reader.quotes(symbols))

    def signals(self, symbol: str, limit: int, strategy: str = "") -> Any:
        """Give signals."""
        request = desk_pb2.ListSignalsRequest(symbol=symbol, limit=limit, strategy=strategy)
        return self._get("ListSignals", request, lambda: self._reader.signals(symbol, limit, strategy))

    def strategies(self) -> Any:
        """Give the strategies of the run."""
        return self._get("ListStrategies", desk_pb2.ListStrategiesRequest(), lambda: self._reader.strategies())

    def accuracy(self, strategy: str, symbol: str) -> Any:
        """Give how often signals were right."""
        request = desk_pb2.GetAccuracyRequest(strategy=strategy, symbol=symbol)
        return self._get("GetAccuracy", request, lambda: self._reader.accuracy(strategy, symbol))

    def performance(self) -> Any:
        """Give the day's performance."""
        return self._get("GetPerformance", desk_pb2.GetPerformanceRequest(), lambda: self._reader.performance())

    def _get(self, method: str, request: Any, offline: Callable[[], Any]) -> Any:
        return self._desk.call(method, request) if self._desk else offline()


def exit_code(error: BaseException) -> Exit:
    """Give the exit code an error stands for."""
    if isinstance(error, ConfigError):
        return Exit.USAGE
    if isinstance(error, BrokerUnavailable):
        return Exit.UNAVAILABLE
    if isinstance(error, BrokerOutcomeUnknown):
        return Exit.UNKNOWN
    if isinstance(error, RequestRefused):
        return Exit.REFUSED
    return Exit.REFUSED
