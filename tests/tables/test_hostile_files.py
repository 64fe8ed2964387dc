"""Hostile files: each ends in a plan with stated reasons or in an error that says what to do."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ranvier.errors import DataError, FileError
from ranvier.tables import Encoder, Plan, make_plan, read_table


def table(header: str, row: Callable[[int], str], rows: int = 100) -> str:
    return header + "\n" + "".join(f"{row(i)}\n" for i in range(rows))


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def planned(path: Path, target: str = "y") -> tuple[Plan, dict[str, np.ndarray]]:
    """The plan of a file and the arrays of its training rows, which must be finite."""
    reading = read_table(path)
    plan = make_plan(reading, target)
    train, held = plan.split_rows(reading.frame)
    encoder, arrays = Encoder.fit_transform(reading.frame[train], plan)
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert encoder.transform(reading.frame[held]).keys() == arrays.keys()
    assert all(choice.reason for choice in plan.choices)
    assert all(column.reason for column in plan.columns)
    return plan, arrays


PLAIN = table("a,b,y", lambda i: f"{i % 5},{i % 7},{i % 2}")
LETTERS = random.Random(0)

ERRORS: dict[str, tuple[str | bytes, str]] = {
    "empty.csv": ("", "empty.csv: the file is empty"),
    "blank.csv": ("\n  \n", "nothing but blanks"),
    "header_only.csv": ("a,b,y\n", "a header with 3 columns and no rows"),
    "one_row.csv": ("a,b,y\n1,2,yes\n", "1 row; expected at least 10"),
    "one_class.csv": (table("a,y", lambda i: f"{i},yes"), "every cell is 'yes'"),
    "one_value.csv": (table("a,y", lambda i: f"{i},3.5"), "every cell is '3.5'"),
    "long_row.csv": (
        table("a,b,y", lambda i: "1,2,3,4" if i == 20 else f"{i},{i % 3},no"),
        "long_row.csv, line 22: 4 fields where the header has 3",
    ),
    "short_row.csv": (
        table("a,b,y", lambda i: "1,2" if i == 20 else f"{i},{i % 3},no"),
        "line 22: 2 fields where the header has 3",
    ),
    "all_missing.csv": (table("a,b,y", lambda i: ",,"), "target 'y': every cell is missing"),
    "no_features.csv": (table("a,b,y", lambda i: f",NA,{i % 2}"), "no column to learn 'y' from"),
    "quotes.csv": (
        table("a,b,y", lambda i: f'{i},"text {i}{"" if i == 20 else chr(34)},{i % 2}'),
        "quotes.csv, line 22: a cell goes on after its closing",
    ),
    "open_quote.csv": (
        table("a,b,y", lambda i: f"{i},{chr(34) if i == 20 else ''}text {i},{i % 2}", 40)
        + '3,"good",1\n3,"good, too",0\n',
        'line 22: a cell goes on after its closing "',
    ),
    "binary.csv": (bytes(range(256)) * 50, "this is no text but a binary file"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(300), "this is a PNG image, in spite of its name"),
    "zeros.csv": (b"a,b,y\n1,2,\x003\n" * 20, "no text but a binary file"),
    "page.csv": ("<!DOCTYPE html><html></html>", "this is a web page or XML"),
    "cut.csv.gz": (gzip.compress(PLAIN.encode() * 200)[:300], "gzip data are damaged or cut off"),
    "one_column.csv": (table("y", lambda i: str(i % 2)), "it is the only column"),
    "names.csv": (table("a,y", lambda i: f"{i % 5},name{i}"), "target 'y': it names the rows"),
    "days.csv": (table("a,y", lambda i: f"{i % 5},2020-01-{i % 28 + 1:02}"), "it is a date"),
    "upper.csv": (table("a,Y", lambda i: f"{i % 5},{i % 2}"), "no column 'y' for the target"),
    "bad.jsonl": ('{"y": 1}\n' * 30 + '{"y": \n', "bad.jsonl, line 31: this is no JSON"),
    "colons.csv": (table("a:b:y", lambda i: f"{i}:{i}:0"), "give the --delimiter"),
    "footer.csv": (PLAIN + "Total\n", "footer.csv, line 102: 1 field where the header has 3"),
    "odd.csv": (PLAIN.encode("utf-16")[:-1], "is not utf-16"),
    "scalars.jsonl": ('{"y": 1}\n[2]\n', "line 2: expected an object"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_learned_from_is_a_clear_error(name: str, tmp_path: Path) -> None:
    text, message = ERRORS[name]
    with pytest.raises(DataError) as caught:
        planned(write(tmp_path, name, text))
    assert message in str(caught.value)


def test_a_file_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    write(tmp_path, "sales.csv", PLAIN)
    with pytest.raises(FileError, match="no such file; in that folder are sales.csv"):
        read_table(tmp_path / "sale.csv")
    with pytest.raises(FileError, match="expected a file with a table, got a folder"):
        read_table(tmp_path)


# Name: (text, {column: kind}, words of a choice or note).
PLANS: dict[str, tuple[str | bytes, dict[str, str], str]] = {
    "western.csv": (
        table("name;größe;y", lambda i: f"Müller{i % 5};{i % 7},5;{'ja' if i % 3 else 'nein'}")
        .encode("cp1252"),
        {"name": "category", "größe": "number", "y": "yes/no"},
        "encoding: cp1252",
    ),
    "chinese.csv": (
        table("城市,价格,y", lambda i: f"{'京沪粤'[i % 3]}市,{i % 17},{'是否'[i % 2]}")
        .encode("gb18030"),
        {"城市": "category", "价格": "number", "y": "yes/no"},
        "encoding: gb18030",
    ),
    "cyrillic.csv": (
        table("город,y", lambda i: f"{['Москва', 'Казань', 'Омск'][i % 3]},{i % 2}")
        .encode("cp1251"),
        {"город": "category"},
        "encoding: cp1251",
    ),
    "utf16.csv": (PLAIN.encode("utf-16"), {"a": "number"}, "encoding: utf-16 (a byte-order mark)"),
    "utf16_bare.csv": (PLAIN.encode("utf-16-le"), {"a": "number"}, "encoding: utf-16-le"),
    "ten_thousand_categories.csv": (
        table("c,x,y", lambda i: f"c{i // 2},{i % 13},{i // 2 % 2}", 20_000),
        {"c": "category"},
        "10,000 levels",
    ),
    "repeated_names.csv": (
        table("a,a,,y", lambda i: f"{i % 7},{i % 5},{i % 3},{i % 2}"),
        {"a": "number", "a_2": "number", "column_3": "number"},
        "name: a_2 (column 2 is called 'a' as one before it is)",
    ),
    "inches.csv": (
        table("a,b,y", lambda i: f'{i % 9},{i % 5}" pipe,{i % 2}'), {"b": "category"}, "",
    ),
    "leading_inch.csv": (
        table("a,b,y", lambda i: f'{i % 9},"{i % 5} pipe,{i % 2}'),
        {"b": "category"},
        "quotes: ordinary characters",
    ),
    "backslashes.csv": (
        table("a,b,y", lambda i: f'{i % 9},"he \\"{i % 5}, so\\" ok",{i % 2}'),
        {"b": "category"},
        'quotes: \\" inside cells',
    ),
    "single_quotes.csv": (
        table("a,b,y", lambda i: f"'x, {i % 3}',{i % 7},{i % 2}"), {"a": "category"}, "quotes: '",
    ),
    "line_breaks.csv": (
        table("a,b,y", lambda i: f'"one {i % 3}\nnext, one",{i % 7},{i % 2}'),
        {"a": "category"},
        "",
    ),
    "blank_targets.csv": (
        table("a,y", lambda i: f"{i % 9},{['yes', 'no', '', '  ', 'NA'][i % 5]}"),
        {"y": "yes/no"},
        "rows without a target: 60 left out",
    ),
    "dates.csv": (
        table(
            "d,y",
            lambda i: [
                f"2020-{i % 12 + 1:02}-{i % 28 + 1:02}",
                f"{i % 28 + 1} {['Jan', 'Feb', 'Mar'][i % 3]} 2021",
                f"{i % 28 + 1:02}.{i % 12 + 1:02}.2022",
            ][i % 3] + f",{i % 2}",
        ),
        {"d": "date"},
        "so it is the day",
    ),
    "ambiguous_dates.csv": (
        table("d,x,y", lambda i: f"{i % 12 + 1}/{i * 7 % 12 + 1}/2020,{i % 5},{i % 2}"),
        {"d": "date"},
        "the data do not say whether day or month comes first",
    ),
    "units.csv": (
        table(
            "w,l,p,c,t,y",
            lambda i: f'{i} kg,{f"{i} cm" if i % 2 else f"{i} mm"},{i}%,"${i},{i:03}.50",'
            f"{i % 24}:{i % 60:02},{i % 2}",
        ),
        dict.fromkeys("wlpct", "number"),
        "numbers with the units cm, mm",
    ),
    "other_units.csv": (
        table("w,x,y", lambda i: f"{i % 9} {['kg', 'apples', 'miles'][i % 3]},{i % 7},{i % 2}"),
        {"w": "category"},
        "units or formats that do not go together",
    ),
    "an_id.csv": (
        table("id,y", lambda i: f"{i},{int(i > 50)}"),
        {"id": "number"},
        "! identifiers: used: id (there is no other column",
    ),
    "leak.csv": (
        table("a,b,y", lambda i: f"{LETTERS.random()},{i % 2 + LETTERS.random() / 9},{i % 2}"),
        {"b": "number"},
        "! column b: may give the answer away",
    ),
    "copy.csv": (
        table("a,b,y", lambda i: f"{LETTERS.random()},{'no' if i % 2 else 'yes'},{i % 2}"),
        {"b": "ignored"},
        "! column b: left out (the same as the target in every row)",
    ),
    "mixed.csv": (
        table("a,b,y", lambda i: f"{[i, 'x', 2.5, 'true'][i % 4]},{i % 5},{i % 2}"),
        {"a": "category"},
        "mixed: 50% of the cells are numbers",
    ),
    "mostly_numbers.csv": (
        table("a,b,y", lambda i: f"{'bad' if i == 7 else i * 1.5},{i % 5},{i % 2}"),
        {"a": "number"},
        "1 cells are no finite numbers, such as 'bad': read as missing",
    ),
    "huge_integers.csv": (
        table("a,b,x,y", lambda i: f"{10**25 + i},{2**63 + i * 7},{i % 5},{i % 2}"),
        {"a": "identifier", "b": "identifier"},
        "identifiers: 2 left out",
    ),
    "infinities.csv": (
        table("a,b,y", lambda i: f"{['inf', 1, 2, '-inf', 3e300, 4][i % 6]},{i % 5},{i % 2}"),
        {"a": "number"},
        "34 cells are infinite: read as missing",
    ),
    "wide.csv": (
        table(
            ",".join(f"c{i}" for i in range(250)) + ",y",
            lambda i: ",".join(str(i * j % 1009) for j in range(250)) + f",{i % 2}",
            60,
        ),
        {"c0": "constant", "c1": "identifier", "c2": "number"},
        "! more columns than rows",
    ),
    "compressed.csv.gz": (gzip.compress(PLAIN.encode()), {"a": "number"}, "compression: gzip"),
    "title.csv": (f"Report of 2024\n\n{PLAIN}", {"a": "number"}, "lines left out: the first 1"),
    "no_header.csv": (
        PLAIN.partition("\n")[2].replace("\n", ",y\n").replace("y\n", "n\n", 50),
        {"column_1": "number"},
        "header: none",
    ),
    "trailing.csv": (PLAIN.replace("\n", ",\n"), {"a": "number"}, "the lines end in a delimiter"),
    "row_names.csv": (
        table("a,y", lambda i: f"{i},{i % 5},{i % 2}"),
        {"row_name": "identifier", "a": "number"},
        "! name: row_name",
    ),
    "german.csv": (
        table("preis;menge;y", lambda i: f"1.{i:03},{i % 100:02};{i},5;{i % 2}"),
        {"preis": "number", "menge": "number"},
        "',' is the decimal mark, as in '0,5'",
    ),
    "zip_codes.csv": (
        table("zip,x,y", lambda i: f"{i % 9:05},{i % 7},{i % 2}"),
        {"zip": "category"},
        "names such as '007', by their zeros",
    ),
    "aligned.txt": (
        table("a b y", lambda i: f"  {i % 5}   {i % 7}.5    {i % 2}"), {"b": "number"}, "by blanks",
    ),
    "excel.csv": ("sep=;\n" + PLAIN.replace(",", ";"), {"a": "number"}, "first line is 'sep=;'"),
    "years.csv": (
        table("n,2019,2020,2021,y", lambda i: f"n{i % 5},{i % 7},{i % 3},{i % 11},{i % 2}"),
        {"2019": "number"},
        "the numbers in the first line count up",
    ),
    "pattern.csv": (
        table("^a$,*,count of cells,y", lambda i: f"{i % 5},c{i % 3},d{i % 7},{i % 2}"),
        {"^a$": "number", "*": "category", "count of cells": "category"},
        "",
    ),
    "two_files.csv": (PLAIN + PLAIN, {"a": "number"}, "lines left out: 1 (they repeat the header"),
    "japanese.csv": (
        table("都市,y", lambda i: f"{['東京', '大阪', '京都'][i % 3]},{i % 2}").encode("shift_jis"),
        {"都市": "category"},
        "encoding: shift_jis",
    ),
    "koi8.csv": (
        table("город,y", lambda i: f"{['Москва', 'Казань', 'Омск'][i % 3]},{i % 2}")
        .encode("koi8-r"),
        {"город": "category"},
        "encoding: koi8-r",
    ),
    "umlauts.csv": (
        table("größe,y", lambda i: f"{i % 7},{i % 2}").encode("cp1252"),
        {"größe": "number"},
        "encoding: cp1252",
    ),
    "phones.csv": (
        table("p,x,y", lambda i: f"+1 555 {i:03} {i * 7:04},{i % 5},{i % 2}"),
        {"p": "identifier"},
        "",
    ),
    "percent.csv": (
        table("a,y", lambda i: f"{i}%,{i % 2}" if i % 3 else f"{i / 100},{i % 2}"),
        {"a": "number"},
        "others do not, as '0.0': read alike",
    ),
    "zones.csv": (
        table("d,y", lambda i: f"2020-01-{i % 28 + 1:02}T10:00:00+0{i % 5}:00,{i % 2}"),
        {"d": "date"},
        "time zones +00:00, +01:00, +02:00, +03:00 are left out",
    ),
    "minus.csv": (
        table("a,b,y", lambda i: f'−{i}.5,"({i},{i:03}.50)",{i % 2}'),
        {"a": "number", "b": "number"},
        "negative ones in parentheses",
    ),
    "missing.csv": (
        table("a,x,y", lambda i: f"{i % 7 + 0.5 if i % 9 else -999},{i % 5},{i % 2}"),
        {"a": "number"},
        "-999 in 12.0% of the rows is far below every other value: read as missing",
    ),
    "sides.csv": (
        table("a,b,y", lambda i: f"{i % 9}%,{i % 4} {['km', 'mph'][i % 3 // 2]},{i % 2}"),
        {"a": "number", "b": "category"},
        "units or formats that do not go together",
    ),
    "same_number.csv": (
        table("a,b,y", lambda i: f"{i % 5}{'%' * (i % 3 // 2)},{i % 7},{i % 2}"),
        {"a": "category"},
        "different cells hold the same number: read as they stand",
    ),
    "bounds.csv": (
        table("a,b,c,y", lambda i: f"{i / 4 if i else '<0.5'},{'<>'[i % 3 // 2]}50K,{i}+,{i % 2}"),
        {"a": "number", "b": "category", "c": "identifier"},
        "1 cells are bounds, such as '<0.5': read as the number",
    ),
    "crlf.csv": (PLAIN.replace("\n", "\r\n"), {"a": "number", "y": "yes/no"}, ""),
    "cr.csv": (PLAIN.replace("\n", "\r"), {"a": "number", "y": "yes/no"}, ""),
    "blank_lines.csv": (PLAIN.replace("\n", "\n\n"), {"a": "number", "y": "yes/no"}, ""),
    "no_last_newline.csv": (PLAIN[:-1], {"a": "number", "y": "yes/no"}, ""),
    "objects.jsonl": (
        "".join(f'{{"a": {i % 5}, "b": {{"c": [{i % 3}]}}, "y": {i % 2}}}\n' for i in range(60)),
        {"a": "number", "b": "category"},
        "",
    ),
    "mixed.jsonl": (
        "".join(f'{{"a": {i % 5 if i else chr(34) + "x" + chr(34)}, "y": {i % 2}}}\n' for i in
                range(60)),
        {"a": "number"},
        "1 cells are no finite numbers, such as 'x'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_what_can_be_learned_from_has_a_plan_with_reasons(name: str, tmp_path: Path) -> None:
    text, kinds, words = PLANS[name]
    plan, _ = planned(
        write(tmp_path, name, text), "column_3" if name.startswith("no_header") else "y"
    )
    assert {name: plan.column(name).kind for name in kinds} == kinds
    assert words in str(plan)


@pytest.mark.slow
def test_a_table_of_two_thousand_columns(tmp_path: Path) -> None:
    columns = [f"c{i}" for i in range(2000)]
    text = table(
        ",".join(columns) + ",y",
        lambda i: ",".join(str(i * j % 1009) for j in range(2000)) + f",{i % 2}",
        60,
    )
    plan, _ = planned(write(tmp_path, "wide.csv", text), "y")
    assert len(plan.columns) == 2001 and "! more columns than rows" in str(plan)


def test_lines_of_another_length_are_left_out_when_asked(tmp_path: Path) -> None:
    text, _ = ERRORS["long_row.csv"]
    reading = read_table(write(tmp_path, "long_row.csv", text), ragged="drop")
    assert reading.frame.height == 99
    assert "lines left out: 1" in str(reading)
