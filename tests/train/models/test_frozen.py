"""Layers with trainable=False keep all their numbers, statistics too."""

import numpy as np
import pytest

import ranvier
from ranvier import Model, Sequential
from ranvier.nn import BatchNormalization, Dense, Flatten, Layer


def data(rows=24):
    random = np.random.default_rng(0)
    x = random.normal(3.0, 2.0, (rows, 4)).astype(np.float32)
    return x, (x[:, :1] > 3).astype(np.float32)


def base_network(**options):
    return Sequential([Dense(5, "tanh", input_shape=4), BatchNormalization()], **options)


class Holder(Layer):
    """A layer that makes its batch normalization only when it is built."""

    def build(self, input_shape):
        self.norm = BatchNormalization(center=False, scale=False)
        self.norm.ensure_built(input_shape)

    def forward(self, x):
        return self.norm(x)


def fitted(model, epochs=2, engine=None):
    x, y = data()
    model.compile("adam", "binary_crossentropy", engine=engine)
    model.fit(x, y, epochs=epochs, batch_size=8, verbose=0)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("style", ["sequential", "functional"])
def test_fine_tuning_keeps_every_number_of_the_base(style, engine):
    base = base_network()
    fitted(Sequential([base, Dense(1, "sigmoid")]), epochs=1)  # statistics are no longer 0 and 1
    base.trainable = False
    assert not any(layer.trainable for layer in base.layers)
    model: Model = Sequential([base, Dense(1, "sigmoid")])
    if style == "functional":
        x = ranvier.Input(shape=(4,))
        model = Model(inputs=x, outputs=Dense(1, "sigmoid")(base(x)))
    before = [w.tobytes() for w in base.get_weights()]
    fitted(model, engine=engine)
    assert [w.tobytes() for w in base.get_weights()] == before

    base.trainable = True
    assert all(layer.trainable for layer in base.layers)
    fitted(model, engine=engine)
    assert all(a.tobytes() != b for a, b in zip(base.get_weights(), before, strict=True))


def test_a_frozen_batch_normalization_works_with_its_moving_statistics():
    base, (x, _) = base_network(), data()
    used = base(x, training=False).numpy()
    trained = base(x, training=True).numpy()
    base.trainable = False
    assert abs(trained - used).max() > 0.1
    # Its statistics moved a little in training.
    assert (base(x, training=True).numpy() == base(x, training=False).numpy()).all()


def test_a_step_that_is_there_already_is_not_used_for_a_layer_frozen_since():
    # Without gamma and beta the parameters that move stay the same.
    norm = BatchNormalization(center=False, scale=False, input_shape=4)
    model, (x, y) = Sequential([norm, Dense(1, "sigmoid")]), data()
    fitted(model)
    before = norm.moving_mean.numpy().copy()
    norm.trainable = False
    model.fit(x, y, batch_size=8, verbose=0)
    assert (norm.moving_mean.numpy() == before).all()
    norm.trainable = True
    model.fit(x, y, batch_size=8, verbose=0)
    assert (norm.moving_mean.numpy() != before).all()


def test_a_frozen_layer_freezes_what_it_makes_when_it_is_built():
    model = Sequential([Flatten(), Holder(trainable=False), Dense(1, "sigmoid")])
    fitted(model)
    holder = model.layers[1]
    assert not holder.norm.trainable
    assert (holder.norm.moving_mean.numpy() == 0).all()


@pytest.mark.parametrize("style", ["sequential", "functional"])
def test_frozen_layers_are_saved_as_such(style, tmp_path):
    base = base_network(trainable=False)
    assert not base.layers[1].trainable
    if style == "functional":
        x = ranvier.Input(shape=(4,))
        base = Model(inputs=x, outputs=BatchNormalization()(Dense(5)(x)))
        base.trainable = False
    model = Sequential([base, Dense(1, "sigmoid")])
    fitted(model, epochs=1)
    model.save(tmp_path / "m.rv")
    again = ranvier.load(tmp_path / "m.rv")
    assert [layer.trainable for layer in again.sublayers()] == [
        layer.trainable for layer in model.sublayers()
    ]


ELSEWHERE = Dense(3)


class MadeInForward(Layer):
    def forward(self, x):
        return Dense(3)(x)


class Borrowed(Layer):
    def forward(self, x):
        return ELSEWHERE(x)


class Held(Layer):
    def __init__(self):
        super().__init__()
        self.parts = {"first": (Dense(3),)}

    def forward(self, x):
        return self.parts["first"][0](x)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("kind", [MadeInForward, Borrowed])
def test_parameters_that_the_model_does_not_hold_are_warned_of(kind, engine):
    with pytest.warns(ranvier.errors.RanvierWarning, match=r"2 parameters that the model does not"):
        fitted(Sequential([kind(), Dense(1, "sigmoid")]), engine=engine)


def test_parameters_in_lists_and_dicts_are_held():
    fitted(Sequential([Held(), Dense(1, "sigmoid")]), engine="reference")  # without a warning


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_model_without_weights_is_warned_of(requires_grad):
    class Own(Layer):
        def __init__(self):
            super().__init__()
            self.kernel = ranvier.tensor(np.ones((4, 1), np.float32), requires_grad=requires_grad)

        def forward(self, x):
            return ranvier.sigmoid(x @ self.kernel)

    if requires_grad:
        fitted(Sequential([Own()]), engine="reference")
    else:
        with pytest.warns(ranvier.errors.RanvierWarning, match="no weights to train"):
            fitted(Sequential([Own()]), engine="reference")
