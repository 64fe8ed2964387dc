"""A network with two inputs and two outputs trained in Keras float64, and Keras' merging layers.

See README.md.
"""

import numpy as np
from common import keras_in_float64, write_arrays

ROWS, EPOCHS = 40, 3


def network(keras):
    """Categories through an embedding beside numbers; a price and a class come out."""
    layers = keras.layers
    kind = keras.Input(shape=(1,), dtype="int32", name="kind")
    size = keras.Input(shape=(3,), name="size")
    known = layers.Flatten()(layers.Embedding(5, 2, name="table")(kind))
    shared = layers.Dense(3, activation="tanh", name="shared")
    h = layers.Concatenate()([known, shared(size), shared(size * 0.5 + 1.0)])
    h = layers.Dense(6, activation="tanh", name="hidden")(h)
    price = layers.Dense(1, name="price")(h)
    sold = layers.Dense(3, activation="softmax", name="sold")(h)
    return keras.Model([kind, size], [price, sold])


def main() -> None:
    keras = keras_in_float64()
    random = np.random.default_rng(0)
    x = [random.integers(0, 5, (ROWS, 1)), random.normal(size=(ROWS, 3))]
    y = [random.normal(size=(ROWS, 1)), random.integers(0, 3, ROWS)]
    weight = random.random(ROWS)
    model = network(keras)
    initial = [random.normal(size=w.shape) * 0.4 for w in model.get_weights()]
    model.set_weights(initial)
    model.compile(
        keras.optimizers.SGD(0.05),
        ["mse", "sparse_categorical_crossentropy"],
        loss_weights={"price": 0.7, "sold": 1.5},
        metrics={"price": "mae", "sold": "accuracy"},
    )
    names = ["/".join(v.path.split("/")[-2:]) for v in model.weights]
    arrays = {"kind": x[0], "size": x[1], "price": y[0], "sold": y[1], "weight": weight}
    arrays |= {f"initial/{name}": w for name, w in zip(names, initial, strict=True)}
    out = model.predict(x, verbose=0)
    arrays |= {"output/price": out[0], "output/sold": out[1]}
    history = model.fit(
        x, y, batch_size=8, epochs=EPOCHS, shuffle=False, verbose=0, validation_data=(x, y)
    )
    arrays |= {f"history/{name}": values for name, values in history.history.items()}
    arrays |= {f"final/{n}": w for n, w in zip(names, model.get_weights(), strict=True)}
    weighted = model.evaluate(x, y, sample_weight=weight, batch_size=8, verbose=0, return_dict=True)
    arrays["weighted_loss"] = weighted["loss"]
    a, b = random.normal(size=(4, 3, 2)), random.normal(size=(4, 3, 2))
    arrays |= {"merge/a": a, "merge/b": b}
    layers = keras.layers
    for layer in (
        layers.Add(), layers.Subtract(), layers.Multiply(), layers.Average(), layers.Maximum(),
        layers.Minimum(), layers.Concatenate(), layers.Concatenate(axis=1), layers.Dot(axes=2),
        layers.Dot(axes=(1, 1)), layers.Dot(axes=-1, normalize=True),
    ):  # fmt: skip
        key = f"merge/{len([k for k in arrays if k.startswith('merge/')]) - 2}"
        arrays[key] = np.asarray(keras.ops.convert_to_numpy(layer([a, b])))
    write_arrays("functional", arrays)


if __name__ == "__main__":
    main()
