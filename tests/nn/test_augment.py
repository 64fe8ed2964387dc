"""Augmentation: Keras' numbers for fixed amounts, the same images on both engines and any number of
threads, and what each layer promises of random amounts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import nn
from ranvier.base.config import switches
from ranvier.errors import ArgumentError, DataError, ShapeError, StateError

STORED = np.load(GOLDEN / "augment.npz")
LAYERS: dict[str, Callable[[], Any]] = {
    "flip": lambda: nn.RandomFlip(),
    "translation": lambda: nn.RandomTranslation(0.2, (-0.1, 0.3), "constant", fill_value=0.5),
    "rotation": lambda: nn.RandomRotation(0.1),
    "zoom": lambda: nn.RandomZoom(0.2, fill_mode="wrap"),
    "zoom_both": lambda: nn.RandomZoom((0.1, 0.2), (-0.2, 0.0), "nearest", "nearest"),
    "crop": lambda: nn.RandomCrop(5, 4),
    "brightness": lambda: nn.RandomBrightness(0.2, (0.0, 1.0)),
    "contrast": lambda: nn.RandomContrast(0.4, (0.0, 1.0)),
    "erasing": lambda: nn.RandomErasing(0.7, value_range=(0.0, 1.0)),
    "rescaling": lambda: nn.Rescaling([2.0, 3.0], 1.0),
    "resizing": lambda: nn.Resizing(4, 11),
    "center_crop": lambda: nn.CenterCrop(4, 5),
}


def images(rows: int = 6) -> np.ndarray:
    return np.random.default_rng(1).random((rows, 8, 7, 2), np.float32)


# --- against Keras ------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", ["constant", "nearest", "reflect"])
@pytest.mark.parametrize("how", ["bilinear", "nearest"])
def test_images_moved_by_fixed_amounts_are_those_of_keras(fill: str, how: str) -> None:
    options: dict[str, Any] = {"fill_mode": fill, "interpolation": how, "fill_value": 10.0}
    for name, layer in {
        "translation": nn.RandomTranslation((0.23, 0.23), (-0.17, -0.17), **options),
        "rotation": nn.RandomRotation((0.07, 0.07), **options),
        "zoom": nn.RandomZoom((0.31, 0.31), (-0.13, -0.13), **options),
    }.items():
        found = layer(STORED["x"], training=True).numpy()
        np.testing.assert_allclose(found, STORED[f"{name}_{fill}_{how}"], atol=1e-3, err_msg=name)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("brightness", nn.RandomBrightness((0.3, 0.3))),
        ("rescaling", nn.Rescaling(1 / 255, -0.5)),
        ("crop", nn.CenterCrop(4, 7)),
        ("resizing_bilinear", nn.Resizing(5, 20)),
        ("resizing_nearest", nn.Resizing(5, 20, "nearest")),
    ],
)
def test_changed_images_are_those_of_keras(name: str, layer: Any) -> None:
    found = layer(STORED["x"], training=True).numpy()
    np.testing.assert_allclose(found, STORED[name], atol=1e-3)


def test_wrapped_images_come_back_on_the_other_side() -> None:
    x = images()
    found = nn.RandomTranslation((0.25, 0.25), (0.0, 0.0), "wrap")(x, training=True).numpy()
    np.testing.assert_allclose(found, np.roll(x, 2, axis=1), rtol=1e-6)


# --- both engines -------------------------------------------------------------------------------


def trained(make: Callable[[], Any], engine: str, x: Any = None, **options: Any) -> list[Any]:
    ranvier.seed(5)
    x = images(22) if x is None else x
    model = ranvier.Sequential([make(), nn.Flatten(), nn.Dense(3, activation="softmax")])
    y = np.eye(3, dtype=np.float32)[np.arange(len(x)) % 3]
    model.compile("sgd", "categorical_crossentropy", engine=engine, **options)
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("name", LAYERS)
def test_training_is_the_same_on_both_engines(name: str) -> None:
    pytest.importorskip("llvmlite")
    for ours, theirs in zip(
        trained(LAYERS[name], "compiled"), trained(LAYERS[name], "reference"), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_the_same_bits_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    x = np.random.default_rng(1).random((64, 24, 24, 4), np.float32)
    found = []
    for threads in (1, 2):
        monkeypatch.setattr(switches, "threads", threads)
        found.append(trained(lambda: nn.RandomRotation(0.1), "compiled", x))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mix", [nn.Mixup(0.3), nn.CutMix(0.7)], ids=repr)
def test_mixing_is_part_of_the_training_step(mix: Any, engine: str) -> None:
    plain = trained(nn.Flatten, engine)
    mixed = trained(nn.Flatten, engine, augment=mix)
    assert any((a != b).any() for a, b in zip(plain, mixed, strict=True))
    again = trained(nn.Flatten, "reference", augment=mix)
    for ours, theirs in zip(mixed, again, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


# --- what they promise --------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_in_use_images_stay_as_they_are(name: str) -> None:
    layer = LAYERS[name]()
    x = images()
    found = layer(x, training=False)
    assert tuple(found.shape[1:]) == layer.output_shape(x.shape[1:])
    if name in ("rescaling", "resizing", "center_crop", "crop"):
        np.testing.assert_array_equal(found.numpy(), layer(x, training=name != "crop").numpy())
    else:
        np.testing.assert_array_equal(found.numpy(), x)


@pytest.mark.parametrize("name", LAYERS)
def test_saved_models_have_them(name: str, tmp_path: Path) -> None:
    model = ranvier.Sequential([nn.Input((8, 7, 2)), LAYERS[name](), nn.Flatten(), nn.Dense(1)])
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    assert again.layers[1].get_config() == model.layers[1].get_config()
    np.testing.assert_array_equal(again.predict(images()), model.predict(images()))


def test_a_seed_of_its_own_and_rows_that_differ() -> None:
    x = np.repeat(images(1), 4, axis=0)
    a, b, c = (nn.RandomRotation(0.2, seed=s)(x, training=True).numpy() for s in (3, 3, 4))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any() and (a[0] != a[1]).any(), "each row has its own angle"


def test_half_of_the_images_are_flipped() -> None:
    x = np.repeat(images(1), 400, axis=0)
    for mode, axes in {"horizontal": {2}, "vertical": {1}}.items():
        found = nn.RandomFlip(mode, seed=0)(x, training=True).numpy()
        turned = np.flip(x, tuple(axes))
        same, other = (found == x).all((1, 2, 3)), (found == turned).all((1, 2, 3))
        assert (same ^ other).all() and 150 < same.sum() < 250
    both = nn.RandomFlip(seed=0)(x, training=True).numpy()
    assert len(np.unique(both.reshape(400, -1), axis=0)) == 4


def test_random_crops_are_pieces_of_the_image() -> None:
    x = np.arange(30.0, dtype=np.float32).reshape(1, 6, 5, 1).repeat(200, axis=0)
    found = nn.RandomCrop(4, 2, seed=0)(x, training=True).numpy()[..., 0]
    pieces = {x[0, i : i + 4, j : j + 2, 0].tobytes() for i in range(3) for j in range(4)}
    assert {piece.tobytes() for piece in found} == pieces


def test_erased_rectangles_have_the_area_asked_for() -> None:
    x = np.zeros((300, 20, 30, 2), np.float32)
    gone = nn.RandomErasing(0.5, (0.1, 0.2), 1.0, seed=0)(x, training=True).numpy()
    share = gone.mean((1, 2, 3))
    hit = share > 0
    assert 110 < hit.sum() < 190 and 0.07 < share[hit].min() and share.max() < 0.23
    box = gone[hit][0, :, :, 0]
    rows, columns = np.flatnonzero(box.any(1)), np.flatnonzero(box.any(0))
    assert box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all(), "a full rectangle"
    noise = nn.RandomErasing(1.0, (1.0, 1.0), None, (0, 1), ratio=(2 / 3, 2 / 3))(x, training=True)
    assert abs(noise.numpy().mean() - 0.5) < 0.02


def test_contrast_keeps_the_mean_of_each_channel() -> None:
    x = images()
    found = nn.RandomContrast((0.5, 0.0), (-9.0, 9.0), seed=0)(x, training=True).numpy()
    np.testing.assert_allclose(found.mean((1, 2)), x.mean((1, 2)), rtol=1e-5)
    shares = found.std((1, 2)) / x.std((1, 2))
    assert shares.min() >= 0.5 - 1e-5 and shares.max() <= 1 + 1e-5 and np.ptp(shares) > 0.1


def test_bytes_may_come_in() -> None:
    x = (images() * 255).astype(np.uint8)
    found = nn.RandomFlip(seed=0)(x, training=True)
    assert found.dtype == ranvier.float32 and found.numpy().max() == x.max()


def test_mixup_mixes_rows_and_targets_alike() -> None:
    x, y = ranvier.eye(256), ranvier.eye(256)
    found_x, found_y = nn.Mixup(0.5, seed=1)(x, y)
    np.testing.assert_array_equal(found_x.numpy(), found_y.numpy())
    own = np.diag(found_y.numpy())
    np.testing.assert_allclose(found_y.numpy().sum(1), 1, rtol=1e-6)
    assert abs(own.mean() - 0.5) < 0.1 and abs(own.var() - 0.125) < 0.03, "Beta(0.5, 0.5)"
    single = nn.Mixup()(x[:1], y[:1])
    assert single[0].shape == (1, 256)


def test_cutmix_mixes_targets_by_area() -> None:
    rows = np.arange(128, dtype=np.float32)
    x = ranvier.tensor(np.broadcast_to(rows[:, None, None, None], (128, 9, 11, 2)).copy())
    found_x, found_y = nn.CutMix(seed=1)(x, ranvier.eye(128))
    own = (found_x.numpy() == rows[:, None, None, None]).mean((1, 2, 3))
    np.testing.assert_allclose(own, np.diag(found_y.numpy()), atol=1e-6)
    assert np.ptp(own) > 0.5


def test_gradients_pass_through() -> None:
    x = ranvier.tensor(images(2)[:, :4, :4].astype(np.float64))
    layer = nn.RandomRotation((0.05, 0.05), "constant", fill_value=0.3)
    ranvier.gradcheck(lambda t: layer(t, training=True), [x])


def test_what_does_not_fit_is_reported() -> None:
    with pytest.raises(ArgumentError, match="factor=2; expected a fraction from 0 to 1"):
        nn.RandomRotation(2)
    with pytest.raises(ArgumentError, match="fill_mode='mirror'"):
        nn.RandomZoom(0.1, fill_mode="mirror")
    with pytest.raises(ArgumentError, match="mode='sideways'"):
        nn.RandomFlip("sideways")
    with pytest.raises(ArgumentError, match="value_range"):
        nn.RandomBrightness(0.1, (1, 0))
    with pytest.raises(ArgumentError, match="expected fractions from 0 to 1"):
        nn.RandomContrast(1.5)
    with pytest.raises(ArgumentError, match="ratio="):
        nn.RandomErasing(ratio=(0.0, 1.0))
    with pytest.raises(ArgumentError, match="alpha=0; expected it above 0"):
        nn.Mixup(0)
    with pytest.raises(ShapeError, match=r"expected \(batch, height, width, channels\)"):
        nn.RandomFlip()(np.zeros((2, 8, 7)))
    with pytest.raises(ShapeError, match=r"cannot cut \(9, 4\) out of images of \(8, 7\)"):
        nn.RandomCrop(9, 4)(images())
    with pytest.raises(DataError, match=r"numpy.eye\(classes, dtype='float32'\)"):
        nn.Mixup()(ranvier.ones((2, 3)), ranvier.tensor([0, 1]))


def test_mixing_takes_one_input_and_one_target() -> None:
    a, b = nn.Input(shape=(2,)), nn.Input(shape=(2,))
    model = ranvier.Model(inputs=[a, b], outputs=nn.Dense(1)(nn.add([a, b])))
    model.compile("sgd", "mse", augment=nn.Mixup())
    x = np.ones((4, 2), np.float32)
    with pytest.raises(StateError, match="this model has 2 inputs and 1 targets"):
        model.fit([x, x], np.ones(4), verbose=0)
