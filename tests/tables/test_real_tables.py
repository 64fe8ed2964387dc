"""21 real tables: each column is what the table's description says, and the arrays have its shape.

The tables lie in `tables/` of the folder that RANVIER_DATA names.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ranvier.tables import Encoder, Plan, Reading, make_plan, read_table, recognize

FOLDER = Path(os.environ.get("RANVIER_DATA", "")) / "tables"

pytestmark = pytest.mark.skipif(
    not (FOLDER / "README.md").exists(), reason="set RANVIER_DATA to the folder with the tables"
)

# Name: rows, columns, target, task, classes, and the columns that are no plain number.
TABLES: dict[str, tuple[int, int, str, str, int, dict[str, str]]] = {
    "bank_marketing": (45_211, 17, "y", "binary", 2, {
        "category": "poutcome job marital contact",
        "ordered": "education month", "yes/no": "default housing loan y",
    }),
    "online_shoppers": (12_330, 18, "Revenue", "binary", 2, {
        "category": "OperatingSystems Browser Region TrafficType VisitorType",
        "ordered": "Month", "yes/no": "Weekend Revenue",
    }),
    "german_credit": (1_000, 21, "class", "binary", 2, {
        "category": "checking_status credit_history purpose savings employment personal_status_sex "
        "other_debtors property other_installment_plans housing job telephone foreign_worker "
        "dependents class",
    }),
    "pima_diabetes": (768, 9, "diabetes", "binary", 2, {"yes/no": "diabetes"}),
    "bank_churn": (10_000, 14, "Exited", "binary", 2, {
        "identifier": "RowNumber CustomerId", "category": "Surname Geography Gender",
        "yes/no": "HasCrCard IsActiveMember Exited",
    }),
    "credit_default": (30_000, 25, "default.payment.next.month", "binary", 2, {
        "identifier": "ID", "category": "SEX EDUCATION MARRIAGE",
        "yes/no": "default.payment.next.month",
    }),
    "hr_job_change": (19_158, 14, "target", "binary", 2, {
        "identifier": "enrollee_id",
        "category": "city gender relevent_experience enrolled_university major_discipline "
        "company_type",
        "ordered": "education_level experience company_size last_new_job", "yes/no": "target",
    }),
    "mammography": (11_183, 7, "class", "binary", 2, {"category": "class"}),
    "amazon_access": (32_769, 8, "ACTION", "binary", 2, {
        "category": "RESOURCE ROLE_ROLLUP_2 ROLE_DEPTNAME ROLE_TITLE ROLE_FAMILY_DESC ROLE_FAMILY "
        "ROLE_CODE",
        "yes/no": "ACTION",
    }),
    "airline_tweets": (14_640, 15, "airline_sentiment", "multiclass", 3, {
        "identifier": "tweet_id", "text": "text", "date": "tweet_created",
        "category": "airline_sentiment negativereason airline airline_sentiment_gold name "
        "negativereason_gold tweet_coord tweet_location user_timezone",
    }),
    "car_evaluation": (1_728, 7, "class", "multiclass", 4, {
        "ordered": "buying maint doors persons lug_boot safety class",
    }),
    "california_housing": (20_640, 10, "median_house_value", "regression", 0, {
        "category": "ocean_proximity",
    }),
    "protein": (45_730, 10, "RMSD", "regression", 0, {}),
    "airfoil": (1_503, 6, "TARGET", "regression", 0, {}),
    "concrete": (1_030, 9, "strength", "regression", 0, {}),
    "insurance": (1_338, 7, "charges", "regression", 0, {
        "category": "sex region", "yes/no": "smoker",
    }),
    "elevators": (16_599, 19, "class", "regression", 0, {}),
    "wine_quality": (6_497, 13, "quality", "ordinal", 0, {"category": "colour"}),
    "miami_housing": (13_932, 17, "SALE_PRC", "regression", 0, {
        "identifier": "PARCELNO", "yes/no": "avno60plus",
    }),
    "kc_house": (21_613, 21, "price", "regression", 0, {
        "identifier": "id", "date": "date", "yes/no": "waterfront", "category": "zipcode",
    }),
    "melbourne_housing": (13_580, 21, "Price", "regression", 0, {
        "category": "Suburb Type Method SellerG Postcode CouncilArea Regionname",
        "text": "Address", "date": "Date",
    }),
}  # fmt: skip

NOTES = {
    ("bank_marketing", "poutcome"): "'unknown' in 82% of the rows",
    ("bank_marketing", "pdays"): "-1 in 81.7% of the rows is the only negative value",
    ("pima_diabetes", "insulin"): "0 in 48.7% of the rows is impossible by the name",
    ("airline_tweets", "tweet_id"): "--group tweet_id",
    ("kc_house", "id"): "177 values occur again",
    ("kc_house", "bedrooms"): "the greatest value, 33, is far from the next, 11",
    ("melbourne_housing", "YearBuilt"): "the year 1196 is likely a mistake",
    ("hr_job_change", "last_new_job"): "",
}
ORDERS = {
    ("car_evaluation", "doors"): "2 3 4 5more",
    ("car_evaluation", "buying"): "low med high vhigh",
    ("car_evaluation", "persons"): "2 4 more",
    ("hr_job_change", "last_new_job"): "never 1 2 3 4 >4",
    ("hr_job_change", "company_size"): "<10 10/49 50-99 100-500 500-999 1000-4999 5000-9999 10000+",
    ("bank_marketing", "education"): "primary secondary tertiary",
}
WARNINGS = {
    "airline_tweets": ("negativereason", "tweet_created"),
    "kc_house": ("--time date",),
    "melbourne_housing": ("--time Date",),
    "miami_housing": ("PARCELNO",),
    "mammography": ("3,334 kept",),
}


@cache
def planned(name: str) -> tuple[Reading, Plan]:
    reading = read_table(FOLDER / f"{name}.csv.gz")
    return reading, make_plan(reading, TABLES[name][2])


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_recognized(name: str) -> None:
    rows, columns, target, task, classes, kinds = TABLES[name]
    reading, plan = planned(name)
    assert reading.frame.shape == (rows, columns)
    assert (plan.target, plan.task, len(plan.classes)) == (target, task, classes)
    expected = {column: kind for kind, listed in kinds.items() for column in listed.split()}
    found = {column.name: column.kind for column in plan.columns}
    assert found == {column: expected.get(column, "number") for column in found}
    for words in WARNINGS.get(name, ()):
        assert any(words in str(choice) for choice in plan.warnings), words


@pytest.mark.parametrize("name", TABLES)
def test_a_part_of_the_rows_is_recognized_as_the_whole(name: str) -> None:
    """A model is trained on a part: what decides must not be how many rows there are."""
    frame = planned(name)[0].frame
    rows = np.sort(np.random.default_rng(1).permutation(frame.height)[: frame.height * 2 // 5])
    whole = {column.name: column.kind for column in recognize(frame)}
    assert {column.name: column.kind for column in recognize(frame[rows])} == whole


@pytest.mark.parametrize(("name", "column"), NOTES)
def test_what_looks_wrong_is_noted(name: str, column: str) -> None:
    assert NOTES[name, column] in " ".join(planned(name)[1].column(column).notes)


@pytest.mark.parametrize(("name", "column"), ORDERS)
def test_levels_stand_in_order(name: str, column: str) -> None:
    assert planned(name)[1].column(column).levels == tuple(ORDERS[name, column].split())


def test_days_and_months_are_told_apart_by_the_data() -> None:
    dates = planned("melbourne_housing")[1].column("Date")
    assert dates.parsing["spellings"][0] == "dmy"
    assert "goes up to 30, so it is the day" in dates.reason
    assert dates.profile == {"first": "2016-01-28 00:00:00", "last": "2017-09-23 00:00:00"}


@pytest.mark.parametrize("name", TABLES)
def test_rows_have_the_same_bits_one_by_one_and_after_a_file(name: str) -> None:
    reading, plan = planned(name)
    restored = Plan.restore(json.loads(json.dumps(plan.config())))
    assert str(restored) == str(plan)
    train, held = plan.split_rows(reading.frame)
    few = reading.frame[train[:1500]]
    encoder = Encoder.fit(few, plan)
    rows = reading.frame[held[:20]]
    arrays = encoder.transform(rows)
    config = json.loads(json.dumps(encoder.config()))
    again = Encoder.restore(config, encoder.arrays())
    backwards = rows.select(rows.columns[::-1])
    for i in range(rows.height):
        for block, row in again.transform(backwards[i : i + 1]).items():
            np.testing.assert_array_equal(row[0], arrays[block][i])
    for block, array in arrays.items():
        assert np.isfinite(array).all()
        assert array.shape[1] == len(encoder.names[block]) == len(encoder.sources[block])
    if "categories" in arrays:
        assert (arrays["categories"] < np.array(encoder.levels)).all()
    np.testing.assert_array_equal(again.encode_target(rows), encoder.encode_target(rows))
