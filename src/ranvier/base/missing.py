"""What is said when a module, an object or a call is asked for a name that it does not have."""

from __future__ import annotations

import dis
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ParamSpec, Self, TypeVar, cast

from ..errors import ArgumentError, KeywordError, MissingNameError, RanvierError
from .arguments import Rule, check, from_file, rules
from .spelling import nearest

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

PACKAGE = __name__.partition(".")[0]

# What to do instead, where no name of the same kind stands for it.
ADVICE = {
    "cuda": "Ranvier computes on the CPU: leave .cuda() out",
    "gpu": "Ranvier computes on the CPU",
    "mps": "Ranvier computes on the CPU",
    "device": "Ranvier computes on the CPU, so nothing has a device",
    "history": "fit returns it: history = model.fit(x, y)",
    "load": "ranvier.load(path) reads a model, model.load_weights(path) weights alone",
    "predict_proba": "predict gives probabilities, predict_classes the classes",
    "score": "evaluate gives the loss and the metrics",
    "state_dict": "get_weights gives the numbers, named_tensors() the tensors by their paths",
    "load_state_dict": "set_weights takes the numbers that get_weights gave",
    "to_json": "save writes architecture and weights to one file",
}


# --- modules and objects ------------------------------------------------------------------------


def module_getattr(
    where: str,
    names: Mapping[str, Any],
    error: Callable[[str, str, Iterable[str]], Exception] | None = None,
    when_asked: Mapping[str, str] | None = None,
) -> Callable[[str], Any]:
    """A module's `__getattr__`, called for what it does not have; `names` are its globals.

    `error(where, name, known)` makes the error. Names `when_asked` are imported by then: modules,
    or what stands in one behind a colon, `"Model": "train.models.model:Model"`; with two dots in
    front they are looked for beside the module, not inside it.
    """

    later = when_asked or {}

    def __getattr__(name: str) -> Any:
        if name in later:
            module, _, attribute = later[name].partition(":")
            beside = module.startswith("..")
            asked: Any = importlib.import_module(module if beside else f"{where}.{module}", where)
            if attribute:
                asked = getattr(asked, attribute)
            vars(sys.modules[where])[name] = asked
            return asked
        if name.startswith("__"):
            raise AttributeError(f"{where} has no {name}")
        known = names.get("__all__") or [n for n in names if not n.startswith("_")]
        problem = (error or _no_attribute)(where, name, known)
        # NOTE: `from module import name` hides the text of an AttributeError, but not of an
        # ImportError. Which of the two asks is seen from the instruction of the caller.
        frame = sys._getframe(1)
        if dis.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM":
            raise ImportError(str(problem))
        raise problem

    return __getattr__


def _no_attribute(where: str, name: str, known: Iterable[str]) -> MissingNameError:
    # NOTE: `from package import module` asks the package first; the nearest name is not looked for
    # until somebody reads the error.
    return MissingNameError(
        lambda: f"module {where!r} has no attribute {name!r}{hint(name, known)}"
    )


def hint(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'units'?`, or nothing.

    >>> hint("unit", ["units", "name"]), hint("xyz", ["units"])
    ("; did you mean 'units'?", '')
    """
    closest = nearest(name, known)
    return f"; did you mean {closest!r}?" if closest else ""


def no_attribute(thing: object, name: str) -> MissingNameError:
    """The error for an attribute that an object does not have; its words are found when read."""
    kind = type(thing)

    def words() -> str:
        known = [n for n in (*dir(kind), *getattr(thing, "__dict__", ())) if not n.startswith("_")]
        advice = f"; {ADVICE[name]}" if name in ADVICE else hint(name, known)
        return f"{kind.__name__!r} has no attribute {name!r}{advice}"

    return MissingNameError(words)


# --- calls --------------------------------------------------------------------------------------


class Spelled:
    """Base of classes whose constructor names the nearest argument for one that it lacks, and
    refuses values that its signature rules out (arguments.py).
    """

    __slots__ = ()

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        if kwargs:
            kind: Any = cls
            known = constructor_arguments(kind)
            unknown = [] if known is None else [name for name in kwargs if name not in known]
            if known is not None and unknown:
                raise no_argument(cls.__name__, unknown[0], known)
        if args or kwargs:
            owner: Any = cls
            taken = _positional(owner)
            if taken is not None and len(args) > len(taken):
                raise _too_many(cls.__name__, taken, len(args))
            names, asked = _constructor_rules(owner)
            if asked:
                check(cls.__name__, asked, names, args, kwargs)
        return super().__new__(cls)


def _constructors(cls: Any) -> Iterator[tuple[Any, list[inspect.Parameter]]]:
    """The class and its bases that have a constructor of their own, each with its parameters."""
    for owner in cls.__mro__:
        signature, init = vars(owner).get("__signature__"), vars(owner).get("__init__")
        if (init is None and signature is None) or owner is object:
            continue
        parameters = list((signature or inspect.signature(init)).parameters.values())
        yield owner, parameters[0 if signature else 1 :]


def _hands_on(parameters: Iterable[inspect.Parameter]) -> bool:
    """Whether a constructor takes any keyword, for its base classes."""
    return any(p.kind is p.VAR_KEYWORD for p in parameters)


@functools.lru_cache(maxsize=1024)
def constructor_arguments(cls: Any) -> tuple[str, ...] | None:
    """The names that the constructor takes, with those of base classes behind `**options`.

    None when that cannot be said: a class from outside that takes any keyword.
    """
    names: list[str] = []
    closed = True
    for owner, parameters in _constructors(cls):
        names += [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        if not _hands_on(parameters):
            return tuple(dict.fromkeys(names))
        if vars(owner).get("__signature__") or owner.__module__.partition(".")[0] != PACKAGE:
            return None
        closed = False
    return tuple(names) if closed else None


@functools.lru_cache(maxsize=1024)
def _positional(cls: Any) -> tuple[str, ...] | None:
    """The arguments that the constructor takes by their order; None: any number, or it is not ours.

    NOTE: Python itself takes any arguments, in silence, where only `__new__` is written.
    """
    for owner, parameters in _constructors(cls):
        if not is_ours(owner) or any(p.kind is p.VAR_POSITIONAL for p in parameters):
            return None
        return tuple(
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        )
    return ()


@functools.lru_cache(maxsize=1024)
def _constructor_rules(cls: Any) -> tuple[tuple[str, ...], dict[str, Rule]]:
    """(names of positional arguments, what is asked of arguments) where Ranvier says so itself.

    Classes of users and of the compatibility layer say what they like; what they hand on to a
    base class of ours behind `**options` is ours.
    """
    names: tuple[str, ...] = ()
    asked: dict[str, Rule] = {}
    known: set[str] = set()
    for owner, parameters in _constructors(cls):
        if is_ours(owner):
            names = names if known else tuple(p.name for p in parameters)
            asked.update(rules(p for p in parameters if p.name not in known))
        known.update(p.name for p in parameters)
        if not _hands_on(parameters):
            break
    return names, asked


def saved_arguments(cls: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """The constructor's arguments in a file, also one of an earlier version."""
    owner: Any = cls
    return from_file(cls.__name__, _constructor_rules(owner)[1], config)


def is_ours(thing: object) -> bool:
    """Whether a class or function is written here, and not under another library's name."""
    first, *rest = str(thing.__module__).split(".")
    return first == PACKAGE and rest[:1] != ["compat"]


def no_argument(call: str, name: str, known: Iterable[str]) -> KeywordError:
    """The error for a keyword that a call does not take."""
    names = list(known)
    closest = hint(name, names) or "."
    return KeywordError(
        f"{call} has no argument {name!r}{closest} It takes: {', '.join(names) or 'none'}"
    )


def _too_many(call: str, taken: Sequence[str], count: int) -> KeywordError:
    """The error for more arguments than a call takes."""
    if not taken:
        return KeywordError(f"{call} takes no positional arguments; got {count}")
    many = f"{len(taken)} positional argument{'s' * (len(taken) > 1)}"
    return KeywordError(f"{call} takes {many} ({', '.join(taken)}); got {count}")


def refuse_misfit(
    error: Exception,
    call: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    """Raise a better error than `error` if `call` failed because its arguments do not fit the
    signature: names that are not there, too many or too few, None where no annotation has it.
    """
    if not isinstance(error, RanvierError):
        problem = _misfit(call, function, args, kwargs)
        if problem is not None:
            raise problem from None


def _misfit(
    call: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> ArgumentError | None:
    """What does not fit; None: all of it does."""
    signature = inspect.signature(function)
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError:
        pass
    else:
        for name, value in bound.items():
            annotation = str(signature.parameters[name].annotation)
            if value is None and not _takes_none(annotation):
                return ArgumentError(f"{call}: {name}=None; it needs a value")
        return None
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    by_order = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    count = len(args) - ("self" in signature.parameters)
    known = [*by_order, *[p.name for p in parameters if p.kind is p.KEYWORD_ONLY]]
    for name in kwargs:
        if name not in known:
            return no_argument(call, name, known)
        if name in by_order[:count]:
            return KeywordError(f"{call} got {name!r} twice, by position and by name")
    if count > len(by_order):
        return _too_many(call, by_order, count)
    has = {*by_order[:count], *kwargs}
    missing = [p.name for p in parameters if p.default is p.empty and p.name in {*known} - has]
    return KeywordError(
        f"{call} needs {' and '.join(map(repr, missing))} too. It takes: {', '.join(known)}"
    )


# What in an annotation says that None is a value.
_OR_NONE = frozenset({
    "None", "Any", "object", "Axes", "ActivationLike", "InitializerLike", "LossLike",
    "LearningRate", "MetricsLike", "Parameters", "RegularizerLike", "WeightsLike",
})  # fmt: skip
_UNION = re.compile(r"\|(?![^\[]*\])")  # outside of brackets


def _takes_none(annotation: str) -> bool:
    kinds = {kind.strip() for kind in _UNION.split(annotation)}
    return bool(kinds & _OR_NONE) or "_empty" in annotation


def answered(function: F) -> F:
    """The function; arguments that do not fit its signature are answered as `spelled` answers them.

    For functions that check the values themselves: nothing but the call is looked at, and that
    only after it has failed.

    >>> @answered
    ... def where(condition, x, y):
    ...     return x
    >>> where(True)
    Traceback (most recent call last):
    ranvier.errors.KeywordError: where needs 'x' and 'y' too. It takes: condition, x, y
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError) as error:
            refuse_misfit(error, function.__name__, function, args, kwargs)
            raise

    return cast("F", call)


def spelled(function: Callable[P, R]) -> Callable[P, R]:
    """The function; a call with a keyword that it lacks names the nearest one, and values that
    the signature rules out are refused (arguments.py).

    >>> @spelled
    ... def fit(x, epochs=1):
    ...     return epochs
    >>> fit(0, epoch=2)
    Traceback (most recent call last):
    ranvier.errors.KeywordError: fit has no argument 'epoch'; did you mean 'epochs'? It takes: ...
    """
    parameters = inspect.signature(function).parameters.values()
    names = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    asked = rules(parameters) if is_ours(function) else {}
    first = min((i for i, name in enumerate(names) if name in asked), default=len(names))

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in kwargs:
            if name in asked:
                asked[name](function.__name__, name, kwargs[name])
        if len(args) > first:
            check(function.__name__, asked, names, args, {})
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError) as error:
            refuse_misfit(error, function.__name__, function, args, kwargs)
            raise

    return call
