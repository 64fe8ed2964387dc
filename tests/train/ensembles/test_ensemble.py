"""Ensembles: each member learns what it would learn alone, and the verbs of a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import optim
from ranvier.callbacks import (
    Checkpoint,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    SwapEMAWeights,
)
from ranvier.errors import (
    ArgumentError,
    FileError,
    IndexRangeError,
    RanvierWarning,
    ShapeError,
    StateError,
)
from ranvier.nn import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    MaxPooling2D,
    Normalize,
    UnitMask,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 5)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] + 0.1).astype(np.float32)
LABELS = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0.5)
IMAGES = RNG.normal(size=(40, 6, 6, 2)).astype(np.float32)
IDS = RNG.integers(0, 7, (40, 4))
SEEDS = (3, 4, 5)


def dense() -> Any:
    return ranvier.Sequential([Dense(8, "relu"), Dropout(0.3), Dense(4, "tanh"), Dense(1)])


def classes() -> Any:
    normalize = Normalize()
    normalize.adapt(X)
    layers = [normalize, Dense(8), BatchNormalization(), GaussianNoise(0.1), Dense(3, "softmax")]
    return ranvier.Sequential(layers)


def images() -> Any:
    return ranvier.Sequential(
        [Conv2D(4, 3, activation="relu"), MaxPooling2D(2), Flatten(), Dense(3)]
    )


def sequences() -> Any:
    return ranvier.Sequential([Embedding(7, 3), LSTM(4), Dropout(0.5, seed=2), Dense(1)])


def functional() -> Any:
    x = ranvier.Input(shape=(5,))
    hidden = Dense(6, "relu")(x)
    return ranvier.Model(inputs=x, outputs=Dense(1)(ranvier.nn.Add()([hidden, Dense(6)(x)])))


def compiled(model: Any, loss: str, engine: str, optimizer: Any = "adam") -> Any:
    model.compile(optimizer, loss=loss, metrics=["mae"] if loss == "mse" else ["accuracy"],
                  engine=engine)  # fmt: skip
    return model


CASES: dict[str, tuple[Callable[[], Any], Any, Any, str, Any]] = {
    "dense": (dense, X, Y, "mse", "adam"),
    "classes": (classes, X, LABELS, "sparse_categorical_crossentropy", "nadam"),
    "images": (images, IMAGES, LABELS[:40], "sparse_categorical_crossentropy", "sgd"),
    "sequences": (sequences, IDS, Y[:40], "mse", "rmsprop"),
    "functional": (functional, X, Y, "mse", optim.SGD(0.05, momentum=0.9, clipnorm=1.0)),
}


def own(optimizer: Any) -> Any:
    """An optimizer like this one, for a model of its own."""
    if isinstance(optimizer, str):
        return optimizer
    return type(optimizer).from_config(optimizer.get_config())


QUICK = [("dense", "compiled"), ("classes", "compiled"), *[(n, "reference") for n in CASES]]
LONG = [(n, e) for n in CASES for e in ENGINES if (n, e) not in QUICK]


@pytest.mark.parametrize(
    ("name", "engine"), [*QUICK, *[pytest.param(*case, marks=pytest.mark.slow) for case in LONG]]
)
@pytest.mark.filterwarnings("ignore::ranvier.errors.RanvierWarning")
def test_a_member_learns_what_it_learns_alone(name: str, engine: str) -> None:
    make, x, y, loss, optimizer = CASES[name]
    many = compiled(ranvier.ensemble(make, len(SEEDS), SEEDS), loss, engine, optimizer)
    history = many.fit(x, y, batch_size=16, epochs=3, verbose=0)
    history_more = many.fit(x, y, batch_size=16, epochs=1, verbose=0)
    answers = many.predict_members(x)
    for m, seed in enumerate(SEEDS):
        ranvier.seed(seed)
        one = compiled(make(), loss, engine, own(optimizer))
        alone = one.fit(x, y, batch_size=16, epochs=3, verbose=0)
        more = one.fit(x, y, batch_size=16, epochs=1, verbose=0)
        bound = 0.0
        for mine, its in zip(one.get_weights(), many.members[m].get_weights(), strict=True):
            np.testing.assert_allclose(its, mine, bound, bound)
        for number, values in alone.history.items():
            its = [epoch[m] for epoch in history.members[number]]
            np.testing.assert_allclose(its, values, 1e-4, 1e-6, err_msg=number)
        np.testing.assert_allclose(
            history_more.members["loss"][0][m], more.history["loss"][0], 1e-4, 1e-6
        )
        np.testing.assert_allclose(answers[m], one.predict(x), 1e-6, 1e-6)
        np.testing.assert_allclose(many.members[m].predict(x), one.predict(x), 1e-6, 1e-6)


def test_members_differ_by_learning_rate_and_the_global_seed_is_left_alone() -> None:
    ranvier.seed(11)
    expected = ranvier.random.uniform((2,)).tolist()
    ranvier.seed(11)
    many = ranvier.ensemble(dense, 2, seeds=[1, 1])
    many.compile("sgd", "mse", learning_rate=[0.0, 0.1])
    many.predict(X)  # which builds the members
    before = many.get_weights()
    many.fit(X, Y, epochs=2, verbose=0)
    after = many.get_weights()
    np.testing.assert_array_equal(before[0][0], after[0][0])
    assert np.abs(before[0][1] - after[0][1]).max() > 0
    assert ranvier.random.uniform((2,)).tolist() == expected


def test_seeds_come_from_the_generator_when_there_are_none() -> None:
    ranvier.seed(5)
    first = ranvier.ensemble(dense, 3).seeds
    ranvier.seed(5)
    assert ranvier.ensemble(dense, 3).seeds == first
    assert len(set(first)) == 3


def test_the_same_batches_for_all_members() -> None:
    many = ranvier.ensemble(dense, 3, seeds=[1, 2, 3])
    many.compile("adam", "mse")
    many.fit(X, Y, epochs=2, verbose=0, same_batches=True)
    ranvier.seed(1)
    one = compiled(dense(), "mse", "compiled")
    one.fit(X, Y, epochs=2, verbose=0)
    for mine, its in zip(one.get_weights(), many.members[0].get_weights(), strict=True):
        np.testing.assert_allclose(its, mine, 1e-5, 1e-6)


def test_predictions_are_averaged_and_scored() -> None:
    many = ranvier.ensemble(classes, 3, seeds=SEEDS)
    many.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    history = many.fit(
        X, LABELS, epochs=3, verbose=0, validation_data=(X, LABELS), member_scores=True
    )
    each = many.predict_members(X)
    mean = many.predict(X)
    np.testing.assert_allclose(mean, each.mean(axis=0), rtol=1e-6)
    loss = -np.log(mean[np.arange(len(X)), LABELS]).mean()
    accuracy = (mean.argmax(1) == LABELS).mean()
    np.testing.assert_allclose(many.evaluate(X, LABELS), [loss, accuracy], rtol=1e-5)
    np.testing.assert_allclose(history.history["val_loss"][-1], loss, rtol=1e-5)
    alone = [m.evaluate(X, LABELS, return_dict=True) for m in many.members]
    for name, values in many.evaluate_members(X, LABELS).items():
        np.testing.assert_allclose(values, [one[name] for one in alone], rtol=1e-5)
    np.testing.assert_allclose(
        history.members["val_loss"][-1], [one["loss"] for one in alone], rtol=1e-5
    )
    np.testing.assert_array_equal(many.predict_classes(X), mean.argmax(1))


def test_early_stopping_restores_the_best_epoch_of_the_ensemble() -> None:
    many = ranvier.ensemble(dense, 2, seeds=[1, 2])
    many.compile("sgd", "mse", learning_rate=0.1)
    stop = EarlyStopping(patience=2, restore_best_weights=True)
    rates = LearningRateScheduler(lambda epoch: 0.05 if epoch < 4 else 0.9)
    history = many.fit(X, Y, epochs=40, verbose=0, validation_data=(X, Y), callbacks=[rates, stop])
    assert len(history.epoch) < 40
    best = min(history.history["val_loss"])
    np.testing.assert_allclose(many.evaluate(X, Y), best, rtol=1e-6)


def test_text_labels_tables_and_training_on_by_members(tmp_path: Path) -> None:
    words = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
    many = ranvier.ensemble(lambda: ranvier.Sequential([Dense(2, "softmax")]), 2, seeds=[1, 2])
    many.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    many.fit(X, words, epochs=2, verbose=0)
    assert set(many.predict_classes(X)) <= {"no", "yes"}
    assert many.members[1].predict_classes(X)[0] in ("no", "yes")
    before = many.members[0].get_weights()
    many.members[1].fit(X, words, epochs=1, verbose=0)
    for mine, its in zip(before, many.members[0].get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
    np.testing.assert_allclose(
        many.predict_members(X)[1], many.members[1].predict(X), rtol=1e-5, atol=1e-6
    )
    assert many.members[0].optimizer.iterations.item() == 6
    assert many.members[1].optimizer.iterations.item() == 9
    many.fit(X, words, epochs=1, verbose=0)  # whose counts of iterations differ now
    assert many.members[0].optimizer.iterations.item() == 9
    assert many.members[1].optimizer.iterations.item() == 12


def test_a_saved_ensemble_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    many = ranvier.ensemble(dense, 3, seeds=SEEDS)
    many.compile("adam", "mse", ["mae"], learning_rate=[0.1, 0.01, 0.001])
    many.fit(X, Y, epochs=2, verbose=0)
    many.save(tmp_path / "many.safetensors")
    again = ranvier.load(tmp_path / "many.safetensors")
    assert again.seeds == list(SEEDS)
    np.testing.assert_array_equal(again.predict(X), many.predict(X))
    for one in (many, again):
        one.fit(X, Y, epochs=2, verbose=0)
    for mine, its in zip(many.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_a_file_of_members_that_do_not_fit_is_refused(tmp_path: Path) -> None:
    from ranvier.io import files
    from ranvier.train.ensembles.saving import pack

    many = ranvier.ensemble(dense, 2, seeds=[1, 2])
    many.compile("adam", "mse")
    many.fit(X, Y, verbose=0)
    arrays, described = pack(many)
    for change, message in (
        ({"seeds": [1]}, "random states of 1 members"),
        ({"seeds": "x"}, "does not say what its members are"),
        ({"member": None}, "does not say what its members are"),
    ):
        files.write(tmp_path / "bad", arrays, {**described, **change})
        with pytest.raises(FileError, match=message):
            ranvier.load(tmp_path / "bad")
    cut = {k: a[:1] if k == "0.kernel" else a for k, a in arrays.items()}
    files.write(tmp_path / "bad", cut, described)
    with pytest.raises(FileError, match="not one of 2 members"):
        ranvier.load(tmp_path / "bad")


def test_a_member_that_diverges_is_named_and_the_others_learn() -> None:
    many = ranvier.ensemble(dense, 3, seeds=SEEDS)
    many.compile("sgd", "mse", learning_rate=[0.01, 1e30, 0.01])
    with pytest.warns(RanvierWarning, match=r"loss of 1 of 3 members .*\(members 1\)"):
        history = many.fit(X, Y, epochs=5, verbose=0)
    assert np.isfinite(history.members["loss"][-1]).tolist() == [True, False, True]
    assert np.isfinite(many.members[2].predict(X)).all()


def test_weights_go_in_and_out_with_members_in_front() -> None:
    many = ranvier.ensemble(dense, 2, seeds=[1, 2])
    many.predict(X)
    weights = [w * 0 + 1 for w in many.get_weights()]
    many.set_weights(weights)
    assert all((w == 1).all() for w in many.get_weights())
    np.testing.assert_allclose(many.predict_members(X)[0], many.members[0].predict(X), rtol=1e-6)


def test_make_model_may_take_the_number_of_the_member() -> None:
    numbers: list[int] = []

    def make(number: int) -> Any:
        numbers.append(number)
        return dense()

    assert len(ranvier.ensemble(make, 3)) == 3
    assert numbers == [0, 1, 2]


def other_widths(number: int) -> Any:
    return ranvier.Sequential([Dense(4 + number), Dense(1)])


def fit_of(make: Any, **options: Any) -> Any:
    many = ranvier.ensemble(make, 2, seeds=[1, 2])
    many.compile(**{"optimizer": "sgd", "loss": "mse", **options})
    return many.fit(X, Y, verbose=0)


one_model = dense()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranvier.ensemble(dense, 0), "members"),
        (lambda: ranvier.ensemble(dense(), 2), "make_model is a Sequential"),
        (lambda: ranvier.ensemble(dense, 2, seeds=[1]), "1 seeds for 2 members"),
        (lambda: ranvier.ensemble(lambda: one_model, 2), "the same model twice"),
        (lambda: fit_of(other_widths), "member 1 has .*members are of one form"),
        (
            lambda: fit_of(dense, optimizer=[optim.SGD(0.1), optim.SGD(0.1, momentum=0.5)]),
            "optimizer of member 1, .* is not that of member 0",
        ),
        (lambda: fit_of(dense, optimizer=["sgd"]), "1 optimizers for 2 members"),
    ],
)
def test_errors(call: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        call()


@pytest.mark.parametrize("verb", ["predict", "predict_members", "evaluate", "fit"])
def test_rows_of_another_shape_are_answered_as_by_a_model(verb: str) -> None:
    ensemble = compiled(ranvier.ensemble(dense, 2), "mse", "compiled")
    ensemble.fit(X, Y, verbose=0)
    more = [Y[: len(X[0])]] if verb in ("evaluate", "fit") else []
    with pytest.raises(
        ShapeError, match=r"expected rows of shape \(5,\).*This is one row.*x\[None\]"
    ):
        getattr(ensemble, verb)(X[0], *more)


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_of_rows_by_member(engine: str) -> None:
    weights = np.ones((2, len(X)), np.float32)
    weights[0, ::2], weights[1, 1::2] = 0, 0
    many = compiled(ranvier.ensemble(dense, 2, seeds=[1, 2]), "mse", engine)
    many.fit(X, Y, epochs=2, verbose=0, sample_weight=weights)
    for m, seed in enumerate([1, 2]):
        ranvier.seed(seed)
        one = compiled(dense(), "mse", engine)
        one.fit(X, Y, epochs=2, verbose=0, sample_weight=weights[m])
        for mine, its in zip(one.get_weights(), many.members[m].get_weights(), strict=True):
            np.testing.assert_array_equal(its, mine)
    with pytest.raises(ArgumentError, match="give validation_data instead"):
        many.fit(X, Y, verbose=0, sample_weight=weights, validation_split=0.2)


def test_threads_do_not_change_the_bits() -> None:
    results: list[Any] = []
    before = ranvier.config()["threads"]
    try:
        for threads in (1, 2):
            ranvier.config(threads=threads)
            many = ranvier.ensemble(dense, 5, seeds=range(5))
            many.compile("adam", "mse")
            many.fit(np.tile(X, (40, 1)), np.tile(Y, (40, 1)), epochs=3, verbose=0)
            results.append(many.get_weights())
    finally:
        ranvier.config(threads=before)
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


class Looking(ranvier.Model):
    """Reads a row of a table at an index that comes out of the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = Dense(1)
        self.table = ranvier.tensor(np.ones((4, 1), np.float32), requires_grad=True)

    def forward(self, x: Any) -> Any:
        out = self.dense(x)
        index = ranvier.astype(ranvier.abs(out[:, 0]) * 1e6, "int64")
        return out * ranvier.take(self.table, index)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_index_outside_in_a_member_is_an_error(engine: str) -> None:
    many = compiled(ranvier.ensemble(Looking, 3, SEEDS), "mse", engine)
    with pytest.raises(IndexRangeError, match="take: index .* is outside axis 0 of size 4"):
        many.fit(X, Y, verbose=0)


def test_a_tensor_that_belongs_to_no_member_may_not_be_changed() -> None:
    count = ranvier.tensor(0.0)

    class Counting(ranvier.nn.Layer):
        def forward(self, x: Any) -> Any:
            count.assign(count + 1.0)
            return x

    many = ranvier.ensemble(lambda: ranvier.Sequential([Counting(), Dense(1)]), 2, [1, 2])
    many.compile("sgd", "mse")
    with pytest.raises(StateError, match="that is no member's own"):
        many.fit(X, Y, verbose=0)


@pytest.mark.parametrize("engine", ENGINES)
def test_optimizers_are_made_when_they_are_looked_at_and_hold_what_training_left(
    engine: str,
) -> None:
    rates = [0.01, 0.02, 0.03]

    def trained(looks: bool) -> tuple[Any, list[Any]]:
        many = ranvier.ensemble(dense, 3, seeds=SEEDS)
        many.compile("adam", "mse", engine=engine, learning_rate=rates)
        if looks:
            assert [len(m.parameters()) for m in many.members] == [0, 0, 0]
        many.fit(X, Y, epochs=2, verbose=0)
        if looks:
            assert many.members[1].optimizer.iterations.item() == 6
        many.fit(X, Y, epochs=1, verbose=0)
        optimizers = [m.optimizer for m in many.members]
        return many, [o.named_tensors(m.named_tensors()) for o, m in
                      zip(optimizers, many.members, strict=True)]  # fmt: skip

    one, states = trained(False)
    _, others = trained(True)
    assert [m.optimizer.learning_rate.item() for m in one.members] == pytest.approx(rates)
    for mine, its in zip(states, others, strict=True):
        assert mine.keys() == its.keys()
        for name, t in mine.items():
            np.testing.assert_array_equal(t.numpy(), its[name].numpy(), err_msg=name)
    assert states[0]["iterations"].item() == 9
    assert [float(r) for r in one.learning_rates()] == pytest.approx(rates)


def test_a_member_trained_alone_before_the_ensemble_is() -> None:
    many = ranvier.ensemble(dense, 2, seeds=[1, 2])
    many.compile("adam", "mse")
    ranvier.seed(9)
    many.members[0].fit(X, Y, epochs=2, verbose=0)
    many.fit(X, Y, epochs=1, verbose=0)
    assert [m.optimizer.iterations.item() for m in many.members] == [9, 3]
    with pytest.raises(ArgumentError, match="one for each of the 2 members"):
        many.set_learning_rates([1.0, 2.0, 3.0])


class Mask(ranvier.nn.Layer):
    """Lets the first units through."""

    def __init__(self, units: int, of: int) -> None:
        super().__init__()
        self.mask = ranvier.tensor((np.arange(of) < units).astype(np.float32))

    def forward(self, x: Any) -> Any:
        return x * self.mask


def test_widths_by_masks() -> None:
    widths = (2, 8)

    def make(number: int) -> Any:
        return ranvier.Sequential([Dense(8, "relu"), Mask(widths[number], 8), Dense(1)])

    many = ranvier.ensemble(make, 2, seeds=[1, 1])
    many.compile("adam", "mse")
    many.predict(X)
    before = many.get_weights()
    many.fit(X, Y, epochs=2, verbose=0)
    after = many.get_weights()
    kernel, out = (np.abs(after[i] - before[i]) for i in (0, 3))
    assert before[0].shape == (2, 5, 8)
    assert before[3].shape == (2, 8, 1)
    for member, width in enumerate(widths):
        assert (kernel[member][:, :width].max(axis=0) > 0).any()
        assert kernel[member][:, width:].sum() == 0
        assert out[member][width:].sum() == 0


def test_members_that_leave_threads_idle_have_all_of_them() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 64)).astype(np.float32)
    y = x[:, :1]

    def make() -> Any:
        return ranvier.Sequential([Dense(128, "relu"), Dense(128, "relu"), Dense(1)])

    for members in (1, 3):
        many = ranvier.ensemble(make, members, seeds=range(members))
        many.compile("adam", "mse")
        history = many.fit(x, y, batch_size=256, epochs=2, verbose=0)
        assert np.isfinite(history.members["loss"]).all()
        for member in range(members):
            ranvier.seed(member)
            one = compiled(make(), "mse", "compiled")
            one.fit(x, y, batch_size=256, epochs=2, verbose=0)
            for mine, its in zip(
                one.get_weights(), many.members[member].get_weights(), strict=True
            ):
                np.testing.assert_array_equal(its, mine)


@pytest.mark.parametrize(
    ("name", "policy"),
    [("averages", "float32"), ("schedule", "float32"), ("adam", "mixed_float16")],
)
def test_a_member_ends_as_it_would_alone(name: str, policy: str) -> None:
    def optimizer() -> Any:
        if name == "averages":
            return optim.Adam(use_ema=True, gradient_accumulation_steps=2)
        if name == "schedule":
            return optim.Adam(optim.schedules.ExponentialDecay(0.01, 10, 0.5))
        return optim.Adam()

    def make() -> Any:
        return ranvier.Sequential([Dense(8, "relu"), Dropout(0.2), Dense(1, dtype="float32")])

    ranvier.set_dtype_policy(policy)
    try:
        many = compiled(ranvier.ensemble(make, 2, seeds=[1, 2]), "mse", "compiled", optimizer())
        many.fit(X, Y, epochs=3, verbose=0)
        for m, seed in enumerate([1, 2]):
            ranvier.seed(seed)
            one = compiled(make(), "mse", "compiled", optimizer())
            one.fit(X, Y, epochs=3, verbose=0)
            for mine, its in zip(one.get_weights(), many.members[m].get_weights(), strict=True):
                np.testing.assert_array_equal(its, mine)
    finally:
        ranvier.set_dtype_policy("float32")


def test_weights_alone_in_a_file(tmp_path: Path) -> None:
    many, other = (ranvier.ensemble(dense, 2, seeds=seeds) for seeds in ([1, 2], [3, 4]))
    with pytest.raises(StateError, match="the members are not built"):
        many.save_weights(tmp_path / "w")
    for one in (many, other):
        one.predict(X)
    many.save_weights(tmp_path / "w")
    other.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(many.predict(X), other.predict(X))
    with pytest.raises(ShapeError, match="does not hold the weights of these 3 members"):
        third = ranvier.ensemble(dense, 3)
        third.predict(X)
        third.load_weights(tmp_path / "w")


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (lambda path: Checkpoint(path), "Checkpoint is not for ensembles: .* not resumed"),
        (lambda path: SwapEMAWeights(), "SwapEMAWeights is not for ensembles"),
        (
            lambda path: LambdaCallback(on_train_batch_end=print),
            "LambdaCallback is not for ensembles: .* at the end of an epoch",
        ),
    ],
)
def test_callbacks_that_ask_for_what_an_ensemble_has_not(
    callback: Any, message: str, tmp_path: Path
) -> None:
    many = ranvier.ensemble(dense, 2, seeds=[1, 2])
    many.compile("adam", "mse")
    with pytest.raises(ArgumentError, match=message):
        many.fit(X, Y, verbose=0, callbacks=[callback(tmp_path / "x.ckpt")])


def test_the_best_epoch_is_kept_in_a_file(tmp_path: Path) -> None:
    many = ranvier.ensemble(dense, 2, seeds=[1, 2])
    many.compile("sgd", "mse", learning_rate=0.1)
    best = ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True)
    rates = LearningRateScheduler(lambda epoch: 0.05 if epoch < 3 else 0.9)
    history = many.fit(X, Y, epochs=6, verbose=0, validation_data=(X, Y), callbacks=[rates, best])
    again = ranvier.load(tmp_path / "best.safetensors")
    np.testing.assert_allclose(again.evaluate(X, Y), min(history.history["val_loss"]), rtol=1e-6)


def test_members_are_scored_on_rows_of_their_own() -> None:
    many = compiled(ranvier.ensemble(dense, len(SEEDS), SEEDS), "mse", "compiled")
    held = RNG.integers(0, 2, (len(SEEDS), len(X))).astype(np.float32)
    scores = many.evaluate_members(X, Y, sample_weight=held)
    for m, out in enumerate(many.predict_members(X)):
        right = float((held[m] * (out - Y)[:, 0] ** 2).mean())
        np.testing.assert_allclose(scores["loss"][m], right, rtol=1e-5)
    for m, member in enumerate(many.members):
        alone = member.evaluate(X, Y, sample_weight=held[m], return_dict=True)
        np.testing.assert_allclose(scores["loss"][m], alone["loss"], rtol=1e-6)
    wrong = held.copy()
    wrong[1, 3] = -1
    with pytest.raises(ranvier.errors.DataError, match="row 3 is negative"):
        many.evaluate_members(X, Y, sample_weight=wrong)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_part_goes_on_where_its_members_are(engine: str) -> None:
    def begun() -> Any:
        many = compiled(ranvier.ensemble(dense, len(SEEDS), SEEDS), "mse", engine)
        many.set_learning_rates([0.01, 0.02, 0.03])
        many.fit(X, Y, batch_size=16, epochs=2, verbose=0)
        return many

    whole, many = begun(), begun()
    whole.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    part = many.part([2, 0])
    assert part.seeds == [SEEDS[2], SEEDS[0]] and len(part) == 2
    np.testing.assert_allclose(part.learning_rates(), [0.03, 0.01])
    part.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    for here, there in ((0, 2), (1, 0)):
        np.testing.assert_array_equal(
            part.members[here].predict(X), whole.members[there].predict(X)
        )
    assert part.members[0] is many.members[2]
    for numbers in ([], [0, 0], [3], [-1]):
        with pytest.raises(ArgumentError, match="each once, from 0 to 2"):
            many.part(numbers)
    with pytest.raises(ArgumentError, match="expected an integer"):
        many.part([0.5])


def test_members_have_widths_of_their_own(tmp_path: Path) -> None:
    widths = (2, 5, 8)

    def make(number: int) -> Any:
        return ranvier.Sequential([Dense(8, "relu"), UnitMask(widths[number]), Dense(1)])

    many = compiled(ranvier.ensemble(make, 3, [7, 7, 7]), "mse", "reference")
    many.fit(X, Y, epochs=2, verbose=0)
    for width, member in zip(widths, many.members, strict=True):
        kernel, behind = member.layers[0].kernel.numpy(), member.layers[2].kernel.numpy()
        unused = many.members[0].layers[0].kernel.numpy()[:, width:]
        np.testing.assert_array_equal(kernel[:, width:], unused)
        hidden = np.maximum(X @ kernel[:, :width] + member.layers[0].bias.numpy()[:width], 0)
        right = hidden @ behind[:width] + member.layers[2].bias.numpy()
        np.testing.assert_allclose(member.predict(X), right, rtol=1e-4, atol=1e-5)
    many.save(tmp_path / "many.safetensors")
    loaded = ranvier.load(tmp_path / "many.safetensors")
    assert [member.layers[1].units for member in loaded.members] == list(widths)
    np.testing.assert_array_equal(loaded.predict_members(X), many.predict_members(X))
