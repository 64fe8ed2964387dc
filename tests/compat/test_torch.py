"""PyTorch's names: values against PyTorch's own (tests/golden), conventions and errors."""

from __future__ import annotations

import copy
import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
import ranvier.compat.torch as torch
from paths import GOLDEN
from ranvier.compat.torch import nn, optim
from ranvier.compat.torch.nn import functional as F
from ranvier.compat.torch.nn.layers import MODULES
from ranvier.compat.torch.utils.data import DataLoader, Dataset, TensorDataset, random_split
from ranvier.errors import ArgumentError, DataError, KeywordError, ShapeError

LOSSES = np.load(GOLDEN / "losses.npz")
OPTIMIZERS = json.loads((GOLDEN / "optimizers.json").read_text())["torch"]
STEPS = np.load(GOLDEN / "optimizers_torch.npz")


# --- losses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "loss"),
    [
        ("mean_squared_error", nn.MSELoss()),
        ("mean_absolute_error", nn.L1Loss()),
        ("huber_0.5", nn.HuberLoss(delta=0.5)),
        ("huber", nn.SmoothL1Loss()),
        ("binary_crossentropy", nn.BCELoss()),
        ("binary_crossentropy_logits", nn.BCEWithLogitsLoss()),
        ("binary_crossentropy_logits_large", nn.BCEWithLogitsLoss()),
        ("sparse_categorical_crossentropy_logits", nn.CrossEntropyLoss()),
        ("sparse_categorical_crossentropy_logits_large", nn.CrossEntropyLoss()),
        ("categorical_crossentropy_logits", nn.CrossEntropyLoss()),
        ("categorical_crossentropy_smooth", nn.CrossEntropyLoss(label_smoothing=0.1)),
    ],
    ids=str,
)
def test_losses_match_golden_values(case: str, loss: Any) -> None:
    x = torch.tensor(LOSSES[f"{case}/prediction"], requires_grad=True)
    y = torch.tensor(LOSSES[f"{case}/target"])
    value = loss(x, y if y.dtype.kind == "i" else y.double())
    value.backward()
    np.testing.assert_allclose(value.item(), LOSSES[f"{case}/value"], rtol=1e-6)
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), LOSSES[f"{case}/gradient"], rtol=1e-5, atol=1e-7)


def test_nll_of_log_softmax_is_cross_entropy() -> None:
    x, y = torch.randn(6, 4), torch.tensor([0, 3, 1, 2, 2, 0])
    expected = F.cross_entropy(x, y)
    assert nn.NLLLoss()(nn.LogSoftmax(dim=1)(x), y).item() == pytest.approx(expected.item())


def test_cross_entropy_weighs_classes_and_ignores_rows() -> None:
    x, y = torch.randn(4, 3), torch.tensor([0, -100, 1, 1])
    rows = F.cross_entropy(x, y, reduction="none").numpy()
    assert rows[1] == 0
    weighed = F.cross_entropy(x, y, weight=torch.tensor([1.0, 3.0, 1.0])).item()
    assert weighed == pytest.approx((rows[0] + 3 * rows[2] + 3 * rows[3]) / 7)


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.L1Loss(), nn.BCELoss(), nn.BCEWithLogitsLoss()])
def test_a_flat_target_is_aligned_and_nothing_is_broadcast(loss: Any) -> None:
    """PyTorch takes the mean over all 4 x 4 differences, with a warning."""
    x, y = torch.rand(4, 1), torch.tensor([0.0, 1.0, 1.0, 0.0])
    assert loss(x, y).item() == loss(x, y.unsqueeze(1)).item() == loss(x.squeeze(1), y).item()
    with pytest.raises(ShapeError, match="targets have shape"):
        loss(torch.rand(4, 3), y)
    with pytest.raises(ShapeError, match="targets have shape"):
        loss(torch.rand(4, 4), y)


def test_probabilities_where_logits_are_expected_are_reported() -> None:
    x, y = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    with pytest.warns(UserWarning, match="CrossEntropyLoss expects the numbers before softmax"):
        twice = nn.CrossEntropyLoss()(torch.softmax(x, dim=1), y)
    p = torch.tensor(torch.softmax(x, dim=1).numpy())
    assert twice.item() == pytest.approx(nn.CrossEntropyLoss()(p, y).item())


@pytest.mark.parametrize("bad", [2.0, -1.0, -1e-3, float("nan"), float("inf")])
def test_bce_takes_probabilities_only(bad: float) -> None:
    good, wrong = torch.tensor([0.0, 0.5, 1.0]), torch.tensor([0.5, bad, 0.5])
    assert np.isfinite(nn.BCELoss()(good, good).item())
    for x, y, what in ((wrong, good, "input"), (good, wrong, "target")):
        with pytest.raises(DataError, match=f"elements of the {what} should be between 0 and 1"):
            nn.BCELoss()(x, y)


def test_bce_of_logits_is_refused_in_a_compiled_step() -> None:
    w = torch.ones(3, 1, requires_grad=True)

    @ranvier.compile
    def step(x: Any, y: Any) -> Any:
        return nn.BCELoss()(x @ w, y)

    with pytest.raises(DataError, match="BCEWithLogitsLoss"):
        step(torch.rand(4, 3), torch.ones(4, 1))


def test_labels_of_the_wrong_kind_are_reported() -> None:
    with pytest.raises(DataError, match="labels run from 0 to 3"):
        nn.CrossEntropyLoss()(torch.randn(2, 3), torch.tensor([0, 3]))
    with pytest.raises(ShapeError, match=r"labels have shape \(3,\)"):
        nn.CrossEntropyLoss()(torch.randn(2, 3), torch.tensor([0, 1, 2]))


# --- optimizers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [c for c in OPTIMIZERS if "clip" not in OPTIMIZERS[c]])
def test_optimizers_match_pytorch_step_by_step(case: str) -> None:
    about = OPTIMIZERS[case]
    arguments = dict(about["arguments"])
    if about["class"] == "AdamW":
        del arguments["decoupled_weight_decay"]
    w, b = (torch.tensor(STEPS[f"initial_{n}"], torch.float32, requires_grad=True) for n in "wb")
    optimizer = getattr(optim, about["class"])([w, b], **arguments)
    for i in range(len(STEPS["gradient_w"])):
        w.grad, b.grad = (torch.tensor(STEPS[f"gradient_{n}"][i], torch.float32) for n in "wb")
        optimizer.step()
        np.testing.assert_allclose(w.numpy(), STEPS[f"{case}/w"][i], rtol=2e-5, atol=2e-6)
        np.testing.assert_allclose(b.numpy(), STEPS[f"{case}/b"][i], rtol=2e-5, atol=2e-6)


def test_defaults_are_pytorchs() -> None:
    w = torch.zeros(1, requires_grad=True)
    rates = {"SGD": 1e-3, "RMSprop": 1e-2, "Adagrad": 1e-2, "Adadelta": 1.0, "Adam": 1e-3,
             "AdamW": 1e-3, "Adamax": 2e-3, "NAdam": 2e-3}  # fmt: skip
    for name, rate in rates.items():
        assert getattr(optim, name)(w).param_groups[0]["lr"] == rate
    assert optim.AdamW(w).weight_decay == 0.01
    assert optim.Adam(w).epsilon == 1e-8


def test_parameters_of_every_form() -> None:
    model = nn.Linear(2, 1)
    for given in (model.parameters(), list(model.parameters()), model.named_parameters(),
                  [{"params": model.parameters()}]):  # fmt: skip
        assert len(optim.SGD(given, lr=0.1).parameters) == 2
    with pytest.raises(ArgumentError, match="empty"):
        optim.SGD([], lr=0.1)
    with pytest.raises(ArgumentError, match="are in no other group"):
        optim.SGD([{"params": model.parameters()}, {"params": [model.weight]}], lr=0.1)
    with pytest.raises(KeywordError, match="a group has no argument 'momentun'"):
        optim.SGD([{"params": model.parameters(), "momentun": 0.9}], lr=0.1)
    with pytest.raises(ArgumentError, match="nestrov"):
        optim.SGD(model.parameters(), lr=0.1, nestrov=True)


def test_groups_have_their_own_options_and_are_scheduled() -> None:
    w, b = (torch.tensor([4.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([{"params": w}, {"params": [b], "lr": 0.5}], lr=1.0, weight_decay=0.0)
    scheduler = optim.lr_scheduler.LambdaLR(optimizer, [lambda e: 0.5**e, lambda e: 1.0])

    @torch.compile
    def step() -> None:
        optimizer.zero_grad()
        (w + b).sum().backward()
        optimizer.step()

    step()
    assert (w.item(), b.item()) == (3.0, 3.5)
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 0.5]
    step()
    assert (w.item(), b.item()) == (2.5, 3.0)
    optimizer.param_groups[1]["weight_decay"] = 1.0
    step()
    assert (w.item(), b.item()) == (2.0, 1.0)
    optimizer.param_groups[0]["momentum"] = 0.5
    step()
    step()
    assert w.item() == 2.0 - 0.5 - 0.75
    extra = torch.tensor([1.0], requires_grad=True)
    optimizer.add_param_group({"params": [extra], "lr": 0.25})
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.5, 0.25]
    assert optimizer.param_groups[2]["params"][0] is extra


def test_frozen_parameters_stay_and_can_be_thawed() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[0].requires_grad_(False)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    first = [p.numpy().copy() for p in model.parameters()]

    def step() -> list[bool]:
        optimizer.zero_grad()
        (model(torch.ones(3, 2)) ** 2).sum().backward()
        optimizer.step()
        return [not np.array_equal(p.numpy(), f) for p, f in zip(model.parameters(), first)]  # noqa: B905

    assert step() == [False, False, True, True]
    model[0].requires_grad_(True)
    assert step() == [True, True, True, True]


def test_learning_rates_are_scheduled_without_compiling_again() -> None:
    w = torch.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD(w, lr=0.5)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)

    @torch.compile
    def step() -> Any:
        optimizer.zero_grad()
        loss = w.sum()
        loss.backward()
        optimizer.step()
        return loss

    for expected in (0.5, 0.25, 0.125):
        step()
        assert w.item() == expected
        scheduler.step()
    assert len(step._plans) == 1
    assert scheduler.get_last_lr() == [optimizer.param_groups[0]["lr"]] == [0.0625]


# --- modules ------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.5))
        self.heads = nn.ModuleList([nn.Linear(8, 1), nn.Linear(8, 2)])
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Any) -> Any:
        hidden = self.layers(x - self.mean)
        return torch.cat([head(hidden) for head in self.heads], dim=1) * self.scale


def test_names_and_states() -> None:
    net = Net()
    names = [
        "layers.0.weight", "layers.0.bias", "heads.0.weight", "heads.0.bias", "heads.1.weight",
        "heads.1.bias", "scale",
    ]  # fmt: skip
    assert sorted(name for name, _ in net.named_parameters()) == sorted(names)
    assert sorted(net.state_dict()) == sorted([*names, "mean"])
    assert sum(p.numel() for p in net.parameters()) == 40 + 9 + 18 + 1
    other = Net()
    other.load_state_dict(copy.deepcopy(net.state_dict()))
    x = torch.randn(5, 4)
    assert torch.equal(net.eval()(x), other.eval()(x))
    with pytest.raises(DataError, match=r"missing \['scale'\]"):
        net.load_state_dict({k: v for k, v in net.state_dict().items() if k != "scale"})


def test_training_mode_begins_on_and_reaches_inside() -> None:
    net = Net()
    x = torch.ones(2, 4)
    assert net.training and net.layers[2].training
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert not net.layers[2].training
    assert torch.equal(net(x), net(x))


def test_linear_starts_as_in_pytorch() -> None:
    layer: Any = nn.Linear(400, 300)
    for values in (layer.weight.numpy(), layer.bias.numpy()):
        assert abs(values).max() <= 1 / 20
        assert values.std() == pytest.approx(1 / 20 / 3**0.5, rel=0.1)


def test_weights_travel_through_one_safe_file(tmp_path: Path) -> None:
    net, other = Net().eval(), Net().eval()
    torch.save(net.state_dict(), tmp_path / "net.safetensors")
    other.load_state_dict(torch.load(tmp_path / "net.safetensors"))
    assert torch.equal(net(torch.ones(1, 4)), other(torch.ones(1, 4)))
    with pytest.raises(ArgumentError, match="state_dict"):
        torch.save(net, tmp_path / "net.pt")


def test_a_module_is_a_layer_of_ranvier() -> None:
    model = ranvier.Sequential([nn.Linear(3, 4), nn.ReLU(), ranvier.nn.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(np.ones((8, 3)), np.ones(8), epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_an_error_names_layer_shapes_and_line() -> None:
    model = nn.Sequential(nn.Linear(784, 10), nn.ReLU())
    with pytest.raises(ShapeError, match=r"\(32, 10\).*\(batch, 784\)") as caught:
        model(torch.zeros(32, 10))
    assert any("Linear" in note for note in caught.value.__notes__)
    assert any("test_torch.py" in note for note in caught.value.__notes__)


def test_repr_is_pytorchs() -> None:
    text = "Sequential(\n  (0): Linear(in_features=2, out_features=1, bias=True)\n  (1): ReLU()\n)"
    assert repr(nn.Sequential(nn.Linear(2, 1), nn.ReLU())) == text


# --- tensors ------------------------------------------------------------------------------------


def test_methods_have_pytorchs_arguments() -> None:
    x = torch.tensor([[1.0, 5.0, 3.0], [7.0, 2.0, 9.0]])
    values, indices = x.max(dim=1)
    assert values.tolist() == [5, 9] and indices.tolist() == [1, 2]
    assert x.max().item() == 9
    assert x.sum(dim=0, keepdim=True).shape == (1, 3)
    assert x.std().item() == pytest.approx(np.std(x.numpy(), ddof=1))
    assert x.size(0) == 2 and x.size() == (2, 3) and x.numel() == 6
    assert x.view(-1, 2).shape == x.reshape(3, 2).shape == (3, 2)
    assert x.repeat(2, 1).shape == (4, 3)
    assert [part.shape[1] for part in x.split(2, dim=1)] == [2, 1]
    assert x.mean(axis=0).tolist() == x.mean(dim=0).tolist()
    assert torch.allclose(x @ x.t(), torch.matmul(x, x.transpose(0, 1)))


def test_data_and_item_and_in_place_steps() -> None:
    w: Any = torch.tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    w.data -= 0.5 * w.grad.data
    w.grad.zero_()
    assert w.tolist() == [0, 0] and w.grad.tolist() == [0, 0]
    assert w.sum().item() == 0.0


def test_results_stay_tensors_of_this_layer() -> None:
    x = torch.ones(2)
    plain = ranvier.tensor([1.0, 2.0])
    for out in (x + 1, 1 - x, plain + x, x * plain, np.ones(2, np.float32) * x, x[0], -x, x.data):
        assert type(out) is torch.Tensor
    compiled = torch.compile(lambda x: x.max(dim=0).values * 2)
    assert type(compiled(x)) is torch.Tensor


def test_a_seed_gives_the_same_numbers() -> None:
    torch.manual_seed(3)
    first = torch.randn(4), torch.rand(2, 2), nn.Linear(2, 2).weight
    torch.manual_seed(3)
    second = torch.randn(4), torch.rand(2, 2), nn.Linear(2, 2).weight
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


# --- data ---------------------------------------------------------------------------------------


def test_batches_cover_every_row_once() -> None:
    x, y = torch.arange(10).float().unsqueeze(1), torch.arange(10)
    loader = DataLoader(TensorDataset(x, y), batch_size=4, shuffle=True)
    batches = list(loader)
    assert [len(b[1]) for b in batches] == [4, 4, 2] and len(loader) == 3
    assert sorted(i for _, labels in batches for i in labels.tolist()) == list(range(10))
    assert all(torch.equal(a[:, 0].long(), b) for a, b in batches)
    train, test = random_split(TensorDataset(x, y), [0.8, 0.2])
    assert len(train) == 8 and len(test) == 2
    assert len(list(DataLoader(train, batch_size=3, drop_last=True))) == 2


def test_batches_of_ones_own_data_set() -> None:
    class Squares(Dataset):
        def __len__(self) -> int:
            return 5

        def __getitem__(self, i: int) -> tuple[Any, int]:
            return torch.tensor([float(i)]), i * i

    x, y = next(iter(DataLoader(Squares(), batch_size=3)))
    assert x.shape == (3, 1) and y.tolist() == [0, 1, 4]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_of_a_function_gives_it_every_setting_in_order(name: str) -> None:
    kind = MODULES[name]
    takes = list(inspect.signature(kind.function).parameters)
    passed = kind.passed.split()
    start = takes.index(passed[0]) if passed else 0
    assert takes[start : start + len(passed)] == passed
    assert set(inspect.signature(kind).parameters) == set(passed)


def test_settings_of_modules_are_attributes_and_misspelt_ones_errors() -> None:
    assert nn.LeakyReLU(0.1).negative_slope == 0.1 and nn.MaxPool2d(2).stride is None
    assert repr(nn.MaxPool2d(2, padding=1)) == "MaxPool2d(kernel_size=2, padding=1)"
    assert repr(nn.ReLU(True)) == "ReLU(inplace=True)" and repr(nn.MSELoss()) == "MSELoss()"
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 3.0]))
    assert list(loss.state_dict()) == ["weight"] and list(loss.parameters()) == []
    x, y = torch.tensor([[1.0, 2.0], [0.5, 0.0]]), torch.tensor([0, 1])
    expected = torch.nn.functional.cross_entropy(x, y, torch.tensor([1.0, 3.0]))
    assert loss(x, y).item() == expected.item()
    for call in (lambda: nn.ReLU(inplce=True), lambda: nn.MSELoss("sum", 3)):
        with pytest.raises(TypeError, match="(?i)it takes"):
            call()
