"""One default model on one fold of a table, in the peers' environment; see tables.py.

python tables_peer.py SET FOLD MODEL OUT.npz
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent))
from table_sets import FOLDER, LEAKS, SETS, folds

MANY_WORDS = 3  # words in a cell, on average, of a column of text
TEXT_PARTS = 32


def table(name: str) -> tuple[pd.DataFrame, Any]:
    """The columns and the target, as pandas reads them."""
    frame = pd.read_csv(
        FOLDER / f"{name}.csv.gz", sep="\t" if name == "airfoil" else ",", encoding="utf-8-sig",
        skipinitialspace=name == "elevators",
        dtype={"tweet_id": str, SETS[name][0]: str},
    )  # fmt: skip
    frame.columns = [c.strip() for c in frame.columns]
    frame = frame.drop(columns=LEAKS.get(name, []))
    if name == "amazon_access":  # its description: all of them are codes
        frame = frame.astype(str)
    target = frame.pop(SETS[name][0]).to_numpy()
    return frame, target.astype(float) if SETS[name][1] == "regression" else target


def prepared(frame: pd.DataFrame, train: Any) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Dates and text as numbers; the names of the numbers and of the categories."""
    numbers, categories = {}, {}
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column) and column.dtype != bool:
            numbers[name] = column.astype(float)
            continue
        text = column.astype("string")
        known = text.iloc[train].dropna()
        if any(mark in str(name).lower() for mark in ("date", "created")):
            first_day = "/" in str(known.iloc[0])
            when = pd.to_datetime(text, errors="coerce", dayfirst=first_day, utc=True)
            numbers[f"{name} day"] = (when - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
            for part in ("month", "weekday", "hour"):
                numbers[f"{name} {part}"] = getattr(when.dt, part).astype(float)
        elif known.str.count(" ").mean() >= MANY_WORDS - 1 and known.nunique() > len(known) / 2:
            numbers |= text_numbers(str(name), text.fillna(""), train)
        else:
            categories[name] = text
    return pd.DataFrame({**numbers, **categories}), [*numbers], [*categories]


def text_numbers(name: str, text: Any, train: Any) -> dict[str, Any]:
    """TF-IDF of words, by a singular value decomposition."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, max_features=20_000)
    made = make_pipeline(words, TruncatedSVD(TEXT_PARTS, random_state=0))
    made.fit(text.iloc[train])
    out = made.transform(text)
    return {f"{name} {i}": pd.Series(out[:, i], text.index) for i in range(out.shape[1])}


def as_categories(frame: pd.DataFrame, names: list[str], train: Any) -> pd.DataFrame:
    """Native categories with the levels of training."""
    frame = frame.copy()
    for name in names:
        levels = sorted(frame[name].iloc[train].dropna().unique())
        frame[name] = pd.Categorical(frame[name], levels)
    return frame


def mlp(regression: bool, frame: Any, numbers: list[str], categories: list[str], train: Any) -> Any:
    """scikit-learn's MLP with scaled numbers and one-hot categories."""
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2, max_categories=256)
    front = ColumnTransformer([("n", scaled, numbers), ("c", hot, categories)])
    if regression:
        network = make_pipeline(front, MLPRegressor(random_state=0))
        return TransformedTargetRegressor(network, transformer=StandardScaler())
    return make_pipeline(front, MLPClassifier(random_state=0))


def model_of(kind: str, regression: bool, frame: Any, categories: list[str]) -> Any:
    """A boosting model at its defaults."""
    if kind == "hist":
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        cls = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return cls(categorical_features="from_dtype", random_state=0)
    if kind == "lightgbm":
        import lightgbm

        cls = lightgbm.LGBMRegressor if regression else lightgbm.LGBMClassifier
        return cls(random_state=0, verbose=-1)
    if kind == "xgboost":
        import xgboost

        cls = xgboost.XGBRegressor if regression else xgboost.XGBClassifier
        return cls(random_state=0, enable_categorical=True, tree_method="hist")
    import catboost

    cls = catboost.CatBoostRegressor if regression else catboost.CatBoostClassifier
    return cls(random_seed=0, verbose=0, cat_features=categories, allow_writing_files=False)


def main(name: str, fold: str, kind: str, out: str) -> None:
    """Fit, predict, write the predictions."""
    frame, target = table(name)
    _, task, positive = SETS[name]
    train, test = folds(name, target)[int(fold)]
    regression = task == "regression"
    began = time.perf_counter()
    frame, numbers, categories = prepared(frame, train)
    y = target[train]
    if not regression:
        classes = sorted(set(target.tolist()))
        if positive is not None:
            classes = [*(c for c in classes if c != positive), positive]
        y = np.array([classes.index(c) for c in y])
    if kind == "mlp":
        frame[categories] = frame[categories].astype(object).where(frame[categories].notna(), "")
        model = mlp(regression, frame, numbers, categories, train)
    else:
        if kind == "catboost":
            frame[categories] = frame[categories].astype(object).fillna("missing")
        else:
            frame = as_categories(frame, categories, train)
        if kind == "hist":  # it takes at most 255 levels: of larger columns the order of levels
            for c in [c for c in categories if frame[c].cat.categories.size > 254]:
                frame[c] = frame[c].cat.codes.where(frame[c].notna(), np.nan)
        if kind == "lightgbm":
            frame.columns = [f"c{i}" for i in range(frame.shape[1])]
        model = model_of(kind, regression, frame, categories)
    model.fit(frame.iloc[train], y)
    seconds = time.perf_counter() - began
    x = frame.iloc[test]
    p = model.predict(x) if regression else model.predict_proba(x)
    import importlib

    library = {"mlp": "sklearn", "hist": "sklearn"}.get(kind, kind)
    np.savez(out, out=np.asarray(p, float), seconds=seconds,
             version=importlib.import_module(library).__version__)  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
