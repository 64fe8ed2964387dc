"""Recording: the training is the same to the bit, a record holds what its step did, at its cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.callbacks import Checkpoint, LambdaCallback, Record
from ranvier.errors import ArgumentError, NonFiniteError, StateError
from ranvier.train.recording.budget import CREDIT, Budget, Schedule

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.float32)


def dense() -> Any:
    return ranvier.Sequential([
        nn.Dense(8, "relu", input_shape=(6,), name="hidden"),
        nn.Dropout(0.3),
        nn.BatchNormalization(name="norm"),
        nn.Dense(1, "sigmoid", name="out"),
    ])  # fmt: skip


def convolutional() -> Any:
    return ranvier.Sequential([
        nn.Reshape((6, 1), input_shape=(6,)),
        nn.Conv1D(3, 3, activation="relu", name="conv"),
        nn.Flatten(),
        nn.Dense(1, "sigmoid", name="out"),
    ])  # fmt: skip


def recurrent() -> Any:
    return ranvier.Sequential([
        nn.Reshape((6, 1), input_shape=(6,)), nn.LSTM(4, name="lstm"), nn.Dense(1, "sigmoid"),
    ])  # fmt: skip


class Subclassed(ranvier.Model):
    """A model with a block of its own, a layer used twice and a parameter outside of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Dense(6, "tanh", name="twice")
        self.out = nn.Dense(1, "sigmoid", name="out")
        self.scale = ranvier.tensor([1.0], requires_grad=True)

    def forward(self, x: Any) -> Any:
        return self.out(self.first(self.first(x)) * self.scale)


def functional() -> Any:
    x = ranvier.Input((6,))
    left, right = nn.Dense(4, "relu", name="left")(x), nn.Dense(4, "tanh", name="right")(x)
    return ranvier.Model(x, nn.Dense(1, "sigmoid", name="out")(left + right))


def mixing() -> Any:
    """Its short batch has a graph of its own."""

    class Centred(nn.Layer):
        def forward(self, x: Any) -> Any:
            return x - ranvier.mean(x, axis=0)

    return ranvier.Sequential([Centred(), nn.Dense(1, "sigmoid", name="out")])


NETWORKS = [dense, convolutional, recurrent, Subclassed, functional, mixing]


def trained(
    make: Callable[[], Any], callbacks: Any, optimizer: Any = "adam", **how: Any
) -> tuple[Any, Any]:
    ranvier.seed(3)
    model = make()
    model.compile(optimizer, how.pop("loss", "binary_crossentropy"), metrics=["accuracy"])
    how = {"epochs": 3, "batch_size": 16, "verbose": 0} | how
    data = how.pop("data", (X, Y))
    return model, model.fit(*data, callbacks=callbacks, **how)


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("every", [1, 4, "epoch", None])
def test_the_training_is_the_same_to_the_bit(make: Callable[[], Any], every: Any) -> None:
    plain, history = trained(make, [])
    record = Record(every, max_cost=None)
    recorded, also = trained(make, [record])
    assert history.history == also.history
    for a, b in zip(plain.get_weights(), recorded.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()
    step = {1: 1, 4: 4, "epoch": 5, None: 1}[every]
    wanted = list(range(0, 15, step))
    if make is mixing:  # instead of a short batch the next one
        wanted = sorted({n + 1 if n % 5 == 4 else n for n in wanted} - {15})
    assert record.steps.tolist() == wanted


def test_many_short_epochs_in_one_stretch_are_the_same_too() -> None:
    plain, history = trained(dense, [], epochs=400)
    record = Record(333, max_cost=None)
    recorded, also = trained(dense, [record], epochs=400)
    assert record.steps.tolist() == list(range(0, 2000, 333))
    assert history.history == also.history
    assert plain.get_weights()[0].tobytes() == recorded.get_weights()[0].tobytes()


@pytest.mark.parametrize("make", NETWORKS)
def test_a_record_holds_what_the_step_did(make: Callable[[], Any]) -> None:
    """Plain gradient descent: the update is the rate times the gradient, so both are the step's."""
    record = Record(1, max_cost=None)
    model, _ = trained(make, [record], ranvier.optim.SGD(0.1))
    assert record.parameters
    for name in record.parameters:
        found = record[name]
        assert found.weight.steps.tolist() == found.gradient.steps.tolist()
        np.testing.assert_allclose(found.update, 0.1 * found.gradient.norm, rtol=2e-3, atol=1e-7)
        size = np.linalg.norm(model.named_tensors()[_path(model, name)].numpy())
        np.testing.assert_allclose(found.weight.norm[-1], size, rtol=0.3, atol=0.1)


def _path(model: Any, name: str) -> str:
    paths = model.named_tensors()
    if name in paths:
        return name
    layer, _, attribute = name.partition(".")
    owner = next(one for one in model.sublayers() if one.name == layer)
    tensor = owner.named_tensors()[attribute]
    return next(path for path, t in paths.items() if t is tensor)


def test_losses_and_outputs_are_those_of_the_batch() -> None:
    record = Record(1, max_cost=None)
    model, history = trained(
        lambda: ranvier.Sequential([nn.Dense(5, "relu", input_shape=(6,), name="a")]),
        [record], ranvier.optim.SGD(0.0), data=(X, np.ones((70, 5), np.float32)), batch_size=70,
        loss="mse", epochs=2,
    )  # fmt: skip
    out = model.predict(X)
    found = record["a"]
    np.testing.assert_allclose(record.loss, history.history["loss"], rtol=1e-5)
    np.testing.assert_allclose(found.values.mean, out.mean(), rtol=1e-5)
    assert found.values.zeros.tolist() == [(out == 0).mean()] * 2
    assert found.values.high.tolist() == [out.max()] * 2


def test_dead_units_are_seen() -> None:
    def make() -> Any:
        model = ranvier.Sequential([
            nn.Dense(4, "relu", input_shape=(6,), name="a"), nn.Dense(1, "sigmoid")
        ])  # fmt: skip
        model.build((6,))
        kernel, bias, *others = model.get_weights()
        bias[:2] = -1e3
        model.set_weights([kernel, bias, *others])
        return model

    record = Record(1, max_cost=None)
    trained(make, [record], epochs=1)
    assert record["a"].dead.tolist() == [0.5] * 5 and (record["a"].values.zeros >= 0.5).all()


def test_names() -> None:
    record = Record(1, max_cost=None)
    trained(Subclassed, [record], epochs=1)
    assert record.parameters == ["twice.kernel", "twice.bias", "out.kernel", "out.bias", "scale"]
    assert record.outputs == ["twice", "twice (call 2)", "out"]
    record = Record(1, activations=["out"], max_cost=None)
    trained(dense, [record], epochs=1)
    assert record.outputs == ["out"]
    assert record["hidden/kernel"].name == "hidden.kernel"  # as event files have it
    with pytest.raises(ArgumentError, match="did you mean 'hidden.kernel'"):
        record["hiden.kernel"]
    record = Record(1, activations=False, max_cost=None)
    trained(recurrent, [record], epochs=1)
    assert record.outputs == [] and "lstm.kernel" in " ".join(record.parameters)


def test_layers_that_only_move_numbers_have_no_outputs() -> None:
    record = Record(1, max_cost=None)
    trained(convolutional, [record], epochs=1)
    assert record.outputs == ["conv", "out"]


def test_loss_scale_and_clipping_do_not_show_in_gradients() -> None:
    found = []
    several: list[Any] = [{}, {"loss_scale_factor": 1024.0}, {"clipnorm": 1e-3}]
    for options in several:
        record = Record(1, max_cost=None)
        trained(dense, [record], ranvier.optim.SGD(0.1, **options), epochs=1)
        found.append(record["hidden.kernel"].gradient.norm[0])
    assert found[0] == pytest.approx(found[1], rel=1e-3) == pytest.approx(found[2], rel=1e-6)


def test_streams_and_weights_are_recorded() -> None:
    stream = ranvier.data.stream_arrays(X, Y)
    record = Record(2, max_cost=None)
    trained(dense, [record], data=(stream,), epochs=2)
    assert len(record) >= 3 and np.isfinite(record["out.kernel"].gradient.norm).all()
    record = Record(2, max_cost=None)
    trained(dense, [record], sample_weight=np.linspace(0, 1, 70), epochs=2)
    assert len(record) == 5


def test_batch_callbacks_and_records_go_together() -> None:
    seen: list[int] = []
    batches = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    record = Record(2, max_cost=None)
    plain, _ = trained(dense, [])
    model, _ = trained(dense, [record, batches])
    assert len(seen) == 15 and record.steps.tolist() == list(range(0, 15, 2))
    assert model.get_weights()[0].tobytes() == plain.get_weights()[0].tobytes()


def test_the_graph_follows_a_change_of_the_model() -> None:
    def freeze(epoch: int, logs: Any) -> None:
        if epoch == 0:
            model.layers[0].trainable = False

    ranvier.seed(3)
    model = dense()
    model.compile("sgd", "binary_crossentropy")
    record = Record(1, max_cost=None)
    change = LambdaCallback(on_epoch_end=freeze)
    model.fit(X, Y, epochs=2, batch_size=16, verbose=0, callbacks=[record, change])
    assert len(record["hidden.kernel"].steps) == 5 and len(record["out.kernel"].steps) == 10


def test_a_resumed_training_goes_on_with_its_record(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"

    def run(epochs: int, resume: bool) -> Record:
        record = Record(2, max_cost=None)
        trained(
            dense, [record, Checkpoint(path)], epochs=epochs, resume=path if resume else None
        )  # fmt: skip
        return record

    run(2, False)
    after, whole = run(4, True), run(4, False)
    assert after.steps.tolist() == whole.steps.tolist()
    assert after.lines() == whole.lines()


def test_a_step_that_breaks_is_recorded_and_raises() -> None:
    record = Record(1, max_cost=None)
    with pytest.raises(NonFiniteError):
        trained(dense, [record], ranvier.optim.SGD(1e30), epochs=5)
    assert len(record) and len(record["out.kernel"].update) == len(record)
    assert record.html()


def test_members_of_an_ensemble_are_trained_by_themselves() -> None:
    many = ranvier.ensemble(dense, 2, seeds=[1, 2])
    many.compile("adam", "binary_crossentropy")
    with pytest.raises(ArgumentError, match="one model"):
        many.fit(X, Y, epochs=1, verbose=0, callbacks=[Record()])


@pytest.mark.parametrize(
    "options", [{"every": 0}, {"every": "batch"}, {"every": True}, {"max_cost": 0}, {"max_cost": 2}]
)
def test_options_are_checked(options: Any) -> None:
    with pytest.raises(ArgumentError, match="Record: "):
        Record(**options)


def test_nothing_recorded_is_an_error() -> None:
    record = Record()
    for use in (lambda: record["x"], record.plot, record.html):
        with pytest.raises(StateError, match="nothing is recorded"):
            use()


# --- the budget ---------------------------------------------------------------------------------


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("cost", [0.0001, 0.004, 0.03, 0.5])
@pytest.mark.parametrize("share", [0.01, 0.1])
def test_the_share_is_kept_whatever_a_record_costs(cost: float, share: float) -> None:
    clock, seconds = Clock(), 0.001
    budget = Budget(share, clock)
    schedule = Schedule(10, budget)
    number = records = 0
    while number < 20_000:
        until = schedule.until(number, seconds)
        assert (number + until) % 10 == 0
        if until:
            ran = min(until, 100)
            number, clock.now = number + ran, clock.now + ran * seconds
            continue
        schedule.taken(number)
        budget.add(cost)
        records += 1
        number, clock.now = number + 1, clock.now + seconds + cost
        # The first record is made in any case; after it, none that does not fit.
        most = max(CREDIT, share * (clock.now - 100.0))
        assert budget.spent <= most + cost * (records == 1) + 1e-9
    assert records >= min(2000, 0.5 * share * (clock.now - 100.0) / cost)
    assert 1990 <= records + schedule.left_out <= 2000  # as of the last stretch


@pytest.mark.parametrize("cost", [0.0005, 0.0025, 0.01])
def test_few_records_lie_over_all_of_a_short_training(cost: float) -> None:
    """2,000 steps of no time at all, of which the credit alone lets some be recorded."""
    schedule = Schedule(20, Budget(0.01, Clock()), total=2000)
    number, recorded = 0, []
    while number < 2000:
        if until := schedule.until(number, 1e-9):
            number += until
            continue
        schedule.taken(number)
        schedule.budget.add(cost)
        recorded.append(number)
        number += 1
    assert schedule.budget.spent <= CREDIT + cost
    assert len(recorded) >= min(90, CREDIT / cost - 2)
    gaps = np.diff([*recorded, 2000])
    assert gaps.max() <= 2 * 2000 * cost / CREDIT + 20


def test_before_the_pace_is_known_the_budget_holds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a record before every step no stretch runs that would tell the pace."""
    schedule = Schedule(1, Budget(0.01, Clock()))
    schedule.taken(0)
    schedule.budget.add(1.0)
    assert schedule.until(1, 0.0) == 1
    add = Budget.add
    monkeypatch.setattr(Budget, "add", lambda self, seconds: add(self, seconds + 10.0))
    record = Record(1)
    trained(dense, [record])
    assert record.steps.tolist() == [0] and record.left_out == 14


def test_without_a_bound_none_is_left_out() -> None:
    schedule = Schedule(3, Budget(None))
    schedule.budget.add(1e9)
    assert schedule.until(0, 1e-6) == 0 and schedule.until(4, 1e-6) == 2


def test_a_change_of_pace_delays_nothing_for_ever() -> None:
    clock = Clock()
    schedule = Schedule(1, Budget(0.01, clock))
    schedule.taken(0)
    schedule.budget.add(1.0)
    assert schedule.until(1, 1e-6) > 1e7  # that is what it looks like now
    clock.now += 300.0
    assert schedule.until(2, 1e-6) == 0
