"""What introductions to sequences, generators and data sets print, run as it stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from compat.snippets import run
from ranvier.compat import tensorflow as tf
from ranvier.compat import torch
from ranvier.compat.tensorflow import keras
from ranvier.errors import ArgumentError, DataError, ShapeError, StateError, UnknownSizeError


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ranvier.seed(0)


DIGITS = """
    import numpy as np
    import ranvier
    (x, y), _ = ranvier.data.load_digits()
    x, y = (x[:300] / 16).astype("float32"), y[:300]
"""

TF_DATA = (
    DIGITS
    + """
    import tensorflow as tf

    ds = tf.data.Dataset.from_tensor_slices((x * 16, y))

    def normalize(image, label):
        return tf.cast(image, tf.float32) / 16., label

    train = ds.skip(60).map(normalize, num_parallel_calls=tf.data.AUTOTUNE).cache()
    train = train.shuffle(1000).batch(32).prefetch(tf.data.AUTOTUNE)
    test = ds.take(60).map(normalize).batch(32)
    model = tf.keras.models.Sequential([
        tf.keras.layers.Flatten(input_shape=(8, 8)),
        tf.keras.layers.Dense(32, activation='relu'),
        tf.keras.layers.Dense(10)])
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01),
                  loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=[tf.keras.metrics.SparseCategoricalAccuracy()])
    history = model.fit(train, epochs=4, validation_data=test, verbose=0).history
    out = model.predict(test)
    model.fit(ds.map(normalize).repeat().batch(50), steps_per_epoch=3, verbose=0)
    model.save("model.keras")
    again = tf.keras.models.load_model("model.keras")
    same = np.allclose(again.predict(x), model.predict(x), atol=1e-5)
    accuracy = again.evaluate(test, verbose=0)[1]
"""
)


def test_tf_data_feeds_a_network_that_is_saved_with_its_metric_objects() -> None:
    done = run(TF_DATA)
    assert list(done["history"]) == [
        "loss", "sparse_categorical_accuracy", "val_loss", "val_sparse_categorical_accuracy",
    ]  # fmt: skip
    assert done["history"]["loss"][-1] < 0.8 * done["history"]["loss"][0]
    assert done["out"].shape == (60, 10) and len(done["train"]) == 8 and done["same"]
    assert done["accuracy"] > 0.5


TAPE = (
    DIGITS
    + """
    import tensorflow as tf
    from tensorflow import keras

    inputs = keras.Input(shape=(8, 8))
    h = keras.layers.Flatten()(inputs)
    outputs = keras.layers.Dense(10)(keras.layers.Dense(32, activation="relu")(h))
    model = keras.Model(inputs=inputs, outputs=outputs)
    optimizer = keras.optimizers.SGD(learning_rate=0.1)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    mean_loss = keras.metrics.Mean(name='train_loss')
    train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(buffer_size=1024).batch(50)

    DECORATOR
    def train_step(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            value = loss_fn(y, logits) + sum(model.losses)
        grads = tape.gradient(value, model.trainable_weights)
        grads, norm = tf.clip_by_global_norm(grads, 5.0)
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
        mean_loss(value)
        accuracy.update_state(y, logits)
        return value

    losses = []
    for epoch in range(3):
        mean_loss.reset_state()
        accuracy.reset_state()
        values = [float(train_step(a, b)) for a, b in train]
        losses.append((float(mean_loss.result()), np.mean(values)))
    share = accuracy.result().numpy()
    right = np.mean(np.argmax(model.predict(x), axis=1) == y)
"""
)


@pytest.mark.parametrize("decorator", ["", "@tf.function"])
def test_a_loop_with_a_tape_and_metrics_of_its_own(decorator: str) -> None:
    done = run(TAPE.replace("DECORATOR", decorator))
    means, plain = np.array(done["losses"]).T
    np.testing.assert_allclose(means, plain, rtol=1e-5)
    assert means[-1] < means[0] and abs(done["share"] - done["right"]) < 0.3


SEQUENCES = """
    import numpy as np
    from tensorflow.keras.models import Sequential
    from tensorflow.keras.layers import Embedding, LSTM, GRU, Dense, Bidirectional
    from tensorflow.keras.preprocessing.sequence import pad_sequences

    rng = np.random.default_rng(0)
    texts = [list(rng.integers(1, 50, rng.integers(3, 12))) for _ in range(64)]
    labels = np.array([int(np.mean(t) > 25) for t in texts])
    x = pad_sequences(texts, maxlen=8, padding='post', truncating='post')
    model = Sequential()
    model.add(Embedding(input_dim=50, output_dim=8, mask_zero=True))
    model.add(LAYER)
    model.add(Dense(1, activation='sigmoid'))
    model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['acc'])
    history = model.fit(x, labels, epochs=2, batch_size=16, validation_split=0.25, verbose=0)
    out = model.predict(x)
    longer = model.predict(np.pad(x, ((0, 0), (0, 0))))
"""


@pytest.mark.parametrize("layer", ["LSTM(8, dropout=0.2)", "Bidirectional(GRU(4))"])
def test_reviews_of_unequal_length(layer: str) -> None:
    done = run(SEQUENCES.replace("LAYER", layer))
    assert done["out"].shape == (64, 1) and "val_acc" in done["history"].history


VAE = (
    DIGITS
    + """
    from tensorflow import keras
    from tensorflow.keras import layers, ops

    class Sampling(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs):
            z_mean, z_log_var = inputs
            batch, dim = ops.shape(z_mean)[0], ops.shape(z_mean)[1]
            epsilon = keras.random.normal(shape=(batch, dim), seed=self.seed_generator)
            return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    inputs = keras.Input(shape=(64,))
    h = layers.Dense(16, activation="relu")(inputs)
    mean, log_var = layers.Dense(2, name="mean")(h), layers.Dense(2, name="log_var")(h)
    encoder = keras.Model(inputs, [mean, log_var, Sampling()([mean, log_var])], name="encoder")
    latent = keras.Input(shape=(2,))
    h = layers.Dense(16, activation="relu")(latent)
    decoder = keras.Model(latent, layers.Dense(64, activation="sigmoid")(h), name="decoder")

    class VAE(keras.Model):
        def __init__(self, encoder, decoder, **kwargs):
            super().__init__(**kwargs)
            self.encoder, self.decoder = encoder, decoder

        def call(self, data):
            mean, log_var, z = self.encoder(data)
            kl = -0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=1)
            self.add_loss(ops.mean(kl) * 0.01)
            return self.decoder(z)

    vae = VAE(encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    flat = x.reshape(-1, 64)
    losses = vae.fit(flat, flat, epochs=4, verbose=0).history["loss"]
    made = vae.decoder.predict(np.array([[0.0, 1.0]]))
"""
)


def test_a_variational_autoencoder_with_keras_ops() -> None:
    done = run(VAE)
    assert done["losses"][-1] < done["losses"][0] and done["made"].shape == (1, 64)


SEVERAL = """
    import numpy as np
    import tensorflow as tf
    from tensorflow import keras
    from tensorflow.keras import layers

    a, b = keras.Input(shape=(8,), name="a"), keras.Input(shape=(4,), name="b")
    h = layers.concatenate([layers.Dense(8, activation="relu")(a), b])
    model = keras.Model([a, b], [layers.Dense(1, name="price")(h),
                                 layers.Dense(3, activation="softmax", name="kind")(h)])
    model.compile("sgd", loss=["mse", "sparse_categorical_crossentropy"])
    rng = np.random.default_rng(0)
    A, B = rng.random((64, 8), "float32"), rng.random((64, 4), "float32")
    price, kind = rng.random(64), rng.integers(0, 3, 64)
    start = model.get_weights()

    def dicts():
        for i in range(0, 64, 16):
            s = slice(i, i + 16)
            yield {"a": A[s], "b": B[s]}, {"price": price[s], "kind": kind[s]}

    def tuples():
        for x, y in dicts():
            yield tuple(x.values()), tuple(y.values())

    rows = ({"a": A, "b": B}, {"price": price, "kind": kind})
    ways = [lambda: dicts, lambda: tuples,
            lambda: tf.data.Dataset.from_tensor_slices(rows).batch(16)]
    found = []
    for way in ways:
        model.set_weights(start)
        data = way()
        data = data() if callable(data) else data
        model.fit(data, epochs=1, verbose=0)
        found.append(model.get_weights())
    model.set_weights(start)
    model.fit([A, B], [price, kind], batch_size=16, shuffle=False, verbose=0)
    whole = model.get_weights()
"""


def test_streams_with_several_inputs_and_outputs_train_as_arrays_do() -> None:
    done = run(SEVERAL)
    for weights in done["found"]:
        for one, other in zip(weights, done["whole"], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


TORCH_LOOP = (
    DIGITS
    + """
    import copy
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    from torch.optim.lr_scheduler import ReduceLROnPlateau
    from torch.utils.data import DataLoader, TensorDataset, random_split

    torch.manual_seed(0)
    data = TensorDataset(torch.tensor(x).unsqueeze(1), torch.tensor(y, dtype=torch.long))
    train, test = random_split(data, [240, 60], generator=torch.Generator().manual_seed(42))
    loader = DataLoader(train, batch_size=40, shuffle=True)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(True),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10))

    def init_weights(m):
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
        elif isinstance(m, nn.Linear):
            nn.init.trunc_normal_(m.weight, std=0.05, a=-0.1, b=0.1)
            nn.init.zeros_(m.bias)

    model.apply(init_weights)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    best, norms = None, []
    for epoch in range(3):
        model.train()
        for inputs, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), labels).backward()
            norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)))
            optimizer.step()
        model.eval()
        right = 0
        with torch.no_grad():
            for inputs, labels in DataLoader(test, batch_size=60):
                right += model(inputs).argmax(dim=1).eq(labels).sum().item()
        scheduler.step(-right)
        if best is None or right >= best[0]:
            best = right, copy.deepcopy(model.state_dict())
    torch.save({'epoch': epoch, 'model_state_dict': model.state_dict(),
                'optimizer_state_dict': optimizer.state_dict(), 'history': norms}, 'check.pt')
    found = torch.load('check.pt')
    model.load_state_dict(found['model_state_dict'])
    optimizer.load_state_dict(found['optimizer_state_dict'])
"""
)


def test_a_torch_loop_with_clipping_plateau_and_checkpoint() -> None:
    done = run(TORCH_LOOP)
    assert done["best"][0] > 30 and max(done["norms"]) > 0
    assert done["found"]["epoch"] == 2 and done["found"]["history"] == done["norms"]


GPT = """
    import torch
    import torch.nn as nn
    from torch.nn import functional as F

    torch.manual_seed(1337)

    class Head(nn.Module):
        def __init__(self, n, size, block):
            super().__init__()
            self.key, self.query = nn.Linear(n, size, bias=False), nn.Linear(n, size, bias=False)
            self.value = nn.Linear(n, size, bias=False)
            self.register_buffer('tril', torch.tril(torch.ones(block, block)))

        def forward(self, x):
            B, T, C = x.shape
            wei = self.query(x) @ self.key(x).transpose(-2, -1) * C**-0.5
            wei = wei.masked_fill(self.tril[:T, :T] == 0, float('-inf'))
            return F.softmax(wei, dim=-1) @ self.value(x)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tok, self.pos = nn.Embedding(5, 8), nn.Embedding(6, 8)
            self.heads = nn.ModuleList([Head(8, 4, 6) for _ in range(2)])
            self.norm, self.out = nn.LayerNorm(8), nn.Linear(8, 5)

        def forward(self, idx):
            x = self.tok(idx) + self.pos(torch.arange(idx.shape[1]))
            return self.out(self.norm(x + torch.cat([h(x) for h in self.heads], dim=-1)))

    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    text = torch.arange(60) % 5
    for step in range(60):
        at = torch.randint(60 - 7, (8,))
        xb = torch.stack([text[i:i + 6] for i in at])
        yb = torch.stack([text[i + 1:i + 7] for i in at])
        loss = F.cross_entropy(model(xb).view(-1, 5), yb.view(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    idx = torch.zeros((1, 1), dtype=torch.long)
    for _ in range(8):
        probs = F.softmax(model(idx[:, -6:])[:, -1, :], dim=-1)
        idx = torch.cat((idx, torch.multinomial(probs, num_samples=1)), dim=1)
    drawn = idx[0].tolist()
"""


def test_a_small_gpt_counts() -> None:
    done = run(GPT)
    assert done["loss"].item() < 0.3
    assert np.mean(np.diff(done["drawn"]) % 5 == 1) > 0.7


TAGGER = """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    from torch.nn.utils.rnn import pad_sequence

    torch.manual_seed(1)
    rows = [torch.tensor([0, 1, 2, 0, 3]), torch.tensor([4, 5, 0, 3])]
    tags = [torch.tensor([0, 1, 2, 0, 1]), torch.tensor([1, 2, 0, 1])]
    x, y = pad_sequence(rows, batch_first=True), pad_sequence(tags, True, padding_value=-100)

    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(6, 8)
            self.lstm = nn.LSTM(8, 8, num_layers=2, batch_first=True, bidirectional=True)
            self.out = nn.Linear(16, 3)

        def forward(self, x):
            h0 = torch.zeros(4, x.size(0), 8)
            out, (h, c) = self.lstm(self.embedding(x), (h0, torch.zeros_like(h0)))
            return self.out(out)

    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(25):
        loss = F.cross_entropy(model(x).transpose(1, 2), y, ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    best = model(x).topk(2, dim=-1)
    right = best.indices[..., 0] == y
"""


def test_an_lstm_tags_filled_up_sentences() -> None:
    done = run(TAGGER)
    real = done["y"].numpy() >= 0
    assert done["right"].numpy()[real].all() and done["best"].values.shape == (2, 5, 2)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_cells_do_one_step_of_the_whole_module(kind: str) -> None:
    whole, cell = getattr(torch.nn, kind)(3, 4), getattr(torch.nn, kind + "Cell")(3, 4)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in whole.state_dict().items()})
    x, state = torch.randn(5, 2, 3), None
    out = whole(x)[0]
    for i in range(5):
        state = cell(x[i], state)
    last = state[0] if isinstance(state, tuple) else state
    assert last is not None
    np.testing.assert_allclose(last.numpy(), out[-1].numpy(), atol=1e-6)
    assert [n for n, _ in cell.named_parameters()] == list(cell.state_dict())


def test_sorting_and_drawing() -> None:
    x = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]], requires_grad=True)
    np.testing.assert_array_equal(torch.sort(x, dim=1, descending=True).values.detach().numpy(),
                                  [[3, 2, 1], [5, 4, 0]])  # fmt: skip
    x.topk(2).values.sum().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), [[1, 0, 1], [0, 1, 1]])
    drawn = torch.multinomial(torch.tensor([0.0, 0.75, 0.25]), 2000, replacement=True).numpy()
    assert abs(np.mean(drawn == 1) - 0.75) < 0.05 and (drawn > 0).all()
    assert sorted(torch.multinomial(torch.ones(4), 4).tolist()) == [0, 1, 2, 3]


def test_sequential_lists_no_input_layer_and_keeps_its_dtype(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input(shape=(3,), dtype="int32"), keras.layers.Dense(2)])
    assert [type(x).__name__ for x in model.layers] == ["Dense"]
    assert model.layers[0].weights[0].shape == (3, 2)
    model.save(os.fspath(tmp_path / "m.keras"))
    again = keras.models.load_model(tmp_path / "m.keras")
    x = np.array([[1.9, 2.0, 3.0]], "float32")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    np.testing.assert_array_equal(model.predict(x), model.predict(np.floor(x)))


def test_numpy_reduces_tensors() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert float(np.mean(x)) == 2.5 and float(np.sum(x)) == 10 and float(np.max(x)) == 4


def test_training_a_frozen_network_warns() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    model.trainable = False
    with pytest.warns(UserWarning, match="every layer is frozen"):
        model.train_on_batch(np.ones((4, 2)), np.ones(4))


def _own_step() -> None:
    class Own(keras.Model):
        def train_step(self, data: object) -> None: ...


def _rows_of_an_input() -> None:
    np.zeros((ranvier.Input((4,)).shape[0], 3))


OPEN: Any = (None, 4)
WRONG = [
    (lambda: keras.optimizers.Adam(0.01, 0.5), ArgumentError, r"by name: Adam\(..., beta_1=0.5"),
    (lambda: keras.Input(shape=OPEN), ArgumentError, "rows of one length.*pad_sequences"),
    (_own_step, StateError, "calls no train_step.*add_loss"),
    (_rows_of_an_input, UnknownSizeError, r"ranvier.zeros\(\(x.shape\[0\], 3\)\)"),
    (lambda: keras.Sequential([keras.layers.TextVectorization()]), ArgumentError, "before they"),
    (lambda: torch.save({"m": torch.nn.Linear(1, 1)}, "x"), ArgumentError, "m is a Linear.*code"),
    (lambda: torch.nn.utils.rnn.pack_padded_sequence, AttributeError, "take the output at the"),
    (lambda: tf.data.Dataset.from_tensor_slices((np.ones(3), np.ones(4))), DataError, "as many"),
    (lambda: tf.data.Dataset.from_tensor_slices(np.ones(3)).chunks(), DataError, r"ds.batch\(32"),
    (lambda: tf.data.Dataset.range(3).repeat().batch(2).chunks(), DataError, "steps_per_epoch"),
    (lambda: torch.topk(torch.ones(3), 4), ArgumentError, "k=4 of 3"),
    (lambda: torch.nn.LSTMCell(3, 4)(torch.ones(2, 5)), ShapeError, r"expected \(batch, 3\)"),
]


@pytest.mark.parametrize("case", range(len(WRONG)))
def test_what_cannot_be_is_reported(case: int) -> None:
    call, kind, message = WRONG[case]
    with pytest.raises(kind, match=f"(?s){message}"):
        call()


SERIES: Any = ranvier.zeros((2, 5, 3))
BAD = [
    (lambda: fit_ids(np.full((4, 3), 1.5)), DataError, "1.5 is no id; expected integers"),
    (lambda: fit_ids(np.full((4, 3), -1)), DataError, "id -1 is outside.*Put another id"),
    (lambda: ranvier.nn.LSTM(4)(SERIES, mask=np.ones((2, 4), bool)), ShapeError, r"\(batch, time"),
    (
        lambda: ranvier.nn.GRU(4)(SERIES, initial_state=[ranvier.zeros((2, 3))]),
        ShapeError,
        r"initial state has shape \(2, 3\); expected \(2, 4\)",
    ),
    (
        lambda: torch.nn.GRU(3, 4)(torch.ones(5, 2, 3), torch.zeros(2, 2, 4)),
        ShapeError,
        r"expected 1 of shape \(1, 2, 4\)",
    ),
    (lambda: ranvier.data.pad_sequences([1, 2]), DataError, "got single numbers"),
]  # fmt: skip


def fit_ids(ids: np.ndarray) -> None:
    layers = [ranvier.nn.Embedding(10, 4), ranvier.nn.Flatten(), ranvier.nn.Dense(1)]
    model = ranvier.Sequential(layers)
    model.compile("sgd", "mse")
    model.fit(ids, np.ones(len(ids)), verbose=0)


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_input_of_sequence_layers_is_reported(case: int) -> None:
    call, kind, message = BAD[case]
    with pytest.raises(kind, match=f"(?s){message}"):
        call()
