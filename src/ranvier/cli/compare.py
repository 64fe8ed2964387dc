"""The command `ranvier compare`: learning curves of a network and of classical learners.

Every learner gets the same effort: four settings, chosen by 3-fold cross-validation inside the
training rows of each draw, then one fit on all of these. All see features scaled by the training
rows' own mean and deviation; the test rows are the same for all and touched only for the score.
"""

from __future__ import annotations

import csv
import functools
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np

from ..base.extras import optional
from ..errors import ArgumentError
from ..io.writing import check_output, check_suffix, protected, write_whole
from ..typing import Array
from .learners import LEARNERS, Learner, Predict, Setting
from .problems import BUILT_IN_SETS, Problem, read
from .progress import progress

_FOLDS = 3
_CSV_HEADINGS = ("learner", "training_rows", "seed")  # of the numbers; then what the score is
_MAX_DEFAULT_ROWS = 2000  # of a training set: kernel machines are slow on more


@click.command()
@click.argument("data", metavar="digits|iris|adult|mnist|california|FILE")
@click.option("--target", help="The column to predict, for a .csv or .parquet file.")
@click.option("--sizes", help="Numbers of training rows, such as 50,200,1000.")
@click.option("--learners", help="Some of the learners, by the names in the table.")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1), help="Draws.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    default="compare.png",
    show_default=True,
    help="The picture, .png, .svg or .pdf.",
)
@click.option(
    "--scores",
    type=click.Path(dir_okay=False),
    help="The numbers, .csv.  [default: as --out, with -scores.csv at its end]",
)
def compare(
    data: str,
    target: str | None,
    sizes: str | None,
    learners: str | None,
    seeds: int,
    out: str,
    scores: str | None,
) -> None:
    """Draw test score against training rows, for a network and for classical learners."""
    with protected(*([] if data in BUILT_IN_SETS else [data])):
        numbers = _check_before(out, scores)
        _compare(read(data, target), sizes, learners, seeds, out, numbers)


def _compare(
    problem: Problem,
    sizes: str | None,
    learners: str | None,
    seeds: int,
    out: str,
    numbers: Path,
) -> None:
    counts = _sizes(sizes, problem)
    chosen = _chosen(learners, problem)
    kind = f"{problem.classes} classes" if problem.classes else "regression"
    click.echo(
        f"{problem.name}: {problem.x.shape[1]} features, {kind}; training rows drawn from "
        f"{len(problem.x):,}, score on {len(problem.x_test):,} held-out rows"
    )
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    scores, seconds = {}, {}
    # NOTE: fits this small are many times slower on several threads than on one.
    steps = len(chosen) * len(counts) * seeds
    with threadpool_limits(1), progress(steps, seeds) as report:
        for name in chosen:
            began = time.process_time()
            begin = functools.partial(report.begin, name)
            scores[name] = curve(problem, LEARNERS[name], counts, seeds, begin)
            seconds[name] = time.process_time() - began
            report.done(name, seconds[name])
    click.echo(f"\n{problem.score}: mean and standard deviation of {seeds} draws")
    click.echo(table(scores, counts, seconds))
    write_whole(numbers, _lines(problem, scores, counts).encode())
    from ..plots.figures import save_picture
    from ..plots.learning_curves import learning_curves

    figure = learning_curves(scores, counts, f"{problem.name}: test {problem.score}", problem.score)
    save_picture(figure, out)
    click.echo(f"\npicture: {out}, numbers: {numbers}")


def _check_before(out: str, scores: str | None) -> Path:
    """Raise at the start what would fail at the end; returns the file for the numbers."""
    for module, extra in (("sklearn", "sklearn"), ("matplotlib", "plot")):
        optional(module, "compare", extra)
    from ..plots.figures import check_picture

    check_picture(out)
    numbers = (
        Path(out).with_name(f"{Path(out).stem}-scores.csv") if scores is None else Path(scores)
    )
    check_suffix(numbers, ".csv")
    target = check_output(numbers)
    if target == check_output(out):
        raise ArgumentError(f"--out {out} and --scores {numbers} are the same file")
    if scores is None and target.exists() and not _is_ours(target):
        raise ArgumentError(
            f"{numbers} is there already and holds something else; say where the numbers go: "
            "--scores FILE.csv"
        )
    return numbers


def _is_ours(path: Path) -> bool:
    """Whether a file holds the numbers of an earlier run."""
    with path.open("rb") as file:
        return file.readline().startswith(",".join(_CSV_HEADINGS).encode())


def _sizes(text: str | None, problem: Problem) -> list[int]:
    most = len(problem.x)
    if text is None:
        least = max(30, 5 * problem.classes)
        steps = np.geomspace(least, min(most, _MAX_DEFAULT_ROWS), 5)
        return sorted({round(n) for n in steps})
    try:
        counts = sorted({int(part) for part in text.split(",")})
    except ValueError:
        counts = [0]
    least = max(2 * _FOLDS, problem.classes)
    if counts[0] < least or counts[-1] > most:
        raise ArgumentError(f"--sizes {text}: expected integers from {least} to {most:,}")
    return counts


def _chosen(text: str | None, problem: Problem) -> list[str]:
    fits = [
        name
        for name, learner in LEARNERS.items()
        if (learner.classification if problem.classes else learner.regression)
    ]
    wanted = fits if text is None else [part.strip() for part in text.split(",")]
    unknown = [name for name in wanted if name not in fits]
    if unknown:
        raise ArgumentError(f"--learners: {unknown[0]!r} is not one of {', '.join(fits)}")
    return wanted


# --- curves -------------------------------------------------------------------------------------


def curve(
    problem: Problem,
    learner: Learner,
    counts: Sequence[int],
    seeds: int,
    begin: Callable[[int, int], None] = lambda count, seed: None,
) -> Array:
    """Test scores: (training sizes, draws). Draw s holds the same rows for every learner.

    `begin(training size, draw)` is called before each of them.
    """
    scores = np.empty((len(counts), seeds))
    for i, count in enumerate(counts):
        for seed in range(seeds):
            begin(count, seed)
            rows = _draw(problem.y, count, seed, problem.classes)
            x, y = problem.x[rows], problem.y[rows]
            best = _best_setting(learner, x, y, problem.classes, seed)
            predict = _fitted(learner, x, y, problem.classes, best, seed)
            scores[i, seed] = score(predict(problem.x_test), problem.y_test, problem.classes)
    return scores


def _draw(y: Array, count: int, seed: int, classes: int) -> Array:
    """`count` rows; of classes at least one row each, where there is room."""
    order = np.random.default_rng(seed).permutation(len(y))
    if classes:
        first = np.sort(np.unique(y[order], return_index=True)[1])
        order = np.concatenate([order[first], np.delete(order, first)])
    return order[:count]


def _best_setting(learner: Learner, x: Array, y: Array, classes: int, seed: int) -> Setting:
    """The setting that scores best in cross-validation over these rows."""
    fold = np.empty(len(y), int)
    # Rows sorted by target and dealt to the folds cyclically: each fold sees the same targets.
    fold[np.argsort(y, kind="stable")] = np.arange(len(y)) % _FOLDS
    totals = []
    for setting in learner.settings:
        total = 0.0
        for k in range(_FOLDS):
            inside = fold != k
            predict = _fitted(learner, x[inside], y[inside], classes, setting, seed)
            total += score(predict(x[~inside]), y[~inside], classes)
        totals.append(total)
    return learner.settings[int(np.argmax(totals))]


def _fitted(
    learner: Learner, x: Array, y: Array, classes: int, setting: Setting, seed: int
) -> Predict:
    """Scale by these rows, fit on them."""
    mean, std = x.mean(axis=0), x.std(axis=0)
    std[std == 0] = 1.0
    predict = learner.fit((x - mean) / std, y, classes, setting, seed)
    return lambda rows: predict((rows - mean) / std)


def score(predicted: Array, y: Array, classes: int) -> float:
    """Accuracy, or the share of the variance explained, R2.

    >>> score(np.array([1, 0, 1]), np.array([1, 1, 1]), 2)
    0.6666666666666666
    """
    if classes:
        return float((predicted == y).mean())
    spread = float(((y - y.mean()) ** 2).sum()) or 1.0
    return 1.0 - float(((predicted - y) ** 2).sum()) / spread


def table(
    scores: dict[str, Array], counts: Sequence[int], seconds: dict[str, float] | None = None
) -> str:
    """Learners down, training sizes across; the best mean of a column has a star."""
    width = max(map(len, scores))
    best = np.argmax([s.mean(axis=1) for s in scores.values()], axis=0)
    lines = [" " * width + "".join(f"{n:>16,}" for n in counts) + ("   CPU s" if seconds else "")]
    for row, (name, values) in enumerate(scores.items()):
        cells = "".join(
            f"{f'{s.mean():.3f} ± {s.std():.3f}':>15}{'*' if best[i] == row else ' '}"
            for i, s in enumerate(values)
        )
        lines.append(f"{name:<{width}}{cells}" + (f"{seconds[name]:8.1f}" if seconds else ""))
    return "\n".join(lines)


def _lines(problem: Problem, scores: dict[str, Array], counts: Sequence[int]) -> str:
    """All scores as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*_CSV_HEADINGS, problem.score])
    for name, values in scores.items():
        for count, draws in zip(counts, values, strict=True):
            writer.writerows([name, count, seed, f"{s:.6f}"] for seed, s in enumerate(draws))
    return text.getvalue()
