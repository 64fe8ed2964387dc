"""Default models on 21 tables: Ranvier's beside its peers'. See README.md.

RANVIER_DATA=DATA python benchmarks/tables.py --budget 60 --models ranvier,plain
RANVIER_DATA=DATA python benchmarks/tables.py --models ranvier+trees,ranvier --folds 0,1,2,3,4
python benchmarks/tables.py --models hist,lightgbm,xgboost,catboost,mlp --peers-python PEERS/python
python benchmarks/tables.py adult california --models ranvier
python benchmarks/tables.py --report --output tables,tables_peers

What is done is kept in results/NAME.json and not done again. A training with trees also gives the
figure of its network alone ("ranvier"), if that is asked for after it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
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
TREES = "ranvier+trees"
OURS = ("ranvier", TREES, "realmlp", "plain")
PEERS = ("mlp", "hist", "lightgbm", "xgboost", "catboost")
BASE = "mlp"  # scikit-learn's, with scaled input
LEAST_ERROR = 1e-3  # of a share or a log-loss: less is nothing, and would decide a geometric mean


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
    parser.add_argument("--output", default="tables", help="to report on: several, by commas")
    parser.add_argument("--report", action="store_true", help="only print the comparison")
    asked = parser.parse_args()
    paths = [FOLDER / "results" / f"{name}.json" for name in asked.output.split(",")]
    results = read(paths)
    if not asked.report:
        for name in asked.sets or SETS:
            for fold in map(int, asked.fold.split(",")):
                for model in asked.models.split(","):
                    measure(results, paths[0], name, fold, model, asked)
    print(report(results))


def read(paths: list[Path]) -> dict[str, Any]:
    """The results of some files; of what stands in several, that of the first."""
    results: dict[str, Any] = {}
    for path in paths:
        if not path.exists():
            continue
        part = json.loads(path.read_text())
        for name, folds_of in part.pop("results").items():
            for fold, models in folds_of.items():
                row = results.setdefault("results", {}).setdefault(name, {}).setdefault(fold, {})
                row.update({m: v for m, v in models.items() if m not in row})
        results = {**part, **results}
    return results


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
        outs, about = by_peer(name, fold, model, asked.peers_python)
    else:
        outs, about = by_ranvier(frame, train, test, name, model, asked)
    from ranvier.tables.scores import scores

    y = labels[test].astype(float) if task == "regression" else indices(labels, test, positive)
    about.setdefault("seconds", time.perf_counter() - began)
    about["processor_seconds"] = time.process_time() - processor
    for other, out in outs.items():
        done.setdefault(key_of(other, asked), {**scores(task, y, out), **about})
    row = done[key]
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
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The default of `ranvier train` on the training part, from raw cells, within the budget.

    With trees, the outputs of both, and of the network alone, which had less than the budget.
    """
    from ranvier.tables import make_plan, read_table
    from ranvier.tables.fitting import fit_prepared, prepare
    from ranvier.tables.training.recipe import Recipe

    target, task, positive = {**SETS, **PUBLISHED}[name]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:  # recognized from a file, as users have it
        parts = []
        for rows in (train, test):
            part = Path(folder) / f"{len(parts)}.csv"
            frame[rows].write_csv(part)
            parts.append(read_table(part))
    known, unknown = parts
    plan = make_plan(known, target, task=task, seed=asked.seed)
    ready = prepare(known, plan, began, test=False)
    encoder = ready.encoder
    if model == "plain":
        predict, about = plain_network(
            ready.arrays, ready.y, ready.held_out, ready.y_held_out, task, encoder, asked.seed
        )
        outs = {model: predict(encoder.transform(unknown.frame))}
    else:
        recipe = Recipe.realmlp(task) if model == "realmlp" else None
        fitted = fit_prepared(
            ready, asked.budget, members=asked.members, seed=asked.seed, verbose=0, recipe=recipe,
            trees=model == TREES,
        )  # fmt: skip
        about = {"choices": [str(c) for c in fitted.choices if c not in plan.choices]}
        about["seconds"] = time.perf_counter() - began
        outs = {model: fitted.outputs(unknown)}
        if model == TREES:
            outs["ranvier"] = fitted.trained.predict(encoder.transform(unknown.frame))
    about.setdefault("seconds", time.perf_counter() - began)
    if task != "regression":
        names = [plain(label) for label in plan.classes]
        labels = classes_of(frame[target].to_numpy(), positive)
        order = [names.index(plain(label)) for label in labels]
        outs = {key: out[:, order] for key, out in outs.items()}
    return outs, about


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


def by_peer(name: str, fold: int, model: str, python: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The predictions of a peer in a process and an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "out.npz"
        command = [python, str(FOLDER / "peers" / "tables_peer.py"), name, str(fold), model]
        subprocess.run([*command, str(file)], check=True)
        with np.load(file) as made:
            about = {"seconds": float(made["seconds"]), "version": str(made["version"])}
            return {model: made["out"]}, about


# -- the comparison --------------------------------------------------------------------------------


def error(task: str, row: dict[str, Any]) -> float:
    """What a model is ranked by: the smaller, the better."""
    if task == "binary":
        return 1 - row["auc"]
    return row["log_loss"] if task == "multiclass" else row["rmse"]


def report(results: dict[str, Any]) -> str:
    """Errors by set and model, means over folds; geometric means, ranks, wins.

    On each set, models are compared on the folds that all of them have.
    """
    measured = results.get("results", {})
    models = [
        *dict.fromkeys(m for folds_of in measured.values() for f in folds_of.values() for m in f)
    ]
    models.sort(key=lambda m: (m.split()[0] not in OURS, m))
    if not models:
        return "nothing is measured"
    errors = {name: fold_errors(name, folds_of, models) for name, folds_of in measured.items()}
    return "\n".join(
        [*by_set(errors, models), "", *over_sets(errors, models), "", *recipes(measured)]
    )


def fold_errors(name: str, folds_of: dict[str, Any], models: list[str]) -> dict[str, Any]:
    """The errors of each model on the folds that all models of this set have, (folds,)."""
    task = {**SETS, **PUBLISHED}[name][1]
    here = [m for m in models if any(m in fold for fold in folds_of.values())]
    common = [fold for fold in folds_of.values() if all(m in fold for m in here)]
    return {m: np.array([error(task, fold[m]) for fold in common]) for m in here if common}


def by_set(errors: dict[str, Any], models: list[str]) -> list[str]:
    """A row for each set: the mean error of each model, and the deviation over folds."""
    lines = [
        "| set, error | folds | " + " | ".join(m.replace("+", " + ") for m in models) + " |",
        "|---" * (2 + len(models)) + "|",
    ]
    for name, row in errors.items():
        means = {m: values.mean() for m, values in row.items()}
        best = min(means.values(), default=math.nan)
        cells_of = [
            "" if m not in row else f"**{shown(row[m])}**" if means[m] == best else shown(row[m])
            for m in models
        ]
        count = max((len(values) for values in row.values()), default=0)
        kind = error_name({**SETS, **PUBLISHED}[name][1])
        lines.append(f"| {name}, {kind} | {count} | {' | '.join(cells_of)} |")
    return lines


def shown(values: Any) -> str:
    """A mean, and the standard deviation over folds if there are several."""
    mean, deviation = values.mean(), values.std(ddof=min(1, len(values) - 1))
    if mean >= 1000:
        whole = f"{mean:,.0f}"
        return whole if len(values) == 1 else f"{whole} ± {deviation:,.0f}"
    return f"{mean:.4g}" if len(values) == 1 else f"{mean:.4g} ± {deviation:.2g}"


def over_sets(errors: dict[str, Any], models: list[str]) -> list[str]:
    """What holds over the sets that all models have: ranks, geometric means, wins."""
    common = [name for name, row in errors.items() if name in SETS and len(row) == len(models)]
    if not common:
        return ["no set has figures of all models"]
    table = np.array([[errors[name][m].mean() for m in models] for name in common])
    ranks = np.array([[(row < x).sum() + (row == x).sum() / 2 + 0.5 for x in row] for row in table])
    tasks = [{**SETS, **PUBLISHED}[name][1] for name in common]
    least = np.array([[0.0 if task == "regression" else LEAST_ERROR] for task in tasks])
    logs = np.log(np.maximum(table, least))
    base = models.index(BASE) if BASE in models else 0
    rivals = [i for i, m in enumerate(models) if m.split()[0] not in OURS]
    lines = [
        f"Over the {len(common)} sets that all models have; in geometric means 1 - AUC and "
        f"log-loss under {LEAST_ERROR:g} count as {LEAST_ERROR:g}:",
        "",
        f"| model | mean rank | geometric mean of error, over that of {models[base]} | "
        "the same, median of sets | best on | better than "
        + " | better than ".join(models[i] for i in rivals) + " |",
        "|---" * (5 + len(rivals)) + "|",
    ]  # fmt: skip
    for i in np.argsort(ranks.mean(axis=0), kind="stable"):
        ratios = logs[:, i] - logs[:, base]
        wins = [f"{int((table[:, i] < table[:, k]).sum())} of {len(common)}" if k != i else ""
                for k in rivals]  # fmt: skip
        lines.append(
            f"| {models[i]} | {ranks[:, i].mean():.2f} | {np.exp(ratios.mean()):.3f} | "
            f"{np.exp(np.median(ratios)):.3f} | {int((table[:, i] == table.min(axis=1)).sum())} | "
            + " | ".join(wins) + " |"
        )  # fmt: skip
    return lines


SECOND = re.compile(
    r"second recipe: (\d+) networks, weight (\S+) \(held-out \S+ (\S+) and (\S+), together (\S+)\)"
)


def recipes(measured: dict[str, Any]) -> list[str]:
    """What held-out rows said of both recipes, where time was left for networks of the second:
    means over those folds.
    """
    lines = [
        "| set | folds | networks of each recipe, on average | held-out error of the first (TabM) "
        "| of the second (RealMLP) | together | weight of the second |",
        "|---" * 7 + "|",
    ]
    for name, folds_of in measured.items():
        rows = []
        for models in folds_of.values():
            choices = next((m["choices"] for m in models.values() if "choices" in m), [])
            networks = next((c.split()[1] for c in choices if c.startswith("networks: ")), "nan")
            matches = [match.groups() for c in choices if (match := SECOND.match(c))]
            rows += [[float(networks), *map(float, groups)] for groups in matches]
        if rows:
            first, second, share, *errors = np.mean(rows, axis=0)
            numbers = " | ".join(f"{error:.5g}" for error in errors)
            networks = f"{first:.1f} and {second:.1f}"
            lines.append(f"| {name} | {len(rows)} | {networks} | {numbers} | {share:.2f} |")
    return lines if len(lines) > 2 else []


if __name__ == "__main__":
    main()
