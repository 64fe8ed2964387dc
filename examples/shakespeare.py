"""Write like Shakespeare, letter by letter: an LSTM, or a small GPT.

    python examples/shakespeare.py [--network gpt] [--steps 2000] [--seed 0]
    python examples/shakespeare.py --network lstm --steps 5000

Tiny Shakespeare (Karpathy 2015): 1,115,394 characters, 65 different ones; the last tenth is held
out. The GPT is the smallest of nanoGPT's README: 4 layers, 4 heads, 128 wide, 64 characters to look
back on, trained on 2,000 batches of 12; it reports a loss of 1.88 nats a character,
with a rate of 0.001 (here 0.003).
"""

import argparse

import numpy as np

import ranvier
from ranvier.data import load_tiny_shakespeare
from ranvier.losses import SparseCategoricalCrossentropy
from ranvier.models import char_lstm, generate, gpt
from ranvier.optim.schedules import CosineDecay

LENGTH = 64


def windows(text, starts):
    """(characters, the ones that follow each of them), for windows that begin at `starts`."""
    positions = np.asarray(starts)[:, None] + np.arange(LENGTH)
    return text[positions].astype(np.int32), text[positions + 1].astype(np.int32)


def make(network, vocabulary, steps):
    """(model, how many windows make a batch)."""
    if network == "gpt":
        model, batch = gpt(vocabulary, layers=4, heads=4, width=128, context=LENGTH), 12
        rate = CosineDecay(0.0, steps, alpha=0.1, warmup_target=3e-3, warmup_steps=100)
        optimizer = ranvier.optim.AdamW(rate, beta_2=0.99, weight_decay=0.1, global_clipnorm=1.0)
        optimizer.exclude_from_weight_decay(var_names=["gamma"])  # only matrices, as in nanoGPT
    else:
        model, batch = char_lstm(vocabulary, units=256, length=LENGTH), 64
        optimizer = ranvier.optim.Adam(CosineDecay(0.004, steps), global_clipnorm=1.0)
    model.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True))
    return model, batch


def main(network="gpt", steps=2000, seed=0, verbose=0):
    """Train; returns the loss on the held-out text, in nats a character."""
    text, held, vocabulary = load_tiny_shakespeare(ids=True)
    ranvier.seed(seed)
    model, batch = make(network, len(vocabulary), steps)
    starts = np.random.default_rng(seed).integers(0, len(text) - LENGTH, steps * batch)
    model.fit(*windows(text, starts), batch_size=batch, shuffle=False, verbose=verbose)
    loss = model.evaluate(*windows(held, range(0, len(held) - LENGTH, LENGTH)))
    start = [vocabulary.index("\n")]
    ids = generate(model, start, 300, temperature=0.8, seed=seed)
    print("".join(vocabulary[i] for i in ids))
    print(f"{model.count_params():,} parameters, {steps:,} batches of {batch} windows")
    print(f"validation loss: {loss:.4f}")
    return loss


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=("gpt", "lstm"), default="gpt")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
