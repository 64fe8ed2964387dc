"""A training loop as in a PyTorch tutorial, eager and compiled: the same numbers, less time.

All that is changed is `torch` to `ranvier.compat.torch`; compiled, the step has `@ranvier.compile`
above it and becomes one graph: forward, loss, gradient and update.
"""

import time

import ranvier
import ranvier.compat.torch as torch
import ranvier.compat.torch.nn as nn
import ranvier.compat.torch.optim as optim


def train(compiled, steps=300):
    """Teach a small network the sign of a product; returns the losses and the seconds."""
    torch.manual_seed(0)
    X = torch.randn(200, 2)
    y = (X[:, 0] * X[:, 1] > 0).float().unsqueeze(1)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    criterion = nn.BCELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    def step(X, y):
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    if compiled:
        step = ranvier.compile(step)
    losses = [step(X, y).item()]  # compiles
    began = time.perf_counter()
    losses += [step(X, y).item() for _ in range(steps - 1)]
    return losses, time.perf_counter() - began


def move():
    """A tensor moves to [3, 4]; the optimizer takes it bare, without a list."""
    variable = torch.tensor([0.0, 0.0], requires_grad=True)
    target = torch.tensor([3.0, 4.0])
    optimizer = optim.SGD(variable, lr=0.1)
    for epoch in range(100):
        optimizer.zero_grad()
        loss = nn.MSELoss()(variable, target)
        loss.backward()
        optimizer.step()
        if epoch % 25 == 0:
            print(f"epoch {epoch:2}: loss {loss.item():.4f}")
    return variable


if __name__ == "__main__":
    print("moved to", move().detach())
    eager, slow = train(compiled=False)
    compiled, fast = train(compiled=True)
    print("step      eager   compiled")
    for i in (0, 1, 9, 99, 299):
        print(f"{i + 1:4}   {eager[i]:.6f}   {compiled[i]:.6f}")
    apart = max(abs(a - b) for a, b in zip(eager, compiled, strict=True))
    print(
        f"largest difference {apart:.1e}; 299 steps took {slow:.2f} s eager, {fast:.3f} s compiled"
    )
