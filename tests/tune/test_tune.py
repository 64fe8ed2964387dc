"""Tuning: trials side by side, studies in files, and what is kept."""

from __future__ import annotations

import builtins
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import ranvier
from ranvier.base.config import switches
from ranvier.cli.main import main
from ranvier.errors import ArgumentError, FileError, StateError
from ranvier.tables.fitting import fit_prepared, prepare
from ranvier.tables.plan import make_plan
from ranvier.tables.reading import read_table
from ranvier.tables.training.member import Clock, Job, Member
from ranvier.tables.training.options import TrainingOptions
from ranvier.tables.training.recipe import Recipe, default_network
from ranvier.tune import space as space_module
from ranvier.tune.journal import Journal
from ranvier.tune.search import SIDE_BY_SIDE, Search, open_study
from ranvier.tune.side_by_side import SideBySide
from ranvier.tune.space import Setting, Space, shown
from ranvier.tune.study import Study
from ranvier.tune.trial_network import put_in, trial_network
from ranvier.tune.tune import _kept, tune_plan

optuna = pytest.importorskip("optuna")

NO_LIMIT = 1e6  # seconds: what is tried must not depend on the machine
QUIET = TrainingOptions(budget=NO_LIMIT, verbose=0)
SMALL = replace(Recipe(), members=3, width=16, bins=8, embedding_dim=4)
SPACE = Space(numbers=2, categories=1, classes=True, batch=32)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks so small that nothing needs to be compiled."""
    monkeypatch.setattr(switches, "engine", "reference")
    forms = {"hidden_units": (8, 16), "depth": (1, 2), "members": (2, 16), "bins": (4, 48)}
    monkeypatch.setattr(space_module, "FORM", {**space_module.FORM, **forms})
    monkeypatch.setattr(
        Recipe,
        "__init__",
        _with_defaults(Recipe.__init__, width=16, members=2, depth=1, bins=4, epochs=2),
    )
    monkeypatch.setattr(Recipe, "realmlp", classmethod(lambda cls, task: cls()))


def _with_defaults(init: Any, **values: Any) -> Any:
    def changed(self: Any, **options: Any) -> None:
        init(self, **{**values, **options})

    return changed


def houses(rows: int = 90) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    size, age = rng.uniform(20, 200, rows), rng.integers(0, 90, rows)
    price = 1000 * size - 300 * age + rng.normal(0, 5000, rows)
    return {
        "size": size,
        "age": age.astype(float),
        "district": rng.choice(["north", "south", "old town"], rows),
        "price": price,
        "expensive": np.where(price > np.median(price), "yes", "no"),
    }


def prepared(target: str) -> Any:
    other = {"price": "expensive", "expensive": "price"}[target]
    reading = read_table(houses())
    return prepare(reading, make_plan(reading, target, drop=[other]))


def tuned(**options: Any) -> ranvier.tune.Tuned:
    how = {"drop": ["expensive"], "budget": NO_LIMIT, "epochs": 3, "trials": 4, "verbose": 0}
    return ranvier.tune_table(houses(), "price", **{**how, **options})


@pytest.fixture(scope="module", autouse=True)
def _short_training() -> Any:
    """What is trained in full has few epochs."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ranvier.tables.training.member.LEAST_STEPS", 4)
        patched.setattr("ranvier.tables.training.train.MOST_NETWORKS", 1)
        yield


# --- the space ----------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize(("numbers", "categories"), [(3, 0), (0, 2), (2, 1), (80, 0)])
def test_every_point_is_a_network(numbers: int, categories: int, classes: bool) -> None:
    space = Space(numbers, categories, classes, batch=64)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    shapes = {"numbers": (numbers,), "categories": (categories,)}
    for number in range(6):
        trial = study.ask()
        values = space.form(trial) | space.own(trial)
        setting = space.setting(values)
        assert setting.width <= setting.form.width
        if number < 2:
            task: Any = "multiclass" if classes else "regression"
            default_network(shapes, 3, task, [5] * categories, setting.recipe)
    assert set(values) >= {"depth", "learning_rate", "batch"}
    assert ("label_smoothing" in values) is classes
    assert ("embedding" in values) is bool(numbers)
    assert ("category_dim" in values) is bool(categories)


def test_the_default_is_what_train_has() -> None:
    setting = SPACE.setting(SPACE.default())
    assert setting.recipe == Recipe() and setting.batch_size is None and not shown(setting)
    for name, value in SPACE.default().items():
        allowed = space_module.FORM.get(name)
        if allowed is not None:
            assert value in allowed
        else:
            assert space_module.OWN[name].low <= value <= space_module.OWN[name].high


def test_points_nearby_and_other_forms() -> None:
    draw = np.random.default_rng(0)
    start = SPACE.default()
    for _ in range(30):
        neighbour, other = SPACE.neighbour(start, draw), SPACE.other_form(start, draw)
        assert {n: neighbour[n] for n in neighbour if n in space_module.FORM} == {
            n: start[n] for n in start if n in space_module.FORM
        }
        for name, of in space_module.OWN.items():
            assert of.low <= neighbour[name] <= of.high and other[name] == start[name]
        changed = [n for n in other if n in space_module.FORM and other[n] != start.get(n)]
        assert len(changed) == 1
        SPACE.setting(other)
    # Bins come with the embedding that has them.
    without = {**start, "embedding": "none"}
    del without["bins"]
    forms = [SPACE.other_form(without, draw) for _ in range(60)]
    assert all(("bins" in form) is (form["embedding"] == "piecewise") for form in forms)
    assert len({form["embedding"] for form in forms}) == 3


# --- trials side by side ------------------------------------------------------------------------


def job_of(target: str, form: Recipe) -> tuple[Job, Any, Any]:
    ready = prepared(target)
    rows = ready.rows
    job = Job(
        arrays=rows.arrays, y=rows.y, weights=None, task=ready.plan.task, metric=ready.plan.metric,
        outputs=max(len(ready.plan.classes), 1), levels=ready.encoder.levels, recipe=form,
        clock=Clock(NO_LIMIT), interrupted=lambda: False, told=lambda member, run: None,
        batch_size=16,
    )  # fmt: skip
    numbers = np.arange(len(rows.y))
    return job, numbers[: rows.learned], numbers[rows.learned :]


@pytest.mark.parametrize("target", ["price", "expensive"])
@pytest.mark.parametrize("engine", ["reference", pytest.param("compiled", marks=pytest.mark.slow)])
def test_a_trial_learns_what_its_network_learns_alone(
    target: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switches, "engine", engine)
    settings = [
        Setting(SMALL, 16, SMALL.width, rate, decay, dropout)
        for rate, decay, dropout in ((0.005, 3e-4, 0.1), (0.02, 0.05, 0.3), (0.001, 0.0, 0.0))
    ]
    job, rows, held = job_of(target, SMALL)
    seen: list[dict[int, float]] = []
    together = SideBySide(job, rows, held, 5, settings)

    def after(epoch: int, errors: Any) -> Any:
        seen.append(dict(errors))
        return list(errors) if epoch != 2 else [0, 2]  # the second one is stopped

    assert together.train(4, after)
    assert [sorted(errors) for errors in seen] == [[0, 1, 2], [0, 1, 2], [0, 2], [0, 2]]
    for i, setting in enumerate(settings):
        ranvier.seed(5)
        alone = Member(replace(job, recipe=setting.recipe), rows, held, 5, "alone")
        scores = alone.train(4).scores
        known = [errors[i] for errors in seen if i in errors]
        np.testing.assert_allclose(known, scores[: len(known)], rtol=1e-4)


def test_units_that_are_not_in_use_are_as_if_they_were_not_there() -> None:
    form, narrow = SMALL, 10
    setting = Setting(form, None, narrow, 0.01, 0.0, 0.0)
    shapes = {"numbers": (2,)}
    wide = trial_network(shapes, 1, "regression", (), form)
    put_in(wide, setting)
    small = default_network(shapes, 1, "regression", (), setting.recipe)
    for layer in ("scale_numbers", "piecewise", "members", "hidden_1", "hidden_2", "output"):
        pairs = zip(
            small.get_layer(layer).state_tensors(),
            wide.get_layer(layer).state_tensors(),
            strict=True,
        )
        for here, there in pairs:
            here.assign(there.numpy()[tuple(map(slice, here.shape))])
    x = {"numbers": np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)}
    np.testing.assert_allclose(small.predict(x), wide.predict(x), rtol=1e-5, atol=1e-6)
    # Their first weights are as large as those of a network of that width.
    limit = 1 / np.sqrt(narrow)
    kernel = abs(wide.get_layer("hidden_2").kernel.numpy())
    assert 0.9 * limit < kernel.max() <= limit * 1.001


# --- the study ----------------------------------------------------------------------------------


def test_trials_worse_than_the_median_are_stopped_but_never_the_default() -> None:
    study = Study(SPACE, {})
    for _ in range(4):
        (asked,) = study.ask(1)
        study.report(asked, 1, 1.0)
        study.complete(asked, 1.0)
    worse, better, lost = study.ask(3)
    for asked, error in ((worse, 2.0), (better, 0.5), (lost, np.inf)):
        study.report(asked, 1, error)
    assert [study.hopeless(asked) for asked in (worse, better, lost)] == [True, False, True]
    worse.trial.set_user_attr("default", True)
    assert not study.hopeless(worse)


def test_trials_of_a_batch_have_one_form() -> None:
    study = Study(SPACE, {}, seed=3)
    for _ in range(5):
        batch = study.ask(4)
        forms = {(asked.setting.form, asked.setting.batch_size) for asked in batch}
        assert len(forms) == 1
        assert len({asked.setting.learning_rate for asked in batch}) == 4
        for asked in batch:
            study.complete(asked, 1.0)
    assert study.ask(1)[0].number == 20
    assert study.best is not None and study.default_error == 1.0


def test_a_killed_search_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.study"
    study = Study(SPACE, {"rows": "x"}, path)
    default, other = study.ask(2)
    study.epochs = 7
    study.complete(other, 0.5)
    study.close()
    with path.open("ab") as file:
        file.write(b'{"op_code":4,"worker')  # what a kill leaves
    again = Study(SPACE, {"rows": "x"}, path)
    assert again.before == 1 and again.epochs == 7
    assert again.best is not None and again.best[2] == 0.5
    # The default was cut off, so it comes again.
    (asked,) = again.ask(1)
    assert not shown(asked.setting) and asked.number == 2
    again.complete(asked, 0.75)
    table = again.table()
    assert table["state"].to_list() == ["cut off", "complete", "complete"]
    again.close()
    assert Study(SPACE, {"rows": "x"}, path).default_error == 0.75


def test_what_is_no_study_of_this_search_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.study"
    Study(SPACE, {"target": "price"}, path).close()
    with pytest.raises(ArgumentError, match="its target is 'price', here it is 'age'"):
        Study(SPACE, {"target": "age"}, path)
    for content in (b"a,b\n1,2\n", b'{"a": 1}\n', b"\xff\xfe\n", b"[1]"):
        (tmp_path / "b.study").write_bytes(content)
        with pytest.raises(FileError, match="is not the file of a study"):
            Study(SPACE, {}, tmp_path / "b.study")
        assert (tmp_path / "b.study").read_bytes() == content
    first, second = Journal(path), Journal(path)
    first.append_logs([{"op_code": 2}])
    with pytest.raises(StateError, match="another process has written"):
        second.append_logs([{"op_code": 2}])
    assert len(Journal(path).read_logs(0)) == len(first.read_logs(0))


def test_studies_of_other_rows_are_refused(tmp_path: Path) -> None:
    open_study(prepared("price"), tmp_path / "a.study", 0).close()
    open_study(prepared("price"), tmp_path / "a.study", 0).close()
    with pytest.raises(ArgumentError, match="its seed is 0, here it is 1"):
        open_study(prepared("price"), tmp_path / "a.study", 1)
    rows = prepared("price")
    rows.rows.arrays["numbers"][0, 0] += 1
    with pytest.raises(ArgumentError, match="its rows is"):
        open_study(rows, tmp_path / "a.study", 0)


# --- all of it ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_tuning_keeps_what_is_better_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "houses.study"
    model, study = tuned(storage=path, trials=5)
    assert study.height == 5 and study["epochs"].max() == 3
    assert study["learning_rate"][0] == Recipe().learning_rate
    assert {"trial", "state", "error", "width", "batch_size"} <= set(study.columns)
    choice = next(c for c in model.choices if c.what == "tuning")
    assert choice.value.startswith("5 trials")
    # The same seed, the same trials; from the file none is trained again.
    again, same = tuned(storage=tmp_path / "other.study", trials=5)
    assert same.equals(study)
    _, more = tuned(storage=path, trials=7)
    assert more.height == 7 and more[:5].equals(study)
    # It is a model as any other.
    model.save(tmp_path / "m.safetensors")
    loaded = ranvier.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(houses()), again.predict(houses()))
    assert [c for c in loaded.choices if c.what == "tuning"] == [choice]


@pytest.mark.usefixtures("small")
def test_the_default_is_kept_where_it_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = iter([1.0, 2.0, 3.0, 2.5])
    monkeypatch.setattr("ranvier.tune.tune.error_of", lambda *args: next(errors))
    lines: list[str] = []
    reading = read_table(houses())
    plan = make_plan(reading, "price", drop=["expensive"])

    def tune(kept: str) -> None:
        lines.clear()
        # The default is the worst of all trials, so that there is something to compare it with.
        monkeypatch.setattr(
            Study, "complete", lambda self, asked, error: self._study.tell(
                asked.trial, 1.0 / (asked.number + 1)
            )
        )  # fmt: skip
        model, _ = tune_plan(reading, plan, QUIET, trials=3, epochs=1, told=lines.append)
        assert any(line.startswith(f"kept: {kept}") for line in lines)
        assert model.test_scores

    tune("default")
    tune("trial 2")
    table = "\n".join(lines)
    assert "default" in table and "held-out rmse" in table and "test rmse" in table


@pytest.mark.usefixtures("small")
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another thing there")
@pytest.mark.parametrize("trees", [False, True])
def test_ctrl_c_keeps_the_best(trees: bool) -> None:
    if trees:
        pytest.importorskip("sklearn")
    lines: list[str] = []

    def told(line: str) -> None:
        lines.append(line)
        if line.startswith("trials 0 to 3"):
            os.kill(os.getpid(), signal.SIGINT)

    reading = read_table(houses())
    plan = make_plan(reading, "price", drop=["expensive"])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        options = replace(QUIET, trees=trees)
        model, study = tune_plan(reading, plan, options, epochs=2, trials=40, told=told)
    finally:
        signal.signal(signal.SIGINT, before)
    assert study.height == 4 and any(line.startswith("Ctrl-C: training with") for line in lines)
    assert np.isfinite(model.predict(houses())).all() and (model.trees is not None) == trees


@pytest.mark.usefixtures("small")
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another thing there")
def test_ctrl_c_again_ends_with_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the default is trained in full: it is kept, and the best values are not tried."""
    monkeypatch.setattr(
        Study, "complete", lambda self, asked, error: self._study.tell(
            asked.trial, 1.0 / (asked.number + 1)
        )
    )  # fmt: skip
    fitted: list[bool] = []

    def interrupted(ready: Any, options: TrainingOptions) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        fitted.append(options.is_interrupted())
        return fit_prepared(ready, options)

    monkeypatch.setattr("ranvier.tune.tune.fit_prepared", interrupted)
    lines: list[str] = []
    reading = read_table(houses())
    plan = make_plan(reading, "price", drop=["expensive"])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        model, _ = tune_plan(reading, plan, QUIET, epochs=1, trials=3, told=lines.append)
    finally:
        signal.signal(signal.SIGINT, before)
    assert fitted == [True] and lines[-2].startswith("kept: default")
    assert lines[-1] == "trial 2: not trained in full, as the time was over"
    assert np.isfinite(model.predict(houses())).all()


# --- the time -----------------------------------------------------------------------------------


def test_no_batch_begins_that_cannot_be_compiled_in_time() -> None:
    reading = read_table(houses())
    ready = prepare(reading, make_plan(reading, "price", drop=["expensive"]))
    study = open_study(ready, None, 0)
    search = Search(
        ready, study, budget=100.0, trials=None, epochs=2, seed=0, told=print, shown=False
    )
    search.seconds_to_begin, search._batch_seconds = 20.0, [8.0, 30.0]
    search.clock.passed = lambda: 75.0  # type: ignore[method-assign]
    assert search._wanted() == SIDE_BY_SIDE
    search.clock.passed = lambda: 77.0  # type: ignore[method-assign]
    assert search._wanted() == 0


@pytest.mark.parametrize(("to_begin", "trained"), [(3.0, 2), (30.0, 1)])
@pytest.mark.usefixtures("small")
def test_the_networks_at_the_end_fit_into_the_time(
    to_begin: float, trained: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of its own: each training takes all of its time, and its test 4 s more."""
    reading = read_table(houses())
    ready = prepare(reading, make_plan(reading, "price", drop=["expensive"]))
    options = replace(QUIET, recipe=SMALL, epochs=1, members=1, second=False)
    model = fit_prepared(ready, options)
    now, ends = 100.0, []
    monkeypatch.setattr(type(ready), "passed", lambda self: now)

    def fit(ready: Any, options: TrainingOptions) -> Any:
        nonlocal now
        now = options.budget + 4.0
        ends.append(now)
        return model

    monkeypatch.setattr("ranvier.tune.tune.fit_prepared", fit)
    study = open_study(ready, None, 0)
    for asked in study.ask(2):
        study.complete(asked, 1.0 / (asked.number + 1))
    kept = _kept(ready, study, replace(QUIET, budget=140.0), to_begin)
    assert len(ends) == trained and ends[-1] <= 140.0
    assert ("not trained in full" in kept.lines[-1]) == (trained == 1)


def test_a_tuned_model_says_how_it_was_made(small: None) -> None:
    model, _ = tuned(trials=1, epochs=1)
    assert model.program.startswith("import ranvier")
    assert "model, study = ranvier.tune_table(" in model.program and "trials=1" in model.program


@pytest.mark.usefixtures("small")
def test_a_time_that_is_over_still_gives_a_model() -> None:
    model, study = tuned(budget=0.01, trials=None)
    assert np.isfinite(model.predict(houses())).all()
    assert study.height == 0 or set(study["state"]) == {"cut off"}


def test_without_optuna_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "optuna":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **options)

    monkeypatch.delitem(__import__("sys").modules, "optuna")
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(StateError, match=r'pip install "ranvier\[tune\]"'):
        ranvier.tune_table(houses(), "price")


# --- the command --------------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    monkeypatch.chdir(tmp_path)
    pl.DataFrame(houses()).write_csv("houses.csv")
    command = ["tune", "houses.csv", "--target", "price", "--drop", "expensive", "--no-report"]
    command += ["--budget", "1h", "--epochs", "2"]
    done = CliRunner().invoke(main, [*command, "--trials", "2"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "trials 0 to 1: best" in done.output and "kept: " in done.output
    assert {p.name for p in tmp_path.iterdir()} == {
        "houses.csv", "houses.safetensors", "houses.study",
    }  # fmt: skip
    more = CliRunner().invoke(main, [*command, "--trials", "3"], catch_exceptions=False)
    assert "study houses.study: goes on after 2 finished trials" in more.output
    assert "trial 2: best" in more.output
    other = CliRunner().invoke(main, [*command[:3], "expensive", "--trials", "3", "--no-report"])
    assert other.exit_code == 2 and "its target is 'price'" in other.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "does not exist"),
        (["a.csv", "--storage", "a.safetensors"], "the model or the report goes to this file"),
        (["a.csv", "--target", "b", "--storage", "a.csv"], "is being read as data"),
        (["a.csv", "--target", "b", "--budget", "soon"], "expected a time"),
        (["a.csv"], "which column is to be predicted"),
    ],
)
def test_errors_of_the_command(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["a,b", *(f"{i},{i % 7}" for i in range(40))]
    Path("a.csv").write_text("\n".join(lines))
    done = CliRunner().invoke(main, ["tune", *arguments])
    assert done.exit_code == 2 and message in done.output
    assert Path("a.csv").read_text() == "\n".join(lines)
    assert not Path("a.study").exists()
