"""Data sets as scikit-learn and XGBoost want them: matrices of numbers.

Both trainings of a data set use the same columns; only missing numbers differ, which scikit-learn's forests of this
version refuse and XGBoost takes.
"""

import csv
import json
import os
import sys

import numpy
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

MOST_ONE_HOT = 300  # columns: dense matrices stay small
DEFAULT_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared", "datasets")


class Data:
    """`filled` and `with_nan`: (training matrix, test matrix). Labels are numbers of `classes`."""

    def __init__(self, name, schema):
        self.name = name
        self.features = len(schema["features"])
        self.classes = schema["classes"]


def files_of(folder, name):
    stem = os.path.join(folder or DEFAULT_FOLDER, name)
    return stem + "-train.csv", stem + "-test.csv", stem + ".schema.json"


def names(folder):
    folder = folder or DEFAULT_FOLDER
    files = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = [file.removesuffix(".schema.json") for file in files if file.endswith(".schema.json")]
    found = [name for name in found if all(os.path.exists(path) for path in files_of(folder, name))]
    if not found:
        sys.exit(f"bench: error: there are no data sets in {folder}: set HEDGEROW_DATA to the folder that has them")
    return found


def read(path, schema):
    """Numbers (NaN where missing), categories (an empty text where missing), class codes."""
    numeric = [f["name"] for f in schema["features"] if f["type"] == "numeric"]
    categorical = [f["name"] for f in schema["features"] if f["type"] != "numeric"]
    codes = {text: code for code, text in enumerate(schema["classes"])}
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = numpy.array([[float(row[c]) if row[c] else numpy.nan for c in numeric] for row in rows], numpy.float32)
    texts = numpy.array([[row[c] for c in categorical] for row in rows], dtype=object)
    labels = numpy.array([codes[row[schema["label"]]] for row in rows])
    return numbers.reshape(len(rows), -1), texts.reshape(len(rows), -1), labels


def encode(train, test, one_hot, ordinal):
    """The categories' columns, and a note on how they came about. Only training records decide the columns."""
    if train.shape[1] == 0:
        return (numpy.zeros((len(train), 0), numpy.float32), numpy.zeros((len(test), 0), numpy.float32),
                "all features are numbers, and are taken as they are.")
    values = [len(set(train[:, i])) for i in range(train.shape[1])]
    if sum(values) <= MOST_ONE_HOT:
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=numpy.float32)
        note = one_hot
    else:
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=numpy.float32)
        note = ordinal.format(columns=f"{sum(values):,}", values=len(values))
    return encoder.fit_transform(train), encoder.transform(test), note


def load(folder, name, one_hot, ordinal):
    train_path, test_path, schema_path = files_of(folder, name)
    if not os.path.exists(train_path):
        sys.exit(f"bench: error: {train_path} is not there: set HEDGEROW_DATA to the folder that has it")
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    data = Data(name, schema)
    train_numbers, train_texts, data.train_labels = read(train_path, schema)
    test_numbers, test_texts, data.test_labels = read(test_path, schema)
    train_codes, test_codes, data.note = encode(train_texts, test_texts, one_hot, ordinal)
    data.note = " ".join(data.note.split())
    data.with_nan = (numpy.hstack([train_numbers, train_codes]), numpy.hstack([test_numbers, test_codes]))
    holes = numpy.isnan(train_numbers).any(axis=0)
    if not holes.any() and not numpy.isnan(test_numbers).any():
        data.filled = data.with_nan
        return data
    medians = numpy.nanmedian(train_numbers, axis=0)

    def fill(numbers, codes):
        tells = numpy.isnan(numbers)[:, holes].astype(numpy.float32)
        return numpy.hstack([numpy.where(numpy.isnan(numbers), medians, numbers), tells, codes]).astype(numpy.float32)

    data.filled = (fill(train_numbers, train_codes), fill(test_numbers, test_codes))
    return data
