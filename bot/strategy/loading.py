"""From a module or a file to the strategy class in it. Whatever goes wrong is a `StrategyError` of one line."""

from __future__ import annotations

import importlib
import inspect
import itertools
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import pydantic

from bot.errors import StrategyError
from bot.strategy.base import Strategy
from bot.strategy.slow import TooSlow, limited

_NOT_FOREIGN = (str(Path(__file__).parent), str(Path(pydantic.__file__).parent), importlib.__file__, "<frozen ")
"""How the names of files begin that run foreign code and are not to be blamed for it."""

LONGEST = 1000
"""Characters of an error's text that are told."""

LOAD_SECONDS = 60.0
"""What loading a strategy, and checking its parameters, may take."""

_numbers = itertools.count(1)


def load_module(name: str, module_name: str, class_name: str = "") -> type[Strategy]:
    """The strategy class of a module; without a class name, the only one in it. `name` is what users call it.

    Raises:
        StrategyError: the module cannot be imported, or has no such class.
    """
    with foreign_code(name):
        module = importlib.import_module(module_name)
    return _class_in(module, name, module_name, class_name)


def load_file(path: Path, class_name: str = "", *, package: str = "", name: str = "") -> type[Strategy]:
    """The strategy class of a file, run anew under a module name of its own: what was loaded from it before stays.

    Args:
        path: the file.
        class_name: the class; without it, the only one in the file.
        package: the package that the file belongs to, if its imports are relative to one.
        name: what users call the strategy; without it, as the file is called.

    Raises:
        StrategyError: the file cannot be run, or has no such class.
    """
    name = name or path.stem
    own_name = f"{package}{'.' if package else ''}_{path.stem}_{next(_numbers)}"
    spec = spec_from_file_location(own_name, path, loader=_SourceLoader(own_name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[own_name] = module  # where pydantic looks up the types of parameters
    try:
        with foreign_code(name, path):
            spec.loader.exec_module(module)
        return _class_in(module, name, str(path), class_name)
    except BaseException:
        del sys.modules[own_name]
        raise


class _SourceLoader(SourceFileLoader):
    """Compiles the text as it is now: byte code that is kept goes by seconds, and files are saved faster than that."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


@contextmanager
def foreign_code(name: str, file: Path | None = None, *, what: str = "cannot be imported") -> Iterator[None]:
    """What is imported here for a strategy may raise anything, may try to end the program, and may never be done.

    Args:
        name: what users call the strategy.
        file: what is named where the error itself tells no place.
        what: what cannot be done then.

    Raises:
        StrategyError: it did.
    """
    try:
        with limited(LOAD_SECONDS):
            yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - told, with its type and its place
        raise StrategyError(f"strategy '{name}' {what}: {told(error, file)}") from None


def said(error: BaseException) -> str:
    """What an error of foreign code is and says, in one line that is not too long; some cannot even say it."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception as broken:  # noqa: BLE001 - told
        text = f"(it cannot be told, for its text raises {type(broken).__name__})"
    kind = "" if isinstance(error, (StrategyError, TooSlow)) else type(error).__name__
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 2 * LONGEST]).split())
    return ": ".join(part for part in (kind, line[:LONGEST]) if part)


def told(error: BaseException, file: Path | None = None) -> str:
    """An error of foreign code in one line, with file and line as far as they are known."""
    place = _place(error) or str(file or "")
    return said(error) + (f" ({place})" if place else "")


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not one.filename.startswith(_NOT_FOREIGN)]
    inside = [one for one in frames if one.filename == frames[0].filename]
    return f"{inside[-1].filename}:{inside[-1].lineno}" if inside else ""


def _class_in(module: ModuleType, name: str, place: str, class_name: str) -> type[Strategy]:
    if class_name:
        found = getattr(module, class_name, None)
        if not (inspect.isclass(found) and issubclass(found, Strategy)):
            raise StrategyError(f"strategy '{name}': {place} has no Strategy class '{class_name}'")
        return found
    classes = [
        member
        for known_as, member in vars(module).items()
        if inspect.isclass(member) and issubclass(member, Strategy)
        if member.__module__ == module.__name__ and member.__name__ == known_as and not known_as.startswith("_")
    ]
    if len(classes) != 1:
        names = f": {', '.join(one.__name__ for one in classes)}" if classes else ""
        raise StrategyError(f"strategy '{name}': {place} must hold one Strategy class, not {len(classes)}{names}")
    return classes[0]
