"""Usual mistakes of newcomers from Keras, PyTorch and scikit-learn, and what each is answered.

A row of the table: a snippet, and words that its error must hold: what happened, what was expected,
how to fix it. Every error is one of Ranvier's own.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import ranvier
import ranvier.compat.tensorflow as tf
import ranvier.compat.torch as torch
from ranvier import nn
from ranvier.cli.main import main
from ranvier.errors import RanvierError

tnn, F, keras = torch.nn, torch.nn.functional, tf.keras
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype(np.float32)
Y1 = X[:, :1]
Y2 = (X[:, 0] > 0).astype(np.float32)
Y3 = np.arange(40) % 3
IMAGES = RNG.normal(size=(6, 8, 8, 1)).astype(np.float32)
TEXTS = [f"a text of many words, number {i}" for i in range(40)]
SOFTMAX = nn.Dense(3, "softmax")
FRAME = pd.DataFrame(X, columns=list("abcd"))


def regression() -> Any:
    model = ranvier.Sequential([nn.Dense(1, input_shape=(4,))])
    model.compile("sgd", "mse", engine="reference")
    return model


def binary() -> Any:
    model = ranvier.Sequential([nn.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", engine="reference")
    return model


def classes() -> Any:
    model = ranvier.Sequential([nn.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    return model


def fit(model: Any, *arguments: Any, **options: Any) -> Any:
    return model.fit(*arguments, verbose=0, **options)


def trained(layers: list[Any], loss: str, x: Any, y: Any) -> Any:
    model = ranvier.Sequential(layers)
    model.compile("sgd", loss, engine="reference")
    return fit(model, x, y)


# Each: the mistake, and pieces of the message in any order.
TABLE: list[tuple[str, list[str]]] = [
    # --- shapes ---
    ("regression().predict(X[0])", ["one row", "x[None]", "(4,)"]),
    ("regression().predict([1.0, 2.0, 3.0, 4.0])", ["one row", "[row] for a list"]),
    ("regression().predict(FRAME.iloc[0])", ["one row", "x[None]"]),
    ("regression().predict({'a': 1, 'b': 2, 'c': 3, 'd': 4})", ["single value 1", "[value]"]),
    ("regression().predict([{'a': 1, 'b': 2}])", ["dict in row 0", "pandas.DataFrame(rows)"]),
    ("regression().predict(5.0)", ["single value 5.0", "[value]"]),
    ("regression().predict('text')", ["expected numbers", "'text'"]),
    ("regression().predict(None)", ["None", "give rows"]),
    ("regression().predict(FRAME.iloc[:0])", ["no rows"]),
    ("regression().predict(pd.DataFrame())", ["no columns"]),
    ("regression().predict(pd.DataFrame(columns=list('abcd')))", ["no rows"]),
    ("regression().predict(X[:, :3])", ["(4,): 4 features", "(3,): 3 features"]),
    ("regression().predict(X[:4].T[:, :4].T[:3].T)", ["did you mean the transpose", "x.T"]),
    ("regression()(X[0])", ["(4,)", "x.reshape(1, 4)"]),
    ("trained([nn.Conv2D(2, 3), SOFTMAX], 'sparse_categorical_crossentropy', IMAGES, Y3[:6])",
     ["(6,)", "(6, 6, 6, 3)", "Flatten()"]),
    ("trained([nn.Conv2D(2, 3), nn.Dense(1)], 'mse', IMAGES, Y1[:6])", ["axes", "Flatten()"]),
    ("trained([nn.LSTM(2, return_sequences=True), nn.Dense(1)], 'mse', IMAGES[..., 0], Y1[:6])",
     ["axes", "return_sequences=False"]),
    ("nn.Conv2D(4, 3)(IMAGES[..., 0])", ["(batch, height, width, channels)", "x[..., None]"]),
    ("nn.Conv2D(4, 3)(IMAGES.transpose(0, 3, 1, 2))", ["window", "channels last"]),
    ("nn.Conv2D(4, 9)(IMAGES)", ["(9, 9)", "(8, 8)", "padding='same'"]),
    ("nn.LSTM(8)(X)", ["(batch, time, features)", "x[:, :, None]"]),
    ("nn.Reshape((3, 3))(X)", ["4 numbers", "(3, 3)"]),
    ("nn.Add()([X, X[:, :3]])", ["(4,), (3,)", "equal or 1"]),
    ("ranvier.ones((2, 3)) @ ranvier.ones((2, 3))", ["inner sizes 3 and 2", "transpose"]),
    ("ranvier.ones((2, 3)) + ranvier.ones((2, 4))", ["axis -1", "3 and 4"]),
    ("ranvier.ones((2, 3)).reshape(4, 2)", ["6 elements", "(4, 2)"]),
    ("ranvier.ones((2, 3)).sum(axis=2)", ["axis 2", "-2 to 1"]),
    ("ranvier.ones(2, 3)", ["one tuple: ones((2, 3))"]),
    ("ranvier.ones((2, 3))[5]", ["index 5", "size 2"]),
    ("bool(ranvier.ones((2, 3)))", [".any() or .all()"]),
    ("ranvier.ones((2,)).item()", ["2 numbers, not one"]),
    ("ranvier.tensor([2**63])", ["9223372036854775808", "dtype='float64'"]),
    ("ranvier.asarray(np.array([2**64 - 1], np.uint64))", ["18446744073709551615", "int64"]),
    ("ranvier.tensor([[1, 2], [3]])", ["equal lengths"]),
    ("fit(regression(), [[1, 2], [3]], [1, 2])", ["row 0 has 2", "row 1 has 1"]),
    ("fit(regression(), X, Y1[:10])", ["40 rows", "10"]),
    # --- layers and models ---
    ("ranvier.Sequential(nn.Dense(3), nn.Dense(1))", ["one list", "[Dense(...), Dense(...)]"]),
    ("ranvier.Sequential(nn.Dense, nn.Dense)", ["one list", "Dense(...)"]),
    ("ranvier.Sequential(nn.Dense(1), nn.Dense(2), nn.Dense(3), nn.Dense(4))", ["one list"]),
    ("ranvier.Sequential([nn.Dense, nn.Dense])", ["the class Dense", "Dense(...)"]),
    ("ranvier.Sequential([nn.Dense(3), 'relu'])", ["a str", "Activation('relu')"]),
    ("ranvier.Sequential([nn.Dense(3), ranvier.relu])", ["a function", "Activation(relu)"]),
    ("ranvier.Sequential([[nn.Dense(3)], nn.Dense(1)])", ["a list", "one after the other"]),
    ("ranvier.Sequential([nn.Dense(3), None])", ["a NoneType"]),
    ("nn.Dense(3, activation=nn.ReLU)", ["the class ReLU", "activation='relu'"]),
    ("nn.Dense(3, activation='rleu')", ["'rleu'", "did you mean 'relu'"]),
    ("nn.Dense(unit=3)", ["'unit'", "did you mean 'units'"]),
    ("nn.Dense(3, activaton='relu')", ["did you mean 'activation'"]),
    ("nn.Dense(3, inputshape=(4,))", ["did you mean 'input_shape'"]),
    ("nn.Dense(3, input_shape='4')", ["input_shape='4'", "(784,)"]),
    ("nn.Dense(3, input_shape=(4.5,))", ["(4.5,)", "(784,)"]),
    ("nn.Dense(3, name=3)", ["name=3", "text"]),
    ("nn.Flatten(1)", ["name=1", "text"]),
    ("trained([NoReturn(), nn.Dense(1)], 'mse', X, Y1)", ["no_return", "forward returned None"]),
    ("trained([nn.Dense(1), NoReturn()], 'mse', X, Y1)", ["no_return", "forward returned None"]),
    ("fit(no_return_model(), X, Y1)", ["no_return_model", "forward returned None"]),
    ("nn.Dense('3')", ["units='3'", "integer"]),
    ("nn.Dense(None)", ["units=None", "integer"]),
    ("nn.Dense(3, kernel_regularizer=0.01)", ["regularizer 0.01", "l2"]),
    ("nn.Rescaling('1/255')", ["scale='1/255'", "a number"]),
    ("nn.Rescaling(1.0, None)", ["offset=None", "a number"]),
    ("nn.Dropout(50)", ["rate=50", "0 <= rate < 1"]),
    ("nn.Dropout('0.5')", ["Dropout: rate='0.5'", "a number"]),
    ("nn.Conv2D(32, 3, padding='sme')", ["'sme'", "'valid' or 'same'"]),
    ("nn.LSTM(8, return_sequence=True)", ["did you mean 'return_sequences'"]),
    ("nn.LayerNormalization(eps=1e-5)", ["did you mean 'epsilon'"]),
    ("nn.Embedding(10, 4)(np.array([[1, 10]]))", ["id 10", "table of 10"]),
    ("nn.Bidirectional(nn.Dense(3))", ["recurrent layer", "got Dense"]),
    ("nn.TimeDistributed(nn.Dense)", ["expected a layer", "Dense(8)"]),
    ("nn.Linear(3)", ["did you mean 'Dense'"]),
    ("nn.Dens(3)", ["did you mean 'Dense'"]),
    ("nn.BatchNorm()", ["did you mean 'BatchNormalization'"]),
    ("nn.MaxPool2D()", ["did you mean 'MaxPooling2D'"]),
    ("ranvier.Input(shape=(None, 4))", ["None is not a size", "pad_sequences"]),
    ("ranvier.Model(ranvier.Input((4,)), nn.Dense(3))", ["outputs must be made", "Dense"]),
    ("float(nn.Dense(3)(ranvier.Input((4,))))", ["has no numbers", "forward of a layer"]),
    ("regression().cuda()", ["computes on the CPU"]),
    ("ranvier.tensor([1.0]).cuda()", ["computes on the CPU", "leave .cuda() out"]),
    ("ranvier.tensor([1.0]).to('cuda')", ["computes on the CPU"]),
    ("regression().fitt(X, Y1)", ["did you mean 'fit'"]),
    ("regression().predict_proba(X)", ["predict gives probabilities"]),
    ("regression().score(X, Y1)", ["evaluate gives the loss"]),
    ("regression().load('x')", ["ranvier.load(path)"]),
    # --- compile ---
    ("regression().compile('adm', 'mse')", ["did you mean 'adam'"]),
    ("regression().compile(optimiser='adam')", ["did you mean 'optimizer'"]),
    ("regression().compile('adam', 'mse', metric=['mae'])", ["did you mean 'metrics'"]),
    ("regression().compile('adam', 'mean_square_error')", ["did you mean 'mean_squared_error'"]),
    ("regression().compile('adam', 'log_loss')", ["did you mean 'binary_crossentropy'"]),
    ("regression().compile('adam', 'nll_loss')", ["'sparse_categorical_crossentropy'"]),
    ("regression().compile('adam', 'l1_loss')", ["did you mean 'mean_absolute_error'"]),
    ("regression().compile('adam', 'accuracy')", ["unknown loss 'accuracy'", "mse"]),
    ("regression().compile('mse', 'adam')", ["unknown optimizer 'mse'", "adam"]),
    ("regression().compile(0.01, 'mse')", ["unknown optimizer 0.01"]),
    ("regression().compile('adam', 'mse', ['acuracy'])", ["did you mean 'accuracy'"]),
    ("trained_with_metrics(3)", ["unknown metric 3", "accuracy"]),
    ("trained_with_metrics(['mae', None])", ["unknown metric None", "accuracy"]),
    ("regression().compile('adam', 'mse', engine='gpu')", ["unknown engine 'gpu'", "compiled"]),
    ("ranvier.optim.Adam(beta1=0.9)", ["did you mean 'beta_1'"]),
    ("ranvier.optim.SGD(momentun=0.9)", ["did you mean 'momentum'"]),
    ("ranvier.optim.Adam(learning_rate=-1)", ["learning_rate=-1", "at least 0"]),
    ("ranvier.optim.Adam(regression())", ["give its tensors", "model.parameters()"]),
    ("ranvier.optim.Adam([])", ["empty list", "is the model built"]),
    ("ranvier.optim.Adam().step()", ["without parameters", "model.parameters()"]),
    ("ranvier.optim.Adm()", ["did you mean 'Adam'"]),
    ("ranvier.losses.CrossEntropyLoss()", ["'SparseCategoricalCrossentropy'"]),
    # --- fit ---
    ("regression().fit(X, Y1, epoch=3)", ["did you mean 'epochs'"]),
    ("regression().fit(X, Y1, batchsize=3)", ["did you mean 'batch_size'"]),
    ("ranvier.Sequential([nn.Dense(1)]).fit(X, Y1)", ["needs a compiled model", "compile("]),
    ("fit(regression(), X)", ["y is missing"]),
    ("fit(regression(), X, Y1, epochs=0)", ["epochs=0", "at least 1"]),
    ("fit(regression(), X, Y1, epochs='3')", ["epochs='3'"]),
    ("fit(regression(), X, Y1, batch_size=2.5)", ["batch_size=2.5"]),
    ("fit(regression(), X, Y1, validation_split=20)", ["between 0 and 1"]),
    ("fit(regression(), X, Y1, validation_data=X)", ["expected (x, y)"]),
    ("fit(regression(), X, Y1, callbacks=ranvier.callbacks.EarlyStopping)",
     ["the class", "EarlyStopping(...)"]),
    ("fit(regression(), X, Y1, callbacks=[ranvier.callbacks.EarlyStopping])", ["an object"]),
    ("fit(regression(), X, Y1, callbacks=lambda epoch, logs: None)", ["LambdaCallback("]),
    ("fit(regression(), X, Y1, callbacks=['early_stopping'])", ["'early_stopping'", "Callback"]),
    ("fit(regression(), X, Y1, callbacks=ranvier.callbacks.EarlyStopping('val_acc'))",
     ["'val_acc'", "Known: loss"]),
    ("ranvier.callbacks.EarlyStopping(patiance=3)", ["did you mean 'patience'"]),
    ("ranvier.callbacks.EarlyStopping(monitor=None)", ["monitor=None", "'val_loss'"]),
    ("ranvier.callbacks.LearningRateScheduler(0.1)", ["schedule=0.1", "lambda epoch"]),
    ("fit(regression(), X, Y1, callbacks="
     "ranvier.callbacks.LearningRateScheduler(lambda epoch: None))", ["gave None", "epoch 0"]),
    ("fit(binary(), X, Y2, class_weight={0: 1, 1: -1})", ["class 1", "-1", "at least 0"]),
    ("fit(binary(), X, Y2, class_weight={0: 1, 1: np.nan})", ["class 1", "nan", "at least 0"]),
    ("fit(binary(), X, Y2, class_weight={0: 1, 1: '2'})", ["class 1", "'2'", "at least 0"]),
    ("fit(binary(), X, Y2, class_weight={'0': 1, '1': 2})", ["'0' is a str", "int: 0, 1"]),
    ("fit(binary(), X, Y2, class_weight=[1, 2])", ["expected a dict", "balanced"]),
    ("fit(regression(), X, Y1, sample_weight=[1, 2])", ["each of the 40 rows"]),
    ("fit(regression(), X, Y1)['loss']", ["history.history['loss']"]),
    ("fit(regression(), X, Y1).loss", ["history.history['loss']"]),
    ("fit(regression(), X, Y1).plot('los')", ["did you mean 'loss'"]),
    # --- targets and data ---
    ("fit(classes(), X, Y3 + 1)", ["start at 1", "subtract 1"]),
    ("fit(classes(), X, np.eye(3)[Y3])", ["one-hot", "categorical_crossentropy"]),
    ("fit(classes(), X, Y3 * 1.5)", ["integers", "mean_squared_error"]),
    ("fit(binary(), X, Y3)", ["0 or 1", "softmax"]),
    ("fit(binary(), X, Y2 * 2 - 1)", ["-1 and 1", "(y + 1) / 2"]),
    ("fit(binary(), X, ['a', 'b', 'c', 'd'] * 10)", ["0 or 1"]),
    ("fit(regression(), X, ['1,5', '2,5'] * 20)", ["comma"]),
    ("fit(regression(), [['a', 'b']] * 40, Y1)", ["expected numbers", "get_dummies"]),
    ("fit(regression(), pd.DataFrame({'t': TEXTS}), Y1)",
     ["free text", "TextVectorization"]),
    ("fit(regression(), pd.DataFrame({'c': ['x', 'y'] * 20}), Y1)", ["'c'"]),
    ("fit(regression(), FRAME.assign(d=pd.date_range('2020', periods=40)), Y1)", ["'d'", "dates"]),
    ("fit(regression(), FRAME.assign(a=[np.nan] + [1.0] * 39), Y1)", ["NaN in row 0", "'a'"]),
    ("fit(regression(), X[:0], Y1[:0])", ["no rows"]),
    ("fit(regression(), 'data.csv', Y1)", ["expected numbers", "'data.csv'"]),
    ("vectorizer().adapt(pd.Series(['a b', None]))", ["text 1 is missing", "fillna"]),
    ("vectorizer().adapt(['a b', float('nan')])", ["text 1 is missing", "dropna"]),
    ("vectorizer().adapt([b'a b'])", ["decode"]),
    ("vectorizer()(['a'])", ["adapt(texts) first"]),
    ("ranvier.Sequential([vectorizer(), nn.Dense(1)])", ["ids = vectorize(texts)"]),
    ("ranvier.data.stream_csv(semicolons)", ["one column", "delimiter=';'"]),
    ("ranvier.data.stream_csv(zipped)", ["gzip", "unpack"]),
    ("ranvier.data.stream_csv(table, target='Y')", ["did you mean 'y'"]),
    ("ranvier.data.stream_csv('nowhere.csv')", ["nowhere.csv"]),
    ("ranvier.data.pad_sequences([1, 2, 3])", ["single numbers", "[[1, 2], [3]]"]),
    ("ranvier.data.load_mnst()", ["did you mean 'load_mnist'"]),
    ("ranvier.load(3)", ["expected the name of a file, got 3"]),
    ("ranvier.load(regression())", ["expected the name of a file", "Sequential"]),
    ("regression().save(None)", ["expected the name of a file, got None"]),
    ("regression().save_weights(3)", ["expected the name of a file, got 3"]),
    ("regression().load_weights(None)", ["expected the name of a file, got None"]),
    ("ranvier.data.stream_npy(3)", ["expected the name of a file, got 3"]),
    ("ranvier.data.stream_csv(3)", ["expected the name of a file, got 3"]),
    ("ranvier.load('nowhere.safetensors')", ["does not exist"]),
    ("translator().translate(np.ones((2, 3), int), 1, 9)", ["length=9", "4 positions", "pad"]),
    # --- tensors and functions ---
    ("ranvier.concatenate([X])", ["did you mean 'concat'"]),
    ("ranvier.layers", ["did you mean 'nn'"]),
    ("np.cbrt(ranvier.ones((2,)))", ["np.cbrt", "x.numpy()"]),
    ("np.add.reduce(ranvier.ones((2,)))", ["np.add.reduce", "x.numpy()"]),
    ("into_array(ranvier.tensor([1.0], requires_grad=True))", ["no gradient", "x.detach()"]),
    ("ranvier.gradcheck(lambda w: w * w, ranvier.ones((2,)))", ["gradcheck(f, [w])"]),
    ("ranvier.ones((2,)).backward()", ["requires a gradient", "requires_grad=True"]),
    ("(ranvier.tensor([1.0, 2.0], requires_grad=True) * 2).backward()", [".sum() or .mean()"]),
    ("ranvier.tensor([1, 2], requires_grad=True)", ["only floats", "int64"]),
    ("ranvier.tensor('abc')", ["not numbers"]),
    ("ranvier.compile(lambda t: t if t.sum() > 0 else -t)(ranvier.ones((2,)))",
     ["no number yet", "ranvier.where"]),
    ("ranvier.compile(5)", ["expected a function", "int"]),
    ("ranvier.explain(lambda t: t, ranvier.ones((2,)), level='loop')", ["did you mean 'loops'"]),
    ("ranvier.config(thread=1)", ["did you mean 'threads'"]),
    ("ranvier.seed('a')", ["integer", "'a'"]),
    # --- PyTorch's names ---
    ("tnn.CrossEntropyLoss()(torch.randn(4, 3), torch.tensor([0.0, 1.0, 2.0, 0.0]))",
     ["float32", "y.long()", "(4, 3)"]),
    ("tnn.NLLLoss()(torch.randn(4, 3), torch.tensor([0.0, 1.0, 2.0, 0.0]))", ["y.long()"]),
    ("F.cross_entropy(torch.randn(4, 3), torch.randn(4, 1))", ["y.long()"]),
    ("tnn.CrossEntropyLoss()(torch.randn(4, 3), torch.tensor([0, 1, 2, 5]))", ["0 to 5"]),
    ("tnn.Linear(3, 1).cuda()", ["computes on the CPU", "leave .cuda() out"]),
    ("torch.tensor([1.0]).cuda()", ["computes on the CPU"]),
    ("torch.tensor([1.0]).to('cuda')", ["computes on the CPU"]),
    ("torch.device('cuda')", ["computes on the CPU"]),
    ("tnn.Sequential([tnn.Linear(3, 1)])", ["one by one", "nn.Sequential(*modules)"]),
    ("tnn.Sequential(tnn.Linear)", ["Linear", "not the class"]),
    ("tnn.Sequential(tnn.Linear(3, 1), torch.relu)", ["nn.ReLU()"]),
    ("tnn.Linear(3, 1)(torch.randn(4, 2))", ["(4, 2)", "(batch, 3)"]),
    ("tnn.Dropout(50)", ["50"]),
    ("torch.optim.Adam(tnn.Linear(3, 1))", ["model.parameters()"]),
    ("torch.optim.Adam(tnn.Linear(3, 1).parameters(), learning_rate=3)", ["did you mean 'lr'"]),
    ("torch.cat(torch.ones(2), torch.ones(2))", ["one list", "torch.cat([a, b])"]),
    ("torch.concatenat", ["did you mean"]),
    # --- Keras' names ---
    ("keras.layers.Dense(unit=3)", ["did you mean 'units'"]),
    ("keras.Sequential(keras.layers.Dense(3))", ["one list"]),
    ("keras.layers.Dens(3)", ["did you mean Dense"]),
    ("keras.models.load_model('nowhere.keras')", ["does not exist"]),
    ("keras.utils.to_categorical([1, 2, 3], num_classes=2)", ["from 0 to 1", "1 to 3"]),
    ("tf.matmul(tf.ones((2, 3)), tf.ones((2, 3)))", ["inner sizes 3 and 2"]),
]  # fmt: skip

COMMANDS: list[tuple[list[str], list[str]]] = [
    (["train", "digit"], ["digit", "digits"]),
    (["train", "digits", "--hidden", "a,b"], ["'a,b'", "64,32"]),
    (["train", "digits", "--activation", "rleu"], ["did you mean 'relu'"]),
    (["train", "digits", "--optimizer", "adm"], ["did you mean 'adam'"]),
    (["train", "digits", "--out", "nowhere/x.safetensors"], ["nowhere"]),
    (["evaluate", "nowhere.safetensors"], ["does not exist"]),
    (["predict", "nowhere.safetensors"], ["does not exist"]),
    (
        ["evaluate", "any.safetensors", "no.csv", "--target", "y"],
        ["no.csv does not exist"],
    ),
    (["evaluate", "any.safetensors", "--target", "y"], ["--target y", "MODEL TABLE"]),
    (["inspect", "nowhere.safetensors"], ["does not exist"]),
    (["compare", "nowhere.csv", "--target", "y"], ["nowhere.csv"]),
    (["compare", "iris", "--learners", "netwrk"], ["netwrk", "network"]),
    (["compare", "iris", "--sizes", "a"], ["--sizes", "integers"]),
    (["compare", "iris", "--out", "picture.txt"], [".png"]),
    (["explain", "digits", "--level", "loop"], ["loop", "loops"]),
    (["trian", "digits"], ["trian"]),
]


def vectorizer() -> Any:
    return ranvier.data.TextVectorization()


def trained_with_metrics(metrics: Any) -> Any:
    model = regression()
    model.compile("sgd", "mse", metrics=metrics, engine="reference")
    return fit(model, X, Y1)


class NoReturn(nn.Layer):
    def forward(self, x: Any) -> Any:
        ranvier.tanh(x)


class NoReturnModel(ranvier.Model):
    def forward(self, x: Any) -> Any:
        ranvier.tanh(x)


def no_return_model() -> Any:
    model = NoReturnModel()
    model.compile("sgd", "mse", engine="reference")
    return model


def translator() -> Any:
    model = ranvier.models.seq2seq(8, 8, units=2)
    model.predict([np.ones((1, 3), int), np.ones((1, 4), int)])
    return model


def into_array(t: Any) -> Any:
    array = np.zeros(1)
    array += t
    return array


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("mistakes")
    rows = "a,b,y\n1,2,3\n"
    (folder / "table.csv").write_text(rows)
    (folder / "semicolons.csv").write_text(rows.replace(",", ";"))
    (folder / "zipped.csv.gz").write_bytes(gzip.compress(rows.encode()))
    return {path.name.partition(".")[0]: path for path in folder.iterdir()}


@pytest.mark.parametrize(("mistake", "words"), TABLE, ids=[mistake[:60] for mistake, _ in TABLE])
def test_a_mistake_is_answered(mistake: str, words: list[str], files: dict[str, Path]) -> None:
    with pytest.raises(RanvierError) as caught:
        eval(mistake, {**globals(), **files})
    message = str(caught.value)
    assert [word for word in words if word not in message] == [], message
    assert "\n" not in message.strip() or len(message) > 100


@pytest.mark.parametrize(("arguments", "words"), COMMANDS, ids=[" ".join(c) for c, _ in COMMANDS])
def test_a_mistake_on_the_command_line(
    arguments: list[str], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2, done.output
    assert [word for word in words if word not in done.output] == [], done.output
    assert "Traceback" not in done.output


def test_the_table_is_long_and_names_each_mistake_once() -> None:
    assert len(TABLE) + len(COMMANDS) >= 100
    assert len({mistake for mistake, _ in TABLE}) == len(TABLE)


# --- what used to be a mistake ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exp", "sin", "sqrt", "square", "abs", "rint", "arctan", "tanh"])
def test_numpys_functions_of_elements_give_tensors(name: str) -> None:
    x = ranvier.tensor([0.25, 1.5], requires_grad=True)
    out = getattr(np, name)(x)
    assert isinstance(out, ranvier.Tensor) and out.requires_grad
    assert np.allclose(out.numpy(), getattr(np, name)(x.numpy()), atol=1e-6)
    compiled = ranvier.compile(lambda t: getattr(np, name)(t))(x)
    assert np.allclose(compiled.numpy(), out.numpy(), atol=1e-6)


def test_numpys_functions_note_symbolic_values() -> None:
    x = ranvier.Input((4,))
    model = ranvier.Model(x, np.exp(nn.Dense(2)(x)) * np.float32(2))
    assert (model.predict(X) > 0).all()


def test_numpys_operators_give_way_as_before() -> None:
    t = ranvier.tensor([1.0, 2.0])
    for out in (np.ones(2) * t, np.float32(2) * t, np.ones(2) @ t, np.ones(2) < t, np.ones(2) - t):
        assert isinstance(out, ranvier.Tensor)
    assert isinstance(np.array([True, False]) & (t > 1), ranvier.Tensor)
    array = np.zeros(2)
    array += t
    assert type(array) is np.ndarray and array.tolist() == [1.0, 2.0]


def test_a_translation_may_be_shorter_than_the_targets_were() -> None:
    model = translator()
    long = model.translate(np.ones((2, 3), int), 1, 4)
    assert (model.translate(np.ones((2, 3), int), 1, 2) == long[:, :2]).all()
