"""Keras' functional style as tutorials write it: only the import lines are changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ranvier
from compat.snippets import run

pytestmark = pytest.mark.usefixtures("engine")

HOUSES = """
    import numpy as np
    from tensorflow import keras
    from tensorflow.keras import layers

    rng = np.random.default_rng(0)
    district = rng.integers(0, 12, size=(300, 1))
    style = rng.integers(0, 4, size=(300, 1))
    numbers = rng.normal(size=(300, 5)).astype("float32")
    price = numbers[:, :1] * 2 + district / 6
    fast = (numbers[:, 1:2] > 0).astype("float32")

    district_in = keras.Input(shape=(1,), name="district")
    style_in = keras.Input(shape=(1,), name="style", dtype="int32")
    numbers_in = keras.Input(shape=(5,), name="numbers")

    d = layers.Flatten()(layers.Embedding(input_dim=12, output_dim=4)(district_in))
    s = layers.Flatten()(layers.Embedding(input_dim=4, output_dim=2)(style_in))
    n = layers.Dense(8, activation="relu")(numbers_in)
    x = layers.concatenate([d, s, n])
    x = layers.Dense(16, activation="relu", name="joint")(x)
    x = layers.add([x, layers.Dense(16, activation="relu")(x)])
    price_out = layers.Dense(1, name="price")(x)
    fast_out = layers.Dense(1, activation="sigmoid", name="fast")(x)

    model = keras.Model(
        inputs=[district_in, style_in, numbers_in], outputs=[price_out, fast_out], name="houses"
    )
    model.summary()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss={"price": "mse", "fast": "binary_crossentropy"},
        loss_weights={"price": 1.0, "fast": 0.2},
        metrics={"price": ["mae"], "fast": ["accuracy"]},
    )
    history = model.fit(
        {"district": district, "style": style, "numbers": numbers},
        {"price": price, "fast": fast},
        epochs=15, batch_size=32, validation_split=0.2, verbose=0,
    )
    results = model.evaluate([district, style, numbers], [price, fast], verbose=0)
    price_pred, fast_pred = model.predict([district, style, numbers], verbose=0)

    joint = keras.Model(inputs=model.inputs, outputs=model.get_layer("joint").output)
    features = joint.predict([district, style, numbers], verbose=0)
"""


def test_categories_beside_numbers_and_two_outputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(HOUSES)
    history = done["history"].history
    plain = ["loss", "price_loss", "fast_loss", "price_mae", "fast_accuracy"]
    assert list(history) == [*plain, *[f"val_{name}" for name in plain]]
    assert history["val_loss"][-1] < 0.5 * history["val_loss"][0]
    assert len(done["results"]) == 5
    assert done["price_pred"].shape == done["fast_pred"].shape == (300, 1)
    assert done["features"].shape == (300, 16)
    assert "connected to" in capsys.readouterr().out
    model, x = done["model"], [done["district"], done["style"], done["numbers"]]
    model.save(tmp_path / "houses.keras")
    keras = done["keras"]
    again = keras.models.load_model(tmp_path / "houses.keras")
    assert type(again) is keras.Model
    for other in (again, ranvier.load(tmp_path / "houses.keras")):
        np.testing.assert_array_equal(other.predict(x)[0], done["price_pred"])


AUTOENCODER = """
    import numpy as np
    import tensorflow as tf
    from tensorflow import keras
    from tensorflow.keras import layers
    from tensorflow.keras.models import Model

    encoder_input = keras.Input(shape=(8, 8, 1), name="img")
    x = layers.Conv2D(4, 3, activation="relu")(encoder_input)
    encoder_output = layers.GlobalMaxPooling2D()(x)
    encoder = Model(encoder_input, encoder_output, name="encoder")

    decoder_input = keras.Input(shape=(4,), name="code")
    x = layers.Dense(64)(decoder_input)
    decoder_output = layers.Reshape((8, 8, 1))(x)
    decoder = Model(decoder_input, decoder_output, name="decoder")

    img = keras.Input(shape=(8, 8, 1))
    autoencoder = Model(img, decoder(encoder(img)), name="autoencoder")
    autoencoder.compile(optimizer="adam", loss="mse")
    images = np.random.default_rng(0).random((64, 8, 8, 1)).astype("float32")
    history = autoencoder.fit(images, images, epochs=3, verbose=0)

    base = keras.Sequential([layers.Dense(6, input_shape=(4,), name="hidden"),
                             layers.Dense(2)])
    outputs = [layer.output for layer in base.layers]
    extractor = keras.Model(inputs=base.inputs, outputs=outputs)
    found = extractor(np.ones((1, 4), "float32"))
"""


def test_nested_models_and_features() -> None:
    done = run(AUTOENCODER)
    loss = done["history"].history["loss"]
    assert loss[-1] < loss[0]
    assert done["autoencoder"].predict(done["images"]).shape == (64, 8, 8, 1)
    assert done["encoder"].predict(done["images"]).shape == (64, 4)
    assert [t.shape for t in done["found"]] == [(1, 6), (1, 2)]


SUBCLASS = """
    import numpy as np
    import tensorflow as tf
    from tensorflow import keras

    class Shrink(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(1e-2 * tf.reduce_sum(tf.square(inputs), axis=1))
            return inputs

    class Both(keras.Model):
        def __init__(self):
            super().__init__()
            self.left = keras.layers.Dense(4)
            self.right = keras.layers.Dense(4)
            self.join = keras.layers.Concatenate()
            self.shrink = Shrink()
            self.out = keras.layers.Dense(1)

        def call(self, inputs, training=False):
            a, b = inputs
            return self.out(self.shrink(self.join([self.left(a), self.right(b)])))

    class Named(Both):
        def call(self, inputs):
            return super().call([inputs["a"], inputs["b"]])

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    y = a[:, :1] + b[:, :1]
    model = Both()
    model.compile("adam", "mse")
    first = model.fit([a, b], y, epochs=5, verbose=0).history["loss"]
    out = model.predict([a, b], verbose=0)
    same = model([a, b])
    named = Named()
    named.compile("adam", "mse")
    second = named.fit({"a": a, "b": b}, y, epochs=5, verbose=0).history["loss"]
    other = named.predict({"b": b, "a": a}, verbose=0)
"""


def test_subclasses_whose_call_takes_a_list_or_a_dict() -> None:
    done = run(SUBCLASS)
    for losses in (done["first"], done["second"]):
        assert losses[-1] < losses[0]
    assert done["out"].shape == done["other"].shape == (50, 1)
    np.testing.assert_allclose(done["same"].numpy(), done["out"], atol=1e-5)
