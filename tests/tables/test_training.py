"""Training on tables: plans, the clock, what is kept, files, and inputs that may be absent."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ranvier import nn
from ranvier.errors import ArgumentError, DataError
from ranvier.tables.plan import Plan
from ranvier.tables.scores import scores
from ranvier.tables.splitting import Split
from ranvier.tables.training import member as member_module
from ranvier.tables.training import training_rows as rows_module
from ranvier.tables.training.encoded_rows import EncodedRows
from ranvier.tables.training.member import Clock, Job, Member
from ranvier.tables.training.mixture import mixed, next_networks
from ranvier.tables.training.options import TrainingOptions
from ranvier.tables.training.recipe import Recipe, averaged, default_network
from ranvier.tables.training.temperature import best_temperature, tempered
from ranvier.tables.training.train import Trained, train
from ranvier.tables.training.training_rows import batch_rows

RNG = np.random.default_rng(0)
NO_LIMIT = 1e6  # seconds: plans must not depend on the machine
SMALL = replace(Recipe(), members=3, width=16, epochs=9, bins=8, embedding_dim=4)


@pytest.fixture(autouse=True)
def _short_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "LEAST_STEPS", 200)


def plan_of(task: Any, classes: int = 0, method: Any = "random", metric: Any = None) -> Plan:
    """A plan with what training reads of one."""
    return Plan(
        target="y", task=task, metric=metric or ("log_loss" if classes else "rmse"), columns=(),
        split=Split(method), rows=0, classes=tuple(map(str, range(classes))),
    )  # fmt: skip


def rows(count: int) -> dict[str, Any]:
    """Encoded rows of all three kinds."""
    return {
        "numbers": (RNG.normal(size=(count, 3)) * [1, 100, 1] + [0, 1e3, 0]).astype(np.float32),
        "flags": RNG.choice([-1.0, 1.0], (count, 2)).astype(np.float32),
        "categories": RNG.integers(0, 5, (count, 1)).astype(np.int32),
    }


def target(x: dict[str, Any]) -> Any:
    """A number that every input has a part in."""
    n = x["numbers"]
    parts = np.sin(2 * n[:, 0]) + (n[:, 1] - 1e3) / 100 + x["flags"][:, 0]
    return parts + (x["categories"][:, 0] == 2) * 2.0


def fitted(task: Any, y_of: Any, classes: int = 0, **options: Any) -> tuple[Trained, Any, Any]:
    """Training on 600 rows, and 300 rows of a test."""
    x, held, test = rows(600), rows(150), rows(300)
    options = {"members": 1, "recipe": SMALL, **options}
    plan = options.pop("plan", None) or plan_of(task, classes)
    trained = trained_on(x, y_of(x), held, y_of(held), plan, levels=[5], **options)
    return trained, test, y_of(test)


def trained_on(
    x: Any, y: Any, held: Any, y_held: Any, plan: Plan, levels: Any = (), weights: Any = None,
    **options: Any,
) -> Trained:  # fmt: skip
    """What `train` gives for two parts; without a limit of time unless one is stated."""
    encoded = EncodedRows.joined(x, y, held, y_held)
    asked = TrainingOptions(**{"budget": NO_LIMIT, "verbose": 0, **options})
    return train(encoded, plan=plan, levels=levels, options=asked, weights=weights)


def test_a_regression_is_learned_in_units_of_the_target() -> None:
    def y_of(x: Any) -> Any:
        return target(x) * 1e5 + 3e5

    trained, test, y = fitted("regression", y_of)
    out = trained.predict(test)
    assert out.shape == (300,)
    assert ((out - y) ** 2).mean() < 0.15 * y.var()
    assert trained.residuals.shape == trained.held_out.shape == (150,)
    assert abs(trained.residuals).mean() < 1e5
    assert set(trained.history) == {"loss", "val_rmse"}
    # No prediction leaves the range of the targets.
    odd = {**test, "numbers": test["numbers"] * 1e4}
    assert np.ptp(trained.predict(odd)) < 8e5


@pytest.mark.parametrize("classes", [2, 3])
def test_classes_are_learned_as_probabilities(classes: int) -> None:
    def y_of(x: Any) -> Any:
        return np.digitize(target(x), [0.0, 1.5][: classes - 1])

    trained, test, y = fitted("binary" if classes == 2 else "multiclass", y_of, classes)
    p = trained.predict(test)
    assert p.shape == (300, classes)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    assert (p.argmax(axis=1) == y).mean() > 0.8
    assert trained.held_out.shape == (150, classes) and not len(trained.residuals)


def test_a_file_keeps_what_was_trained() -> None:
    trained, test, _ = fitted("regression", target)
    arrays, described = trained.pack()
    again = Trained.unpack(arrays, described, "m.safetensors")
    np.testing.assert_array_equal(again.predict(test), trained.predict(test))
    np.testing.assert_array_equal(again.residuals, trained.residuals)
    assert again.choices == trained.choices and again.history == trained.history


def test_the_same_seed_gives_the_same_numbers() -> None:
    def run(seed: int) -> Any:
        x = {"numbers": np.linspace(-1, 1, 200, dtype=np.float32)[:, None]}
        y = np.sin(3 * x["numbers"][:, 0])
        recipe = replace(SMALL, epochs=2)
        plan = plan_of("regression")
        trained = trained_on(x, y, x, y, plan, members=1, seed=seed, recipe=recipe)
        return trained.predict(x)

    first = run(1)
    np.testing.assert_array_equal(first, run(1))
    assert (first != run(2)).any()


def test_several_networks_are_averaged_and_saved() -> None:
    trained, test, _ = fitted("regression", target, members=3, recipe=replace(SMALL, epochs=3))
    assert trained.choices[0].value == "3 of 3 members"
    arrays, described = trained.pack()
    again = Trained.unpack(arrays, described, "m.safetensors")
    np.testing.assert_array_equal(again.predict(test), trained.predict(test))
    inside = [m for m in trained.network.layers if m.name.startswith("network_")]
    inputs = {name: test[name] for name in trained.network.input_names}
    mean = np.mean([m.predict(inputs) for m in inside], axis=0)[:, 0]
    np.testing.assert_allclose(trained.predict(test), mean, rtol=1e-5)


# -- two recipes ---------------------------------------------------------------------------------


def job_of(count: int, y_of: Any, recipe: Recipe, task: Any = "regression") -> Job:
    x = rows(count)
    return Job(
        x, y_of(x), None, task, "rmse" if task == "regression" else "log_loss",
        1 if task == "regression" else 2, [5], recipe, Clock(NO_LIMIT), lambda: False,
        lambda member, run: None, epochs=3,
    )  # fmt: skip


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_a_second_recipe_weighs_what_suits_the_held_out_rows(task: Any) -> None:
    def y_of(x: Any) -> Any:
        y = target(x)
        return y if task == "regression" else (y > y.mean()).astype(int)

    job = job_of(600, y_of, SMALL, task)
    parts = [np.arange(0, 150), np.arange(150, 300)]
    first = next_networks(job, parts, seed=0)
    second = Recipe.realmlp(task, width=16, depth=2, embedding_dim=2)
    mixture = mixed(job, first, 0, second)
    assert [m.held.tolist() for m in mixture.others] == [p.tolist() for p in parts]
    # Both learned: on the rows that both held out, no other share is better.
    held = np.concatenate(parts)
    outs = [np.concatenate([m.held_out for m in ms]) for ms in (first, mixture.others)]
    what = "rmse" if task == "regression" else "log_loss"
    shares = np.linspace(0, 1, 21)
    errors = [
        scores(task, job.y[held], (1 - w) * outs[0] + w * outs[1])[what] for w in shares
    ]  # fmt: skip
    assert mixture.share == shares[int(np.argmin(errors))]
    assert "together" in mixture.reason and f"{mixture.share:.2f}" in str(mixture.choices()[0])
    mixed_out = (1 - mixture.share) * outs[0] + mixture.share * outs[1]
    np.testing.assert_allclose(np.concatenate([p.out for p in mixture.held_out]), mixed_out)
    # One network says the mean, whatever the share.
    test = rows(64)
    for share in (0.0, 0.35, 1.0):
        mixture.share = share
        means = [
            np.mean([np.asarray(m.network.predict(test)) for m in ms], axis=0)
            for ms in (first, mixture.others)
        ]
        expected = (1 - share) * means[0] + share * means[1]
        np.testing.assert_allclose(mixture.model.predict(test), expected, rtol=1e-4, atol=1e-5)
        assert mixture.members == {0.0: 6, 0.35: 8, 1.0: 2}[share]


def test_a_second_recipe_waits_for_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(200, target, SMALL)
    networks = next_networks(job, [np.arange(50)], seed=0)
    second = Recipe.realmlp("regression", width=8, depth=1, embedding_dim=2)
    job.clock.budget = job.clock.passed() + 0.5
    assert not mixed(job, networks, 0, second).others
    assert not mixed(job, networks, 0, second).choices()
    job.clock.budget = NO_LIMIT
    monkeypatch.setattr(job, "interrupted", lambda: True)
    assert not mixed(job, networks, 0, second).others
    monkeypatch.setattr(job, "interrupted", lambda: False)
    assert not mixed(job, networks, 0, None).others
    assert len(mixed(job, networks, 0, second).others) == 1


def test_the_default_training_tries_both_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "MOST_EPOCHS", 2)
    monkeypatch.setattr("ranvier.tables.training.train.MOST_NETWORKS", 2)
    trained, test, _ = fitted("regression", target, members=None, recipe=None)
    (choice,) = [c for c in trained.choices if c.what == "second recipe"]
    assert choice.value.startswith("2 networks")
    assert len(trained.parts) == 2
    arrays, described = trained.pack()
    again = Trained.unpack(arrays, described, "here")
    np.testing.assert_array_equal(again.predict(test), trained.predict(test))


def test_who_asks_for_members_epochs_or_a_recipe_gets_no_second_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Recipe | None] = []
    module = "ranvier.tables.training.train."
    monkeypatch.setattr(module + "next_networks", lambda *args: [])
    monkeypatch.setattr(module + "mixed", lambda *args: asked.append(args[-1]))
    monkeypatch.setattr(module + "_result", lambda *args: None)
    free: dict[str, Any] = {"members": None, "recipe": None}
    for options in (free, free | {"epochs": 1}, free | {"members": 1}, free | {"recipe": SMALL}):
        trained_on(
            rows(30), target(rows(30)), rows(9), target(rows(9)), plan_of("regression"), [5],
            **options,
        )  # fmt: skip
    assert asked == [Recipe.realmlp("regression"), None, None, None]


# -- the clock -----------------------------------------------------------------------------------


class Ticks:
    """A clock that only moves when rows are learned: `rate` steps a second."""

    budget = 100.0

    def __init__(self, limit: float) -> None:
        self.now, self.limit = 0.0, limit

    def passed(self) -> float:
        return self.now

    def left(self) -> float:
        return self.limit - self.now


def member_of(limit: float, steps_per_second: float, count: int = 6_400) -> tuple[Member, Ticks]:
    """A network whose steps take a known time."""
    x = {"numbers": RNG.normal(size=(count, 2)).astype(np.float32)}
    clock: Any = Ticks(limit)
    job = Job(
        x, x["numbers"][:, 0], None, "regression", "rmse", 1, [], replace(SMALL, epochs=45),
        clock, lambda: False, lambda member, run: None, batch_size=64,
    )  # fmt: skip
    member = Member(job, np.arange(200, count), np.arange(200), 0, "network_0")

    def fit(rows: Any) -> float:
        clock.now += len(rows) / 64 / steps_per_second
        return 1.0

    member._fit = fit  # type: ignore[method-assign]
    return member, clock


def test_a_plan_fits_into_the_time() -> None:
    # 96 steps an epoch: 45 epochs are 4,320 steps.
    member, clock = member_of(limit=1e6, steps_per_second=100)
    run = member.train(45)
    assert run.epochs == len(run.scores) == 45
    member, clock = member_of(limit=10.0, steps_per_second=100)
    run = member.train(45)
    assert run.epochs == len(run.scores)
    assert 7 <= run.epochs <= 10
    assert 8 < clock.now <= 10
    # The curves came to their end.
    assert member.schedules[0].total_steps == run.epochs * member.data.epoch_steps


def test_what_compiles_does_not_shorten_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first score of a network takes seconds and each later one none: no epoch is lost."""
    scored, outputs = set(), Member._outputs

    def slow(self: Member, inputs: Any) -> Any:
        if self not in scored:
            scored.add(self)
            clock: Any = self.job.clock
            clock.now += 5.0
        return outputs(self, inputs)

    monkeypatch.setattr(Member, "_outputs", slow)
    member, clock = member_of(limit=30.0, steps_per_second=100)
    assert member.train(20).epochs == 20
    assert 5 + 19 < clock.now < 30
    assert member.seconds_to_begin >= 5


def test_less_time_than_an_epoch_still_gives_a_network() -> None:
    member, clock = member_of(limit=0.3, steps_per_second=100)
    run = member.train(45)
    assert run.weights is not None and len(run.scores) == 1
    assert clock.now < 1


FIVE, FIFTEEN, FORTY_FIVE = 5, 15, 45


@pytest.mark.parametrize(
    ("errors", "asked", "kept"),
    [
        ([3.0, 2.0, 1.0], [FIVE, FIFTEEN, FORTY_FIVE], FORTY_FIVE),
        ([3.0, 1.0, 2.0], [FIVE, FIFTEEN, FORTY_FIVE], FIFTEEN),
        ([1.0, 2.0, 0.0], [FIVE, FIFTEEN], FIVE),
    ],
)
def test_longer_plans_are_tried_while_they_score_better(
    errors: list[float], asked: list[int], kept: int
) -> None:
    member, _ = member_of(limit=1e6, steps_per_second=100)
    begun: list[int] = []

    def score(run: Any, inputs: Any) -> None:
        if not run.scores:
            begun.append(run.epochs)
        run.scores.append(errors[len(begun) - 1])
        run.best, run.best_epoch, run.weights = run.scores[-1], len(run.scores), []

    member._score = score  # type: ignore[method-assign]
    member.search()
    assert begun == asked
    assert member.run.epochs == kept


def test_the_budget_ends_the_training() -> None:
    x = {"numbers": RNG.normal(size=(20_000, 4)).astype(np.float32)}
    y = x["numbers"] @ [1.0, 2.0, 3.0, 4.0]
    began = time.perf_counter()
    trained = trained_on(x, y, x, y, plan_of("regression"), budget=0.0, recipe=SMALL)
    assert time.perf_counter() - began < 60  # not the 45 epochs of the plan
    assert trained.choices[-1].value == "the time"
    assert len(trained.history["loss"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another thing there")
def test_ctrl_c_keeps_the_best_so_far() -> None:
    seen: list[int] = []

    def on_epoch(epoch: int, numbers: Any) -> None:
        seen.append(epoch)
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    # What is started in the background inherits that Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        trained, test, _ = fitted("regression", target, on_epoch=on_epoch)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(seen) == 2
    assert trained.choices[-1].value == "Ctrl-C"
    assert np.isfinite(trained.predict(test)).all()


# -- what is absent or odd -----------------------------------------------------------------------


@pytest.mark.parametrize("names", [["numbers"], ["flags"], ["categories"], ["flags", "categories"]])
@pytest.mark.parametrize("make", [Recipe, lambda: Recipe.realmlp("binary")])
def test_any_input_may_be_absent(names: list[str], make: Any) -> None:
    x = {name: a for name, a in rows(80).items() if name in names}
    y = RNG.integers(0, 2, 80)
    recipe = replace(make(), width=8, epochs=1)
    levels = [5] if "categories" in names else []
    trained = trained_on(x, y, x, y, plan_of("binary", 2), levels, members=1, recipe=recipe)
    assert trained.predict(x).shape == (80, 2)


def test_networks_say_what_they_take() -> None:
    with pytest.raises(ArgumentError, match=r"got inputs \['words'\]"):
        default_network({"words": (3,)}, 1, "regression")
    with pytest.raises(ArgumentError, match="at least one column"):
        default_network({"numbers": (0,)}, 1, "regression")
    with pytest.raises(ArgumentError, match="2 columns of categories"):
        default_network({"categories": (2,)}, 1, "regression", levels=[4])
    with pytest.raises(DataError, match="1 rows to learn from and 0 held out"):
        one = {"numbers": np.ones((1, 1), np.float32)}
        none = {"numbers": np.ones((0, 1), np.float32)}
        trained_on(one, np.ones(1), none, np.ones(0), plan_of("regression"))


def test_a_constant_target_and_constant_columns() -> None:
    x = {"numbers": np.ones((60, 2), np.float32)}
    y, recipe = np.full(60, 7.5), replace(SMALL, epochs=1)
    trained = trained_on(x, y, x, y, plan_of("regression"), members=1, recipe=recipe)
    np.testing.assert_allclose(trained.predict(x), 7.5)


def test_rows_held_out_by_time_are_the_same_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    def train_nothing(self: Member, epochs: int = 0) -> Any:
        held.append(len(self.held))
        return self.run

    monkeypatch.setattr(Member, "search", train_nothing)
    monkeypatch.setattr(Member, "train", train_nothing)
    monkeypatch.setattr("ranvier.tables.training.train._result", lambda *args: None)
    monkeypatch.setattr("ranvier.tables.training.train.mixed", lambda *args: None)
    for method, expected in (("time", [150] * 3), ("random", [150, 300, 300])):
        held.clear()
        plan = plan_of("regression", method=method)
        fitted("regression", target, members=3, plan=plan)
        assert held == expected


def test_recipes() -> None:
    shapes = {"numbers": (4,), "flags": (3,)}
    tabm = default_network(shapes, 2, "binary")
    assert tabm.output.shape[1:] == (8, 2)
    assert averaged(tabm, "binary").output.shape[1:] == (2,)
    realmlp = default_network(shapes, 1, "regression", recipe=Recipe.realmlp("regression"))
    assert [type(layer).__name__ for layer in realmlp.layers if "hidden" in layer.name] == [
        "NTPDense"
    ] * 3
    assert isinstance(averaged(realmlp, "regression").layers[-1], nn.OutputRange)
    wide = default_network({"numbers": (400,)}, 1, "regression")
    embedding = next(v for v in wide.layers if isinstance(v, nn.PiecewiseLinearEmbedding))
    assert embedding.output_dim == 2  # many columns: few numbers of each


def test_many_rows_are_taken_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "EPOCH_STEPS", 10)
    member, _ = member_of(limit=1e6, steps_per_second=100)
    assert member.data.epoch_steps == 10
    seen = np.concatenate([member.data.next(10) for _ in range(9)])
    assert len(np.unique(seen)) == len(seen) == 9 * 640


def test_batches_grow_with_the_rows() -> None:
    sizes = [batch_rows(n) for n in (10, 500, 3_000, 6_000, 50_000, 200_000, 1_000_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 10


def test_the_temperature_of_least_log_loss() -> None:
    y = RNG.integers(0, 2, 4_000)
    right = np.where(y == 1, 0.8, 0.2) + 0 * y
    flip = RNG.random(4_000) < 0.2
    p1 = np.where(flip, 1 - right, right)  # calibrated: right four times of five
    sure = tempered(np.stack([1 - p1, p1], axis=1), 0.5)
    assert best_temperature(sure, y) == pytest.approx(2.0, rel=0.1)
    assert best_temperature(sure[:50], y[:50]) == 1.0
    np.testing.assert_allclose(tempered(sure, 1.0), sure)


def test_a_clock_counts_down() -> None:
    clock = Clock(1000.0)
    assert 0 <= clock.passed() < 1000 and clock.left() <= 1000
