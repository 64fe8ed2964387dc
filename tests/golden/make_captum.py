"""Maps of Captum: saliency, integrated gradients, Grad-CAM, layer-wise relevance. See README.md.

All are of one small convolutional network in float64, with three outputs before a softmax.
"""

import numpy as np
import torch
from captum.attr import LRP, IntegratedGradients, LayerGradCam, Saliency
from common import write_arrays
from torch import nn

torch.set_default_dtype(torch.float64)
random = np.random.default_rng(0)
weights = {
    "w0": random.normal(size=(3, 3, 2, 4)) / 18**0.5, "b0": 0.1 * random.normal(size=4),
    "w1": random.normal(size=(16, 6)) / 4, "b1": 0.1 * random.normal(size=6),
    "w2": random.normal(size=(6, 3)), "b2": 0.1 * random.normal(size=3),
}  # fmt: skip
x = random.normal(size=(3, 6, 6, 2))  # channels last, as Ranvier has them


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool = nn.Conv2d(2, 4, 3), nn.MaxPool2d(2)
        self.hidden, self.out = nn.Linear(16, 6), nn.Linear(6, 3)
        self.relu, self.relu2 = nn.ReLU(), nn.ReLU()
        kernel = weights["w1"].reshape(2, 2, 4, 6).transpose(2, 0, 1, 3).reshape(16, 6)
        values = [weights["w0"].transpose(3, 2, 0, 1), kernel.T, weights["w2"].T]
        for i, layer in enumerate((self.conv, self.hidden, self.out)):
            layer.weight.data = torch.tensor(np.ascontiguousarray(values[i]))
            layer.bias.data = torch.tensor(weights[f"b{i}"])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.flatten(self.pool(self.relu(self.conv(x))), 1)
        return self.out(self.relu2(self.hidden(x)))


network = Network().eval()
rows = torch.tensor(x.transpose(0, 3, 1, 2)).requires_grad_()


def last(t: torch.Tensor) -> np.ndarray:
    """Channels last again."""
    return t.detach().numpy().transpose(0, 2, 3, 1)


write_arrays(
    "captum",
    {
        **weights, "x": x, "outputs": network(rows).detach().numpy(),
        "saliency": last(Saliency(network).attribute(rows, target=1)),
        "integrated": last(IntegratedGradients(network).attribute(rows, target=1, n_steps=2000)),
        "cam": last(torch.relu(LayerGradCam(network, network.relu).attribute(rows, target=1))),
        "relevance": last(LRP(network).attribute(rows, target=1)),
    },
)  # fmt: skip
