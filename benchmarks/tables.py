"""Default models on 21 tables: Ranvier's beside its peers'. See README.md.

RANVIER_DATA=DATA python benchmarks/tables.py --budget 60 --models ranvier,plain
python benchmarks/tables.py --models hist,lightgbm,xgboost,catboost,mlp --peers-python PEERS/python
python benchmarks/tables.py adult california --models ranvier
python benchmarks/tables.py --report

What is done is kept in results/NAME.json and not done again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from table_sets import PUBLISHED, SETS, cells, error_name, folds

from report import machine

FOLDER = Path(__file__).parent
OURS = ("ranvier", "realmlp", "plain")
PEERS = ("mlp", "hist", "lightgbm", "xgboost", "catboost")
BASE = "mlp"  # scikit-learn's, with scaled input


def main() -> None:
    """Measure what is asked for and not there yet, or print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET")
    parser.add_argument("--models", default="ranvier", help=", ".join((*OURS, *PEERS)))
    parser.add_argument("--fold", "--folds", default="0", help="such as 0 or 0,1,2,3,4")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of each training")
    parser.add_argument("--members", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--output", default="tables")
    parser.add_argument("--report", action="store_true", help="only print the comparison")
    asked = parser.parse_args()
    path = FOLDER / "results" / f"{asked.output}.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    if not asked.report:
        for name in asked.sets or SETS:
            for fold in map(int, asked.fold.split(",")):
                for model in asked.models.split(","):
                    measure(results, path, name, fold, model, asked)
    print(report(results))


def key_of(model: str, asked: argparse.Namespace) -> str:
    """The name of a model in the results, its budget and seed with it."""
    if model not in OURS or model == "plain":
        return model if not asked.seed else f"{model} seed {asked.seed}"
    members = "" if asked.members is None else f" x{asked.members}"
    seed = f" seed {asked.seed}" if asked.seed else ""
    return f"{model} {asked.budget:g}s{members}{seed}"


def measure(
    results: dict[str, Any], path: Path, name: str, fold: int, model: str, asked: Any
) -> None:
    """One model on one fold, unless it is there already."""
    key = key_of(model, asked)
    done = results.setdefault("results", {}).setdefault(name, {}).setdefault(str(fold), {})
    if key in done:
        return
    frame = cells(name)
    target, task, positive = {**SETS, **PUBLISHED}[name]
    labels = frame[target].to_numpy()
    train, test = folds(name, labels)[fold]
    began, processor = time.perf_counter(), time.process_time()
    if model in PEERS:
        out, about = by_peer(name, fold, model, asked.peers_python)
    else:
        out, about = by_ranvier(frame, train, test, name, model, asked)
    from ranvier.tables.scores import scores

    y = labels[test].astype(float) if task == "regression" else indices(labels, test, positive)
    row = {**scores(task, y, out), **about}
    row.setdefault("seconds", time.perf_counter() - began)
    row["processor_seconds"] = time.process_time() - processor
    done[key] = row
    results.update(
        date=datetime.now().strftime("%Y-%m-%d %H:%M"), machine=machine(os.cpu_count() or 1)
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1))
    print(f"{name} fold {fold} {key}: {error_name(task)} {error(task, row):.5g}, "
          f"{row['seconds']:.1f} s", flush=True)  # fmt: skip


def classes_of(labels: Any, positive: str | None) -> list[str]:
    """The labels in order, the positive one last."""
    names = sorted(set(labels.tolist()))
    return names if positive is None else [*(n for n in names if n != positive), positive]


def indices(labels: Any, rows: Any, positive: str | None) -> Any:
    """The class index of each of these rows."""
    numbers = {label: i for i, label in enumerate(classes_of(labels, positive))}
    return np.array([numbers[label] for label in labels[rows]])


# -- Ranvier ---------------------------------------------------------------------------------------


def by_ranvier(
    frame: Any, train: Any, test: Any, name: str, model: str, asked: Any
) -> tuple[Any, dict[str, Any]]:
    """The default of `ranvier train` on the training part, from raw cells, within the budget."""
    from ranvier.tables import Encoder, make_plan, read_table
    from ranvier.tables.training.recipe import Recipe
    from ranvier.tables.training.train import train as train_network

    target, task, positive = {**SETS, **PUBLISHED}[name]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:  # recognized from a file, as users have it
        parts = []
        for rows in (train, test):
            part = Path(folder) / f"{len(parts)}.csv"
            frame[rows].write_csv(part)
            parts.append(read_table(part).frame)
    known, unknown = parts
    plan = make_plan(known, target, task=task, seed=asked.seed)
    rows, held = plan.split_rows(known, share=0.2)
    encoder, arrays = Encoder.fit_transform(known[rows], plan)
    y = encoder.encode_target(known[rows])
    held_arrays, held_y = encoder.transform(known[held]), encoder.encode_target(known[held])
    if model == "plain":
        predict, about = plain_network(arrays, y, held_arrays, held_y, task, encoder, asked.seed)
    else:
        recipe = Recipe.realmlp(task) if model == "realmlp" else None
        trained = train_network(
            arrays, y, held_arrays, held_y, plan=plan, levels=encoder.levels,
            budget=asked.budget - (time.perf_counter() - began), members=asked.members,
            seed=asked.seed, verbose=0, recipe=recipe,
        )  # fmt: skip
        predict, about = trained.predict, {"choices": [str(c) for c in trained.choices]}
    seconds = time.perf_counter() - began
    out = predict(encoder.transform(unknown))
    if task != "regression":
        names = [plain(label) for label in plan.classes]
        labels = classes_of(frame[target].to_numpy(), positive)
        out = out[:, [names.index(plain(label)) for label in labels]]
    return out, {"seconds": seconds, **about}


def plain(label: object) -> str:
    """A label as it is compared: 1.0 and '1' are the same."""
    text = str(label).strip("'\"").lower()
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def plain_network(
    arrays: Any, y: Any, held: Any, held_y: Any, task: str, encoder: Any, seed: int
) -> tuple[Any, dict[str, Any]]:
    """Two hidden layers of 128, Adam, early stopping: what one writes without a recipe."""
    import ranvier
    from ranvier import nn

    ranvier.seed(seed)
    inputs: dict[str, Any] = {}
    parts = []
    for part, dtype in (("numbers", "float32"), ("flags", "float32"), ("categories", "int32")):
        if part in arrays:
            inputs[part] = x = ranvier.Input(arrays[part].shape[1:], name=part, dtype=dtype)
            if part == "categories":
                parts += [nn.Embedding(n, 8)(x[:, i]) for i, n in enumerate(encoder.levels)]
            else:
                normalize = nn.Normalize()
                normalize.adapt(arrays[part])
                parts.append(normalize(x))
    x = parts[0] if len(parts) == 1 else nn.concatenate(parts)
    for _ in range(2):
        x = nn.Dense(128, "relu")(x)
    numbers = task == "regression"
    middle, width = (y.mean(), y.std()) if numbers else (0.0, 1.0)
    out = nn.Dense(1 if numbers else int(y.max()) + 1, None if numbers else "softmax")(x)
    model = ranvier.Model(inputs, out)
    model.compile("adam", "mse" if numbers else "sparse_categorical_crossentropy")
    scaled = [((t - middle) / width).astype("f4")[:, None] if numbers else t for t in (y, held_y)]
    stop = ranvier.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    history = model.fit(
        arrays, scaled[0], epochs=200, batch_size=128, verbose=0,
        validation_data=(held, scaled[1]), callbacks=[stop],
    )  # fmt: skip

    def predict(x: Any) -> Any:
        p = np.asarray(model.predict(x), np.float64)
        return p[:, 0] * width + middle if numbers else p

    return predict, {"epochs": len(history.history["loss"])}


# -- peers -----------------------------------------------------------------------------------------


def by_peer(name: str, fold: int, model: str, python: str) -> tuple[Any, dict[str, Any]]:
    """The predictions of a peer in a process and an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "out.npz"
        command = [python, str(FOLDER / "peers" / "tables_peer.py"), name, str(fold), model]
        subprocess.run([*command, str(file)], check=True)
        with np.load(file) as made:
            return made["out"], {"seconds": float(made["seconds"]), "version": str(made["version"])}


# -- the comparison --------------------------------------------------------------------------------


def error(task: str, row: dict[str, Any]) -> float:
    """What a model is ranked by: the smaller, the better."""
    if task == "binary":
        return 1 - row["auc"]
    return row["log_loss"] if task == "multiclass" else row["rmse"]


def report(results: dict[str, Any]) -> str:
    """Errors by set and model, means over folds; geometric means, ranks, wins."""
    models: list[str] = []
    errors: dict[str, dict[str, float]] = {}
    for name, by_fold in results.get("results", {}).items():
        task = {**SETS, **PUBLISHED}[name][1]
        for fold in by_fold.values():
            models += [m for m in fold if m not in models]
        whole = [m for m in models if all(m in fold for fold in by_fold.values())]
        errors[name] = {
            m: float(np.mean([error(task, fold[m]) for fold in by_fold.values()])) for m in whole
        }
    lines = ["| set | error | " + " | ".join(models) + " |", "|---|---|" + "---|" * len(models)]
    for name, row in errors.items():
        best = min(row.values(), default=math.nan)
        shown = [
            f"**{row[m]:.4g}**" if m in row and row[m] == best else f"{row[m]:.4g}"
            if m in row else "" for m in models
        ]  # fmt: skip
        lines.append(
            f"| {name} | {error_name({**SETS, **PUBLISHED}[name][1])} | {' | '.join(shown)} |"
        )
    common = [n for n, row in errors.items() if n in SETS and len(row) == len(models)]
    if common:
        table = np.array([[errors[n][m] for m in models] for n in common])
        ranks = table.argsort(axis=1).argsort(axis=1) + 1.0
        floor = np.maximum(table, 1e-6)
        lines.append(f"\nOver the {len(common)} sets that all models have:\n")
        lines += ["| model | mean rank | geometric mean of error | wins |", "|---|---|---|---|"]
        base = models.index(BASE) if BASE in models else 0
        for i, m in enumerate(models):
            ratio = float(np.exp(np.log(floor[:, i] / floor[:, base]).mean()))
            wins = int((ranks[:, i] == 1).sum())
            lines.append(
                f"| {m} | {ranks[:, i].mean():.2f} | {ratio:.3f} of {models[base]} | {wins} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
