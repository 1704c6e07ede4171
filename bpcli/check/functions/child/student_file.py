"""A user's Python file, imported as what it is: a lone module beside its neighbours, or a part of a package."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.passes.local import LocalCallee, local_callee


def module_of(path: Path) -> ModuleType:
    """The module of a file. Its folder, and that of its package, are looked into first for what it imports.

    Raises whatever the file raises.
    """
    package = _package(path)
    top = path.parents[len(package)]
    sys.path[:0] = dict.fromkeys([str(path.parent), str(top)])
    sys.path.append(str(path.parent.parent))  # `from common.functions import f` in a file of the folder `common`
    if package:
        return importlib.import_module(".".join([*package, path.stem]))
    try:
        return _lone(path)
    except ImportError as error:
        if "relative import" not in str(error) or not path.parent.name.isidentifier():
            raise
    sys.path.insert(0, str(path.parent.parent))  # `from .layers import f` in a folder without an __init__.py
    return importlib.import_module(f"{path.parent.name}.{path.stem}")


def _package(path: Path) -> list[str]:
    """The packages that a file is in, the outermost first."""
    names: list[str] = []
    for folder in path.parents:
        if not (folder / "__init__.py").is_file() or not folder.name.isidentifier():
            break
        names.insert(0, folder.name)
    return names


def _lone(path: Path) -> ModuleType:
    """A module that is in no package; it does not take the name of one that Python knows."""
    is_taken = path.stem in sys.modules or path.stem in sys.stdlib_module_names
    name = f"user_{path.stem}" if is_taken else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        message = f"'{path.name}' is no Python file"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def callee_in(module: ModuleType, file: str, forward: str, backward: str | None) -> LocalCallee:
    """The passes that have these names: functions, a class, or two methods, `Layer.forward` and `Layer.backward`.

    Raises MisbehaviourError where the file has no such name.
    """
    owner, dot, method = forward.rpartition(".")
    other_owner, _, other = (backward or "").rpartition(".")
    if dot and isinstance(_found(module, file, owner), type) and (backward is None or other_owner == owner):
        found = _found(module, file, owner)
        methods = method, other or ("backward" if hasattr(found, "backward") else None)
        names = forward, f"{owner}.{methods[1] or method}"
        return local_callee(found, names=names, methods=methods, is_alone=True)
    first = _found(module, file, forward)
    second = None if backward is None else _found(module, file, backward)
    own = None if isinstance(first, type) else (forward, backward or forward)
    return local_callee(first, second, names=own, is_alone=True)


def _found(module: ModuleType, file: str, name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            from difflib import get_close_matches  # noqa: PLC0415 - only an error needs it

            known = [name for name in vars(module) if not name.startswith("_") and callable(getattr(module, name))]
            near = get_close_matches(part, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(known[:20]) or 'no functions'}"
            raise MisbehaviourError(Fault("not found", file, f"'{file}' has no function '{name}'", hint))
        found = getattr(found, part)
    return found
