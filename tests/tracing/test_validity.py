"""What is compiled is traced again when something it read has changed, and only then."""

from __future__ import annotations

import copy
import gc
import math
import threading
from collections import deque
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn, optim
from ranvier.errors import RanvierWarning
from ranvier.nn.layer import Layer
from ranvier.tracing import compiled as compiled_functions
from ranvier.tracing import snapshot
from ranvier.tracing import trace as tracing
from ranvier.tracing.validity import MAX_VARIANTS, Validity

X = np.array([[1.0, 2.0, 3.0]], np.float32)


class Count:
    """How often something was traced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.traces = 0
        made = tracing.Traced.__init__

        def counted(traced: Any, *arguments: Any) -> None:
            self.traces += 1
            made(traced, *arguments)

        monkeypatch.setattr(tracing.Traced, "__init__", counted)


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    return Count(monkeypatch)


class Config:
    """An object of a user's own."""

    def __init__(self, by: float) -> None:
        self.by = by

    def get(self) -> float:
        return self.by


class WithSlots:
    __slots__ = ("by",)

    def __init__(self, by: float) -> None:
        self.by = by


@dataclass
class Nested:
    inner: Any


class By(Layer):
    """Multiplies by what `find` gets out of `held`, wherever that lies."""

    def __init__(self, held: Any, find: Any) -> None:
        super().__init__()
        self.held, self.find = held, find

    def forward(self, x: Any) -> Any:
        return x * self.find(self.held)


def put(held: Any, value: Any) -> None:
    held["a"][0]["b"] = value


# name: (holder of 2.0, how to find it, how to put another number there)
HOLDERS: dict[str, tuple[Any, Any, Any]] = {
    "list": (lambda: [1, 2.0], lambda h: h[1], lambda h, v: h.__setitem__(1, v)),
    "dict": (lambda: {"a": 2.0}, lambda h: h["a"], lambda h, v: h.__setitem__("a", v)),
    "nested": (lambda: {"a": [{"b": 2.0}]}, lambda h: h["a"][0]["b"], put),
    "list in a tuple": (lambda: ([2.0],), lambda h: h[0][0], lambda h, v: h[0].__setitem__(0, v)),
    "set": (lambda: {2.0}, lambda h: max(h), lambda h, v: h.add(v)),
    "deque": (lambda: deque([2.0]), lambda h: h[-1], lambda h, v: h.append(v)),
    "a long list": (lambda: [2.0] * 5000, lambda h: h[4000], lambda h, v: h.__setitem__(4000, v)),
    "object": (lambda: Config(2.0), lambda h: h.by, lambda h, v: setattr(h, "by", v)),
    "slots": (lambda: WithSlots(2.0), lambda h: h.by, lambda h, v: setattr(h, "by", v)),
    "namespace": (
        lambda: SimpleNamespace(by=2.0), lambda h: h.by, lambda h, v: setattr(h, "by", v)
    ),
    "object in a list in an object": (
        lambda: Nested([Config(2.0)]), lambda h: h.inner[0].by,
        lambda h, v: setattr(h.inner[0], "by", v),
    ),
    "a small array": (
        lambda: np.array([0.0, 2.0]), lambda h: float(h[1]), lambda h, v: h.__setitem__(1, v)
    ),
    "a layer that is not called": (
        lambda: nn.Dropout(2.0 / 4), lambda h: h.rate * 4, lambda h, v: setattr(h, "rate", v / 4)
    ),
    "a method's object": (
        lambda: Config(2.0).get, lambda h: h(),
        lambda h, v: setattr(h.__self__, "by", v),
    ),
}  # fmt: skip


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_number_in_any_holder_is_seen_by_a_compiled_function(holder: str, count: Count) -> None:
    make, find, change = HOLDERS[holder]
    layer = By(make(), find)
    compiled = ranvier.compile(lambda x: layer(x))
    for value in (2.0, 3.0):
        change(layer.held, value)
        for _ in range(3):
            np.testing.assert_array_equal(compiled(X).numpy(), X * np.float32(find(layer.held)))
    assert find(layer.held) == 3.0
    assert count.traces == 2


@pytest.mark.parametrize("holder", ["object", "slots", "namespace", "nested", "list"])
def test_a_number_in_an_argument_is_seen(holder: str) -> None:
    make, find, change = HOLDERS[holder]
    held = make()
    compiled = ranvier.compile(lambda x, held: x * find(held))
    for value in (2.0, 3.0):
        change(held, value)
        np.testing.assert_array_equal(compiled(X, held).numpy(), X * value)


def test_an_array_among_the_operands_is_seen(count: Count) -> None:
    table = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    compiled = ranvier.compile(lambda x: x * table[1] + np.ones(3, np.float32))
    for value in (2.0, 5.0):
        table[1] = value
        for _ in range(3):
            np.testing.assert_array_equal(compiled(X).numpy(), X * value + 1)
    assert count.traces == 2


def test_a_buffer_that_the_function_fills_itself(count: Count) -> None:
    buffer = np.zeros(3, np.float32)

    @ranvier.compile
    def summed(x: Any) -> Any:
        for i in range(3):
            buffer[:] = i
            x = x + buffer
        return x

    for _ in range(3):
        np.testing.assert_array_equal(summed(X).numpy(), X + 3)
    # The last filling is what the buffer holds afterwards.
    assert count.traces == 1


def between(held: list[Any]) -> Any:
    """What tells which of two containers an element is in."""
    return sum(len(part) * 10**i for i, part in enumerate(held))


MOVES: dict[str, Any] = {
    "lists": ([[1.0, 2.0], [3.0]], lambda a, b: b.insert(0, a.pop())),
    "sets": ([{1.0}, set()], lambda a, b: b.add(a.pop())),
    "deques": ([deque([1.0, 2.0]), deque([3.0])], lambda a, b: b.appendleft(a.pop())),
    "layers": ([[nn.ReLU(), 1.0], [2.0]], lambda a, b: b.insert(0, a.pop())),
}


@pytest.mark.parametrize("kind", MOVES)
def test_what_moves_from_one_container_to_its_neighbour_is_seen(kind: str) -> None:
    (left, right), move = MOVES[kind]
    held = [copy.copy(left), copy.copy(right)]
    layer = By(held, between)
    f = ranvier.compile(lambda x: layer(x))
    f(X)
    move(*held)
    assert np.array_equal(f(X).numpy(), X * between(held))


EQUALITY = {
    "an array": np.ones(3, np.float32),
    "a tensor": ranvier.tensor([1.0, 1.0, 1.0]),
    "a part of an array": np.ones(5, np.float32)[1:4],
}


@pytest.mark.parametrize("kind", EQUALITY)
@pytest.mark.parametrize("before", [None, "text"])
def test_a_list_gets_something_that_equality_does_not_tell(kind: str, before: Any) -> None:
    held = [before]
    layer = By(held, lambda held: 2.0 if isinstance(held[0], str | None) else held[0])
    model = ranvier.Sequential([layer])
    assert np.array_equal(model.predict(X), X * 2)
    held[0] = EQUALITY[kind]
    assert np.array_equal(model.predict(X), X)
    assert np.array_equal(model.predict(X), X)
    held[0] = before
    assert np.array_equal(model.predict(X), X * 2)


SCALARS = [
    np.int64(3), np.bool_(True), np.float32(0.5), np.float32(0.0), np.float32(-0.0),
    np.float32("nan"), np.float16(0.5), np.uint8(3),
]  # fmt: skip


def test_numbers_of_numpy_are_known_by_their_values(count: Count) -> None:
    f = ranvier.compile(lambda x, by: x / by)
    for compiled, scalar in enumerate(SCALARS, start=1):
        for _ in range(3):
            with np.errstate(divide="ignore"):
                expected = X / np.float32(scalar)
            assert np.array_equal(f(X, type(scalar)(scalar)).numpy(), expected, equal_nan=True)
        assert count.traces == compiled


def test_attributes_that_come_and_go_are_seen() -> None:
    class Perhaps(Layer):
        def forward(self, x: Any) -> Any:
            return x * vars(self).get("by", 1.0) + ("other" in vars(self))

    layer = Perhaps()
    compiled = ranvier.compile(lambda x: layer(x))
    np.testing.assert_array_equal(compiled(X).numpy(), X)
    layer.by = by = 5.0
    np.testing.assert_array_equal(compiled(X).numpy(), 5 * X)
    del layer.by
    layer.other = by  # the same object under another name
    np.testing.assert_array_equal(compiled(X).numpy(), X + 1)
    del layer.other
    np.testing.assert_array_equal(compiled(X).numpy(), X)


@pytest.mark.parametrize(
    ("before", "after"), [(1, 1.0), (1, True), (0.0, -0.0), ([1], [True]), ((1,), (1.0,))]
)
def test_equal_values_of_another_kind_are_seen(before: Any, after: Any, count: Count) -> None:
    layer = By(before, lambda held: 1.0)
    compiled = ranvier.compile(lambda x: layer(x))
    compiled(X)
    layer.held = after
    compiled(X)
    assert count.traces == 2


@pytest.mark.parametrize(
    "make", [lambda: float("2.5"), lambda: [1, {"a": float("2.5")}], lambda: ("text" * 2, None)]
)
def test_equal_values_of_one_kind_compile_nothing_again(make: Any, count: Count) -> None:
    layer = By(make(), lambda held: 2.0)
    compiled = ranvier.compile(lambda x: layer(x))
    for _ in range(3):
        compiled(X)
        layer.held = make()
    assert count.traces == 1
    if isinstance(layer.held, list):
        compiled(X)
        layer.held[1]["a"] = 3.5  # the container that is there now is looked at
        compiled(X)
        assert count.traces == 2


def test_the_order_of_a_dict_is_seen() -> None:
    layer = By({"a": 1.0, "b": 2.0}, lambda held: next(iter(held.values())))
    compiled = ranvier.compile(lambda x: layer(x))
    compiled(X)
    layer.held["a"] = layer.held.pop("a")
    np.testing.assert_array_equal(compiled(X).numpy(), 2 * X)


class Busy(Layer):
    """A layer whose forward sets attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.shapes, self.kept = 0, [(1, 1)], {"last": None}
        self.last: Any = None
        self.inner: Any = None
        self.by = 2.0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        self.last = x
        self.shapes.append(x.shape)
        self.kept["last"] = x
        self.rows = x.shape[0]
        if self.inner is None:
            self.inner = By(1.0, lambda held: held)
        return self.inner(x) * self.by


def test_what_a_forward_sets_compiles_nothing_again(count: Count) -> None:
    layer = Busy()
    compiled = ranvier.compile(lambda x: layer(x))
    for _ in range(6):
        compiled(X)
        layer(X)
        layer(np.ones((4, 3), np.float32))
    first = count.traces
    assert first <= 3
    layer.by = 3.0
    np.testing.assert_array_equal(compiled(X).numpy(), 3 * X)
    layer.inner.held = 2.0
    np.testing.assert_array_equal(compiled(X).numpy(), 6 * X)
    layer.inner = By(5.0, lambda held: held)
    np.testing.assert_array_equal(compiled(X).numpy(), 15 * X)
    assert count.traces == first + 3


def test_an_attribute_that_goes_to_and_fro_compiles_nothing_again(count: Count) -> None:
    layer = By(1.0, lambda held: held)
    compiled = ranvier.compile(lambda x: layer(x))
    for i in range(20):
        layer.held = float(i % 3)
        np.testing.assert_array_equal(compiled(X).numpy(), X * (i % 3))
    assert count.traces == 3


def test_an_attribute_that_always_changes_is_named_and_memory_stays() -> None:
    layer = By(1.0, lambda held: held)
    layer.name = "scale"
    compiled = ranvier.compile(lambda x: layer(x))
    for i in range(MAX_VARIANTS):
        layer.held = float(i)
        compiled(X)
    layer.held = 100.0
    with pytest.warns(RanvierWarning, match=r"more than 8 times .* scale.held changes") as warned:
        compiled(X)
        layer.held = 101.0
        np.testing.assert_array_equal(compiled(X).numpy(), X * 101)
    assert len(warned) == 1
    (variants,) = compiled._plans.values()
    assert len(variants.made) == MAX_VARIANTS


def test_gradients_asked_for_and_no_more() -> None:
    w: Any = ranvier.tensor([2.0], requires_grad=True)

    @ranvier.compile
    def step(x: Any) -> Any:
        w.grad = None
        loss = ranvier.sum(x * w) + ranvier.sum(v * v)
        loss.backward()
        return loss

    v = ranvier.tensor([3.0], requires_grad=True)
    step(X)
    assert w.grad is not None
    w.requires_grad = False
    w.grad = None
    step(X)
    assert w.grad is None
    w.requires_grad = True
    step(X)
    np.testing.assert_array_equal(w.grad, [6.0])


def test_an_optimizer_of_a_hand_written_loop() -> None:
    def trained(change: Any) -> Any:
        w = ranvier.tensor([2.0], requires_grad=True)
        by = optim.SGD([w], lr=0.1, momentum=0.5)

        @ranvier.compile
        def step() -> None:
            by.zero_grad()
            (w * w).sum().backward()
            by.step()

        step()
        change(by)
        step()
        return w.item()

    def undone(change: Any) -> Any:
        w = ranvier.tensor([2.0], requires_grad=True)
        by = optim.SGD([w], lr=0.1, momentum=0.5)
        for i in range(2):
            if i:
                change(by)
            by.zero_grad()
            (w * w).sum().backward()
            by.step()
        return w.item()

    changes: dict[str, Any] = {
        "momentum": 0.9, "weight_decay": 0.1, "clipvalue": 0.01, "nesterov": True,
        "learning_rate": 0.5, "decoupled": False,
    }  # fmt: skip
    found = []
    for name, value in changes.items():
        for also in ({}, {"weight_decay": 0.1}):

            def change(by: Any, name: str = name, value: Any = value, also: Any = also) -> None:
                for key, one in {**also, name: value}.items():
                    setattr(by, key, one)

            assert trained(change) == pytest.approx(undone(change), rel=1e-6), name
            found.append(trained(change))
    assert len({f"{n:.6f}" for n in found}) > 6


def test_a_change_by_another_thread_while_it_is_traced_is_seen() -> None:
    read, changed = threading.Event(), threading.Event()

    class Slow(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.by = 2.0

        def forward(self, x: Any) -> Any:
            by = self.by
            read.set()
            assert changed.wait(20)
            return x * by

    layer = Slow()
    compiled = ranvier.compile(lambda x: layer(x))

    def change() -> None:
        assert read.wait(20)
        layer.by = 7.0
        changed.set()

    thread = threading.Thread(target=change)
    thread.start()
    np.testing.assert_array_equal(compiled(X).numpy(), 2 * X)
    thread.join()
    np.testing.assert_array_equal(compiled(X).numpy(), 7 * X)


def test_a_change_by_another_thread_between_calls_is_seen() -> None:
    layer = By(1.0, lambda held: held)
    compiled = ranvier.compile(lambda x: layer(x))
    compiled(X)
    thread = threading.Thread(target=setattr, args=(layer, "held", 4.0))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(compiled(X).numpy(), 4 * X)


def test_a_body_of_scan_is_part_of_what_is_compiled() -> None:
    layer = By(2.0, lambda held: held)

    @ranvier.compile
    def run(x: Any) -> Any:
        first = ranvier.zeros((1,))
        return ranvier.scan(lambda total, row: (total + layer(row), None), first, x)[0]

    x = np.array([[1.0], [2.0]], np.float32)
    assert run(x).item() == 6.0
    layer.held = 3.0
    assert run(x).item() == 9.0


def test_things_that_refer_to_each_other_come_to_an_end() -> None:
    a: Any = By(2.0, lambda held: held)
    b: Any = Config(1.0)
    a.others = [a, b, {"self": a}]
    a.others.append(a.others)
    b.by = a
    compiled = ranvier.compile(lambda x: a(x))
    compiled(X)
    a.held = math.pi
    np.testing.assert_allclose(compiled(X).numpy(), X * math.pi, rtol=1e-6)


def test_nothing_is_kept_alive_but_what_was_read() -> None:
    layer = By(Config(2.0), lambda held: held.by)
    validity = Validity([layer])
    assert validity.holds()
    gone = layer.held
    layer.held = Config(2.0)
    assert not validity.holds()
    del gone
    gc.collect()
    assert not validity.holds()


# --- much to look at ----------------------------------------------------------------------------

MANY = 100_000
LARGE: dict[str, tuple[Any, Any]] = {
    "dict": (lambda: {f"w{i}": i for i in range(MANY)}, lambda h, v: h.__setitem__("w70000", v)),
    "dict, another key": (
        lambda: {f"w{i}": i for i in range(MANY)}, lambda h, v: h.update(x=h.pop("w70000") + v)
    ),
    "list": (lambda: [float(i) for i in range(MANY)], lambda h, v: h.__setitem__(70000, v)),
    "list of texts and numbers": (
        lambda: ["a", 1] * MANY, lambda h, v: h.__setitem__(70000, v)
    ),
    "list, then an array": (lambda: [1] * MANY, lambda h, v: h.__setitem__(7, np.ones(3))),
    "set": (lambda: {f"w{i}" for i in range(MANY)}, lambda h, v: h.add(v)),
    "deque": (lambda: deque(range(MANY)), lambda h, v: h.append(v)),
}  # fmt: skip


@pytest.mark.parametrize("kind", LARGE)
def test_a_change_in_a_large_container_is_seen(kind: str, count: Count) -> None:
    make, change = LARGE[kind]
    layer = By(make(), lambda h: 1.0)
    compiled = ranvier.compile(lambda x: layer(x))
    for _ in range(3):
        compiled(X)
    assert count.traces == 1
    change(layer.held, -5)
    for _ in range(3):
        compiled(X)
    assert count.traces == 2


def test_more_objects_than_are_looked_at_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_PLAIN_OBJECTS", 50)
    few = By([Config(2.0) for _ in range(50)], lambda h: h[-1].by)
    np.testing.assert_array_equal(ranvier.compile(lambda x: few(x))(X).numpy(), X * 2)
    many = By([Config(2.0) for _ in range(51)], lambda h: h[-1].by)
    with pytest.warns(RanvierWarning, match="more than .* objects of classes of your own"):
        ranvier.compile(lambda x: many(x))(X)


def test_an_object_after_the_first_thousand_is_seen() -> None:
    layer = By([Config(2.0) for _ in range(2000)], lambda h: h[-1].by)
    compiled = ranvier.compile(lambda x: layer(x))
    for value in (2.0, 3.0):
        layer.held[-1].by = value
        np.testing.assert_array_equal(compiled(X).numpy(), X * value)


KINDS: dict[str, Any] = {
    "functions": lambda i: lambda x: x * i,
    "integers": lambda i: i,
    "objects": lambda i: Config(float(i)),
    "shapes": lambda i: np.ones((1, 3), np.float32) if i == 0 else np.ones((i, 3), np.float32),
}


@pytest.mark.parametrize("kind", KINDS)
def test_plans_for_arguments_of_ever_new_kinds_are_bounded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_functions, "MAX_KINDS", 5)

    @ranvier.compile(engine="reference")
    def f(x: Any, other: Any) -> Any:
        return x + (other[:1] if isinstance(other, ranvier.Tensor) else 0)

    for i in range(5):
        f(X, KINDS[kind](i))
    with pytest.warns(RanvierWarning, match="kinds of arguments") as caught:
        for i in range(5, 20):
            f(X, KINDS[kind](i))
    assert len(caught) == 1
    assert len(f._plans) == 5
