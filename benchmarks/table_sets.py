"""The tables of `tables.py`: targets, tasks and folds by the protocol of data/tables/README.md."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("RANVIER_DATA", ".")) / "tables"

# name: target, task, positive class
SETS: dict[str, tuple[str, str, str | None]] = {
    "bank_marketing": ("y", "binary", "yes"),
    "online_shoppers": ("Revenue", "binary", "TRUE"),
    "german_credit": ("class", "binary", "2"),
    "pima_diabetes": ("diabetes", "binary", "1"),
    "bank_churn": ("Exited", "binary", "1"),
    "credit_default": ("default.payment.next.month", "binary", "1"),
    "hr_job_change": ("target", "binary", "1.0"),
    "mammography": ("class", "binary", "'1'"),
    "amazon_access": ("ACTION", "binary", "0"),
    "airline_tweets": ("airline_sentiment", "multiclass", None),
    "car_evaluation": ("class", "multiclass", None),
    "california_housing": ("median_house_value", "regression", None),
    "protein": ("RMSD", "regression", None),
    "airfoil": ("TARGET", "regression", None),
    "concrete": ("strength", "regression", None),
    "insurance": ("charges", "regression", None),
    "elevators": ("class", "regression", None),
    "wine_quality": ("quality", "regression", None),
    "miami_housing": ("SALE_PRC", "regression", None),
    "kc_house": ("price", "regression", None),
    "melbourne_housing": ("Price", "regression", None),
}
# Two sets with published splits of their own: the official one of Adult, and California housing in
# 64 / 16 / 20 parts with the eight columns that scikit-learn makes of it, in units of $100,000.
PUBLISHED: dict[str, tuple[str, str, str | None]] = {
    "adult": ("income", "binary", ">50K"),
    "california": ("MedHouseVal", "regression", None),
}
ADULT = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week",
    "native_country", "income",
)  # fmt: skip
ADULT_TRAIN_ROWS = 32_561
LEAKS = {
    "airline_tweets": [
        "airline_sentiment_confidence", "negativereason", "negativereason_confidence",
        "airline_sentiment_gold", "negativereason_gold",
    ]
}  # fmt: skip


def error_name(task: str) -> str:
    """The error that models are ranked by."""
    return {"binary": "1 - AUC", "multiclass": "log-loss"}.get(task, "RMSE")


def cells(name: str) -> Any:
    """The table as a polars frame of text, missing cells as null."""
    import polars as pl

    if name in PUBLISHED:
        return adult() if name == "adult" else california()
    path = FOLDER / f"{name}.csv.gz"
    separator = "\t" if name == "airfoil" else ","
    frame = pl.read_csv(path, separator=separator, infer_schema=False)
    frame = frame.rename({c: c.strip().removeprefix("\ufeff") for c in frame.columns})
    if name == "elevators":  # a space after each comma
        frame = frame.with_columns(pl.all().str.strip_chars())
    return frame.drop(LEAKS.get(name, []))


def adult() -> Any:
    """Adult with its official test part at the end."""
    import polars as pl

    parts = [
        pl.read_csv(FOLDER.parent / "adult" / f"adult-{part}.csv", has_header=False,
                    new_columns=ADULT, infer_schema=False)
        for part in ("train", "test")
    ]  # fmt: skip
    frame = pl.concat(parts).with_columns(pl.all().str.strip_chars()).drop_nulls("income")
    return frame.with_columns(
        pl.col("income").str.strip_chars("."), pl.all().exclude("income").replace("?", None)
    )


def california() -> Any:
    """California housing as scikit-learn has it, from the counts that it was made of."""
    import polars as pl

    raw = pl.read_csv(FOLDER / "california_housing.csv.gz")
    homes = pl.col("households")
    bedrooms = pl.col("total_bedrooms").fill_null(pl.col("total_bedrooms").median())
    return raw.select(
        MedInc="median_income", HouseAge="housing_median_age",
        AveRooms=pl.col("total_rooms") / homes,
        AveBedrms=bedrooms / homes, Population="population", AveOccup=pl.col("population") / homes,
        Latitude="latitude", Longitude="longitude",
        MedHouseVal=pl.col("median_house_value") / 100_000,
    ).cast(pl.String)  # fmt: skip


def folds(name: str, target: Any) -> list[tuple[Any, Any]]:
    """Row numbers of the training and the test part of each of the five folds."""
    import numpy as np
    from sklearn.model_selection import KFold, StratifiedKFold

    if name == "adult":
        rows = np.arange(len(target))
        return [(rows[:ADULT_TRAIN_ROWS], rows[ADULT_TRAIN_ROWS:])]
    if name == "california":
        rows = np.random.default_rng(0).permutation(len(target))
        return [(rows[: len(rows) * 4 // 5], rows[len(rows) * 4 // 5 :])]
    regression = SETS[name][1] == "regression"
    kind = KFold if regression else StratifiedKFold
    rows = np.zeros(len(target))
    split = kind(5, shuffle=True, random_state=0).split(rows, None if regression else target)
    return list(split)
