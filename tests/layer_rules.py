"""Reads one source file and names what breaks the plan of the house (`test_layers.py` plants one fault per rule).

Works on the syntax tree, so imports inside functions and behind TYPE_CHECKING count as well.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

BACKENDS = {"broker_sim", "broker_win", "broker_rest"}
BELOW_ACTORS = {"strategies", "persistence", "broker", "trends", "domain", "fsm"}
# which roots of ours a root may import, besides itself
ARROWS: dict[str, set[str]] = {
    "hantrade": set(),
    "fsm": set(),
    "domain": {"fsm"},
    "strategies": {"domain"},
    "trends": {"domain"},
    "persistence": {"domain"},
    "broker": {"domain", "fsm", "hantrade"},  # fsm: the names of states that go onto the wire
    **{backend: {"broker", "domain", "fsm"} for backend in BACKENDS},
    "broker_win": {"broker", "broker_sim", "domain", "fsm"},  # broker_sim: the emulator only, see EMULATOR
    "actors": BELOW_ACTORS | {"hantrade"},  # hantrade: the desk server only, see WIRE
    "backtest": BELOW_ACTORS | {"actors", "broker_sim", "reports"},  # reports: the figures of a log
    "reports": {"persistence", "domain", "fsm"},
    "dashboard": {"hantrade"},
    "cli": BELOW_ACTORS | BACKENDS | {"actors", "backtest", "dashboard", "hantrade", "reports"},
}
OTHER_ROOTS = {"tests", "tools", "bench", "chaos", "examples"}  # nothing may import these
# packages of others a root may import; a root that is not listed may import any
FOREIGN: dict[str, set[str]] = {
    "fsm": {"transitions"},
    "domain": {"holidays"},
    "strategies": set(),
    "broker": {"grpc", "grpc_health", "grpc_reflection", "grpc_status", "google", "hantrade"},
}
# where generated messages may be touched: the translation next to BrokerService, and the two ends of DeskService
WIRE = ("broker/", "dashboard/", "cli/", "actors/edges/desk_")
EMULATOR = "broker_win/emulator/"  # plays Kiwoom with the simulated exchange; the product's process never does
QT = ("broker_win/ocx.py", EMULATOR)  # where the control and its window system may be touched
PURE = ("fsm/", "domain/", "strategies/", "actors/roles/")
IMPURE_MODULES = {
    *("time", "random", "threading", "os", "io", "sqlite3", "grpc", "logging", "socket", "subprocess", "structlog"),
    *("asyncio", "multiprocessing", "concurrent", "secrets", "uuid", "pathlib", "tempfile", "shutil", "signal", "sys"),
    *("importlib", "urllib", "http", "queue", "select", "ctypes", "msgspec", "polars", "contextvars"),
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__", "globals", "id", "hash"}
CLOCK_CALLS = {"now", "utcnow", "today"}
MUTATORS = {
    *("append", "extend", "insert", "remove", "pop", "popitem", "clear", "update", "setdefault", "add", "discard"),
    *("appendleft", "popleft", "sort", "reverse", "difference_update", "intersection_update"),
}
IO_CALLS = {
    *("open", "print", "input", "connect", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"),
    *("start", "Popen", "check_output", "check_call", "basicConfig", "configure", "getenv", "read_parquet", "read_csv"),
    *(
        "scan_parquet",
        "urlopen",
        "sleep",
        "insecure_channel",
        "secure_channel",
        "Thread",
        "system",
        "create_connection",
    ),
    *("now", "utcnow", "today", "time", "time_ns", "monotonic", "load_dotenv"),
}
# written while modules are imported, by the classes that enter themselves; fixed from then on
REGISTRIES = {("domain/messages/base.py", "MESSAGES")}
MODE_NAMES = {"mode", "is_live", "is_paper", "dry_run", "live", "paper"}
OPTIONS = {"live", "paper"}  # on the command line these are options to read, not decisions
MODE_ROOM = ("cli/", "domain/config.py")
DECISION_ROOM = ("cli/compose.py",)


def violations(path: str, source: str) -> list[str]:
    """Name what is wrong in one file; `path` is relative to the project, with forward slashes."""
    tree = ast.parse(source)
    found = [*_imports(path, tree), *_import_time(tree), *_modes(path, tree)]
    if path.startswith(PURE):
        found += [*_impurities(tree), *_written_globals(path, tree)]
    return [f"{path}:{line}: {what}" for line, what in found]


def imported(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give line and dotted name of every import, also relative ones and import_module with a literal."""
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _last_name(node.func) in {"import_module", "__import__"}:
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def _imports(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    root = path.split("/", 1)[0]
    for line, name in imported(path, tree):
        top = name.split(".", 1)[0]
        if top in OTHER_ROOTS or (top in ARROWS and top != root and top not in ARROWS[root]):
            yield line, f"{root} may not import {top}"
        elif root in FOREIGN and top not in FOREIGN[root] and top not in ARROWS and top not in sys.stdlib_module_names:
            yield line, f"{root} may not import the package {top}"
        generated = top == "hantrade" and name != "hantrade.__version__"
        if (generated or name.startswith(("google.protobuf", "google.rpc"))) and not path.startswith(WIRE):
            yield line, f"protobuf stays at the wire, not in {path}"
        if root == "broker_win" and top == "broker_sim" and not path.startswith(EMULATOR):
            yield line, "broker_win may import broker_sim in its emulator only"
        if top in {"PyQt5", "pykiwoom", "pythoncom"} and not path.startswith((*QT, "tests/", "bench/")):
            yield line, f"{top} is touched in broker_win/ocx.py and the emulator only"
        if top == "transitions" and root != "fsm":
            yield line, "transitions is used in fsm only"


def _impurities(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, name in imported("", tree):
        if name.split(".", 1)[0] in IMPURE_MODULES:
            yield line, f"pure code may not import {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield node.lineno, f"pure code may not call {node.func.id}()"
        elif isinstance(node, ast.Attribute) and node.attr in CLOCK_CALLS and _is_clock(node.value):
            yield node.lineno, f"pure code may not read a clock: .{node.attr}"


def _is_clock(value: ast.expr) -> bool:
    return _last_name(value) in {"datetime", "date", "dt"}


def _written_globals(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find module-level names that a function writes to: state that lives outside the roles."""
    names = {target.id for node in tree.body for target in _targets(node) if isinstance(target, ast.Name)}
    names -= {name for room, name in REGISTRIES if room == path}
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        outer = names - _local_names(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield node.lineno, f"state outside a role: global {', '.join(node.names)}"
            for target in _targets(node):
                if isinstance(target, ast.Subscript | ast.Attribute) and _first_name(target) in outer:
                    yield target.lineno, f"state outside a role: {_first_name(target)} is written"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id in outer:
                    yield node.lineno, f"state outside a role: {owner.id}.{node.func.attr}()"


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return [node.target]
    return node.targets if isinstance(node, ast.Delete) else []


def _local_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    arguments = function.args
    names = {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    return names | {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _import_time(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in _run_at_import(tree):
        if isinstance(node, ast.Call) and _last_name(node.func) in IO_CALLS:
            yield node.lineno, f"{_last_name(node.func)}() runs at import"
        elif isinstance(node, ast.Attribute) and node.attr == "environ":
            yield node.lineno, "the environment is read at import"


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: everything but function bodies and the __main__ block."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "__main__" in ast.dump(child.test):
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            defaults = [*child.args.defaults, *(one for one in child.args.kw_defaults if one)]
            decorators = [] if isinstance(child, ast.Lambda) else child.decorator_list
            for part in [*defaults, *decorators]:
                yield part
                yield from _run_at_import(part)
            continue
        yield child
        yield from _run_at_import(child)


def _modes(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg in MODE_NAMES and not path.startswith(MODE_ROOM):
            yield node.lineno, f"a parameter named {node.arg}: only compose.py asks which mode this is"
        tested = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        tested += [node.subject] if isinstance(node, ast.Match) else []
        tested += [node.test] if isinstance(node, ast.If | ast.IfExp | ast.While) else []
        for part in tested:
            name = _last_name(part)
            is_option = name in OPTIONS and isinstance(part, ast.Name) and path.startswith("cli/")
            if name in MODE_NAMES and not is_option and not path.startswith(DECISION_ROOM):
                yield part.lineno, f"a decision on {name}: only compose.py makes it"


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _first_name(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
