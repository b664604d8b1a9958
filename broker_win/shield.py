"""Load modules of a package with stand-ins in place of what they import and we do not use.

What comes out is a copy of our own: `sys.modules` is left as it was, so whoever imports the package himself gets it
whole. The package's `__init__` is not run.
"""

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType


def load_shielded(package: str, modules: Sequence[str], stand_ins: Mapping[str, ModuleType]) -> list[ModuleType]:
    """Give the modules `package.<module>`, loaded while `stand_ins` stand for the modules of those names.

    Raises ImportError when the package is not there, or what its modules import is neither there nor stood in for.
    Not for two threads at once.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    bare = ModuleType(package)
    bare.__path__ = list(spec.submodule_search_locations)
    put_aside = _take_out(package, stand_ins)
    sys.modules.update({**stand_ins, package: bare})
    try:
        return [importlib.import_module(f"{package}.{module}") for module in modules]
    finally:
        _take_out(package, stand_ins)
        sys.modules.update(put_aside)


def _take_out(package: str, stand_ins: Mapping[str, ModuleType]) -> dict[str, ModuleType]:
    names = [one for one in sys.modules if one in stand_ins or one == package or one.startswith(f"{package}.")]
    return {one: sys.modules.pop(one) for one in names}
