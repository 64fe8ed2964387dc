"""The encoder: fitted on training rows, the same for any rows, and never by a row's own target."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from ranvier.errors import DataError
from ranvier.tables import Encoder, make_plan, read_table
from ranvier.tables.encoding import text_features
from ranvier.tables.encoding.statistics import cross_fitting
from ranvier.tables.encoding.text_features import TextFeatures

ROWS = 400
RANDOM = np.random.default_rng(0)


def frame(rows: int = ROWS) -> pl.DataFrame:
    i = np.arange(rows)
    return pl.DataFrame(
        {
            "size": np.where(i % 10 == 0, np.nan, RANDOM.normal(size=rows)),
            "paid": np.where(i % 7 == 0, "", np.where(i % 2, "yes", "no")),
            "color": np.array(["red", "green", "blue"])[i % 3],
            "grade": np.array(["low", "medium", "high"])[i // 3 % 3],
            "town": np.array([f"town {j}" for j in range(20)])[i % 20],
            "shop": np.array([f"shop {j}" for j in range(70)])[RANDOM.integers(0, 70, rows)],
            "when": np.array([f"{j % 28 + 1}/{j % 12 + 1}/2020 {j % 24}:00" for j in i]),
            "words": np.array([f"the number {j} of {j % 5} things" for j in i]),
            "y": np.array(["no", "yes"])[RANDOM.integers(0, 2, rows)],
        }
    ).with_columns(pl.col("size").fill_nan(None), pl.col("paid").replace("", None))


def fitted(table: pl.DataFrame) -> tuple[Encoder, dict[str, np.ndarray]]:
    return Encoder.fit_transform(table, make_plan(table, "y"))


def test_columns_become_the_arrays_that_a_network_reads() -> None:
    table = frame()
    encoder, arrays = fitted(table)
    kinds = {name: array.dtype for name, array in arrays.items()}
    assert kinds == {"numbers": np.float32, "flags": np.float32, "categories": np.int32}
    again = (table["shop"].value_counts()["count"] > 1).sum()
    assert encoder.levels == (21, 1 + again)  # a shop of a single row has code 0
    names = encoder.names
    assert names["categories"] == ["town", "shop"]
    assert names["numbers"][:2] == ["size", "grade rank"]
    assert names["flags"][:2] == ["size missing", "paid: yes (+1) or no (-1)"]
    assert [n for n in names["numbers"] if n.startswith("shop")] == [
        "shop frequency", "shop mean target",
    ]  # fmt: skip
    assert [n for n in names["numbers"] if n.startswith("when")] == [
        "when days", "when month", "when day", "when weekday", "when hour",
    ]  # fmt: skip
    size = table["size"].to_numpy()
    expected = np.where(np.isnan(size), np.nanmedian(size), size).astype(np.float32)
    np.testing.assert_array_equal(arrays["numbers"][:, 0], expected)
    np.testing.assert_array_equal(arrays["flags"][:, 0], np.isnan(size))
    answers = table["paid"].replace_strict({"yes": 1.0, "no": -1.0}, default=0.0)
    np.testing.assert_array_equal(arrays["flags"][:, 1], answers.to_numpy())


def test_unseen_and_missing_levels_are_code_zero_and_rows_of_zeros() -> None:
    table = frame()
    encoder, _ = fitted(table)
    strange = table.head(2).with_columns(
        pl.lit("atlantis").alias("town"),
        pl.lit(None, pl.String).alias("shop"),
        pl.lit("purple").alias("color"),
        pl.lit("maybe").alias("paid"),
    )
    with pytest.warns(UserWarning, match="column '(color|paid)': 2 of 2 cells are values that"):
        arrays = encoder.transform(strange)
    assert (arrays["categories"] == 0).all()
    of_color = [i for i, name in enumerate(encoder.names["flags"]) if "color" in name]
    assert len(of_color) == 3
    assert (arrays["flags"][:, of_color] == 0).all()
    assert (arrays["flags"][:, 1] == 0).all()
    statistic = encoder.names["numbers"].index("shop mean target")
    mean = (table["y"] == "yes").to_numpy().mean()
    np.testing.assert_allclose(arrays["numbers"][:, statistic], mean, rtol=1e-6)  # type: ignore[arg-type]


def test_missing_columns_are_named_and_further_ones_are_not_read() -> None:
    table = frame()
    encoder, _ = fitted(table)
    with pytest.raises(DataError, match=r"lacks 1 of the 8 columns .* 'town'; did you mean 'Town'"):
        encoder.transform(table.rename({"town": "Town"}))
    more = table.with_columns(pl.lit(1).alias("extra"))
    assert encoder.extra_columns(more.columns) == ["extra"]
    for name, array in encoder.transform(more.drop("y")).items():
        np.testing.assert_array_equal(array, encoder.transform(table)[name])


def test_statistics_of_a_training_row_leave_its_own_target_out() -> None:
    """Changing the target of one row changes what the others know, but not what it knows."""
    table = frame()
    plan = make_plan(table, "y")
    flipped = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 17)
        .then(pl.when(pl.col("y") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes")))
        .otherwise(pl.col("y"))
        .alias("y")
    )
    encoder, before = Encoder.fit_transform(table, plan)
    _, after = Encoder.fit_transform(flipped, plan)
    knowing = [
        i for i, name in enumerate(encoder.names["numbers"])
        if "mean target" in name or "evidence" in name
    ]  # fmt: skip
    assert len(knowing) == 2
    np.testing.assert_array_equal(before["numbers"][17, knowing], after["numbers"][17, knowing])
    assert (before["numbers"][:, knowing] != after["numbers"][:, knowing]).any()


def test_a_category_of_noise_tells_nothing_in_training_either() -> None:
    rows = 2_000
    table = pl.DataFrame(
        {
            "shop": [f"shop {j}" for j in RANDOM.integers(0, 600, rows)],
            "y": np.array(["no", "yes"])[RANDOM.integers(0, 2, rows)],
        }
    )
    encoder, arrays = fitted(table)
    statistic = arrays["numbers"][:, encoder.names["numbers"].index("shop mean target")]
    positive = (table["y"] == "yes").to_numpy()
    assert abs(np.corrcoef(statistic, positive)[0, 1]) < 0.1
    naive = encoder.transform(table)["numbers"][:, 1]
    assert np.corrcoef(naive, positive)[0, 1] > 0.3  # what would be learned by heart


def paired(rows: int = 4_000) -> pl.DataFrame:
    """Towns and shops of which only both together say something; streets say it alone."""
    random = np.random.default_rng(5)
    town, shop = random.integers(0, 60, rows), random.integers(0, 60, rows)
    pair = town % 4 * 4 + shop % 4
    street = random.integers(0, 70, rows)
    likely = np.where(pair % 5 < 2, 0.95, 0.05) * 0.8 + (street % 2) * 0.2
    return pl.DataFrame(
        {
            "town": [f"town {j}" for j in town % 4 + 4 * (town // 4)],
            "shop": [f"shop {j}" for j in shop],
            "street": [f"street {j}" for j in street],
            "y": np.array(["no", "yes"])[(random.random(rows) < likely).astype(int)],
        }
    )


def test_pairs_of_levels_that_tell_more_together_are_numbers() -> None:
    table = paired()
    encoder, arrays = fitted(table)
    pairs = [n for n in encoder.names["numbers"] if " with " in n]
    assert any({"town", "shop"} <= set(name.split()) for name in pairs)
    assert encoder.columns == ("town", "shop", "street")
    # A level that is unseen or missing makes a pair that tells the mean of all rows.
    odd = pl.DataFrame({"town": ["nowhere", None], "shop": ["shop 1"] * 2, "street": ["x"] * 2})
    i = encoder.names["numbers"].index(pairs[0])
    mean = (table["y"] == "yes").to_numpy().mean()
    np.testing.assert_allclose(encoder.transform(odd)["numbers"][:, i], mean, rtol=1e-6)
    again = Encoder.restore(json.loads(json.dumps(encoder.config())), encoder.arrays())
    whole = again.transform(table)["numbers"]
    np.testing.assert_array_equal(whole, encoder.transform(table)["numbers"])
    one_by_one = [again.transform(table[k : k + 1])["numbers"] for k in range(5)]
    np.testing.assert_array_equal(np.concatenate(one_by_one), whole[:5])
    assert arrays["numbers"].shape == whole.shape


def test_pairs_of_noise_are_left_out() -> None:
    table = paired().with_columns(y=pl.Series(np.array(["no", "yes"])[np.arange(4_000) % 2]))
    encoder, _ = fitted(table)
    assert not [n for n in encoder.names["numbers"] if " with " in n]


def test_pairs_of_a_training_row_leave_its_own_target_out() -> None:
    table = paired()
    plan = make_plan(table, "y")
    answers = table["y"].to_list()
    answers[17] = "no" if answers[17] == "yes" else "yes"
    encoder, before = Encoder.fit_transform(table, plan)
    _, after = Encoder.fit_transform(table.with_columns(y=pl.Series(answers)), plan)
    i = [k for k, name in enumerate(encoder.names["numbers"]) if " with " in name]
    np.testing.assert_array_equal(before["numbers"][17, i], after["numbers"][17, i])
    assert (before["numbers"][:, i] != after["numbers"][:, i]).any()


def test_the_same_cells_as_text_numbers_and_dates_have_the_same_bits() -> None:
    typed = pl.DataFrame(
        {
            "zip": [10_000 + i % 9 for i in range(60)],
            "x": [i / 4 for i in range(60)],
            "d": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 2, 29), eager=True),
            "b": [bool(i % 2) for i in range(60)],
            "y": [i % 2 for i in range(60)],
        }
    )
    text = typed.select(pl.all().cast(pl.String))
    from_text = Encoder.fit(text, make_plan(text, "y", kinds={"zip": "category"}))
    floats = typed.with_columns(pl.col("zip", "y").cast(pl.Float64))  # as pandas has them
    for table in (typed, floats, floats.to_pandas(), floats.to_arrow(), typed.to_dict()):
        for name, array in from_text.transform(table).items():
            np.testing.assert_array_equal(array, from_text.transform(text)[name], strict=True)
        again = read_table(table).frame
        np.testing.assert_array_equal(from_text.encode_target(again), typed["y"].to_numpy())


def test_labels_come_back_as_they_were_written() -> None:
    table = pl.DataFrame({"x": list(range(40)), "y": ["Yes", "NO", "no", "yes", "Yes"] * 8})
    encoder = Encoder.fit(table, make_plan(table, "y"))
    codes = encoder.encode_target(table)
    assert codes.tolist()[:5] == [1, 0, 0, 1, 1]
    assert encoder.decode(codes).tolist()[:5] == ["Yes", "NO", "NO", "Yes", "Yes"]
    with pytest.raises(DataError, match="'perhaps' is none of the classes NO, Yes"):
        encoder.encode_target(table.with_columns(pl.lit("perhaps").alias("y")))
    unknown = encoder.encode_target(table.with_columns(pl.lit("").alias("y")))
    assert (unknown == -1).all()


def test_numbers_too_large_or_too_close_for_float32_keep_their_differences() -> None:
    rows = np.arange(100)
    table = pl.DataFrame(
        {
            "stamp": 1_700_000_000_000.0 + rows * 3.5,
            "big": 1e300 * (1 + rows),
            "y": np.sin(rows / 9.0),
        }
    )
    plan = make_plan(table, "y", kinds={"stamp": "number"})
    _, arrays = Encoder.fit_transform(table, plan)
    assert np.isfinite(arrays["numbers"]).all()
    assert len(np.unique(arrays["numbers"][:, 0])) == 100
    assert len(np.unique(arrays["numbers"][:, 1])) == 100


def test_a_saved_encoder_is_json_and_arrays() -> None:
    table = frame()
    encoder, _ = fitted(table)
    config = json.loads(json.dumps(encoder.config()))
    arrays = encoder.arrays()
    assert all(type(array) is np.ndarray for array in arrays.values())
    again = Encoder.restore(config, arrays)
    assert (again.names, again.sources, again.levels, again.columns) == (
        encoder.names, encoder.sources, encoder.levels, encoder.columns,
    )  # fmt: skip
    for name, array in again.transform(table).items():
        np.testing.assert_array_equal(array, encoder.transform(table)[name], strict=True)


def test_the_terms_of_many_texts_are_learned_from_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted at once is bounded; the others are read as new texts are."""
    random = np.random.default_rng(0)
    words = [f"word{i}" for i in range(30)]
    texts = [" ".join(random.choice(words, 8)) for _ in range(6_000)]
    outputs = np.array([[1.0 * ("word3 " in text)] for text in texts])
    most: list[int] = []
    counted = text_features._counted_terms

    def watched(some: list[str]) -> Any:
        most.append(len(some))
        return counted(some)

    monkeypatch.setattr(text_features, "_counted_terms", watched)
    monkeypatch.setattr(text_features, "_MAX_FIT_CHARACTERS", 1_000 * len(texts[0]))
    features = TextFeatures.fit(texts, outputs, 3)
    x = features.transform_training(texts, outputs, cross_fitting, 3)
    assert 900 < max(n for n in most if n != 2_048) < 2_048
    chosen = text_features._learned_from(texts, 3)
    others = np.setdiff1d(np.arange(6_000), chosen)
    np.testing.assert_array_equal(x[others], features.transform([texts[i] for i in others]))
    own = features.transform([texts[i] for i in chosen])
    assert (x[chosen, :-1] == own[:, :-1]).all() and (x[chosen, -1] != own[:, -1]).mean() > 0.9
    # The evidence tells the class, of texts that it was learned from and of others.
    assert np.corrcoef(x[:, -1], outputs[:, 0])[0, 1] > 0.6


def test_text_tells_a_class_by_its_words() -> None:
    rows, random = 600, np.random.default_rng(0)
    positive = random.integers(0, 2, rows)
    filler = np.array(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"])
    texts = [
        " ".join([*random.choice(filler, 6), "splendid" if p else "dreadful", "trip"])
        for p in positive
    ]
    table = pl.DataFrame({"review": texts, "y": positive})
    train, held = table.head(400), table.tail(200)
    encoder = Encoder.fit(train, make_plan(train, "y"))
    evidence = encoder.transform(held)["numbers"][:, encoder.names["numbers"].index(
        "review evidence 0")]  # fmt: skip
    between = (evidence.min() + evidence.max()) / 2
    assert ((evidence > between) == positive[400:]).mean() > 0.97


def test_rows_without_a_target_cannot_be_trained_on() -> None:
    table = pl.DataFrame({"x": list(range(40)), "y": ["a", "b", None, "a"] * 10})
    plan = make_plan(table, "y")
    with pytest.raises(DataError, match="10 of the training rows have none"):
        Encoder.fit(table, plan)
    train, held = plan.split_rows(table)
    assert len(train) + len(held) == 30
    Encoder.fit(table[train], plan)


# --- cells that cannot be read ------------------------------------------------------------------

WRONG_CELLS = {
    "size": ["1,5", "no numbers as in training"],
    "paid": ["perhaps", "values that training did not have"],
    "color": ["mauve", r"such as 'mauve' \(it had 'red', "],
    "grade": ["third", "values that training did not have"],
    "town": ["elsewhere", "values that training did not have"],
    "when": ["2020/13/45 at noon", "no dates as in training"],
}


@pytest.mark.parametrize("name", WRONG_CELLS)
@pytest.mark.parametrize("restored", [False, True], ids=["fitted", "restored"])
def test_a_column_of_cells_that_cannot_be_read_is_warned_of_once(name: str, restored: bool) -> None:
    cell, message = WRONG_CELLS[name]
    table = frame()
    encoder, _ = fitted(table)
    if restored:
        encoder = Encoder.restore(json.loads(json.dumps(encoder.config())), encoder.arrays())
    encoder.transform(table[:50])
    few = table.with_columns(
        pl.when(pl.int_range(pl.len()) % 50 == 1)
        .then(pl.lit(cell))
        .otherwise(pl.col(name))
        .alias(name)
    )
    encoder.transform(few)  # one in fifty may be anything
    other = table.with_columns(pl.lit(cell).alias(name))
    with pytest.warns(UserWarning, match=f"column '{name}': 400 of 400 cells .*{message}"):
        missing = encoder.transform(other)
    encoder.transform(other)  # said already
    nothing = encoder.transform(table.with_columns(pl.lit(None, pl.String).alias(name)))
    for block, array in missing.items():
        np.testing.assert_array_equal(array, nothing[block])


def test_cells_that_are_missing_or_as_odd_as_in_training_are_no_matter() -> None:
    table = frame().with_columns(pl.col("size").cast(pl.String))
    table = table.with_columns(
        pl.when(pl.int_range(pl.len()) % 20 == 3)
        .then(pl.lit("n.b."))
        .otherwise("size")
        .alias("size")
    )
    encoder, _ = fitted(table)
    encoder.transform(table)
    encoder.transform(table[3:6])  # one of three, and not missing in training
    encoder.transform(table.with_columns(pl.lit("").alias("size"), pl.lit("NA").alias("when")))
    encoder.transform(table.with_columns(pl.lit("a new shop").alias("shop")))  # one of many
