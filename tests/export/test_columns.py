"""The schema of rows says what real rows hold."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from vlminterp.metrics.facts import METRICS

pytestmark = pytest.mark.slow

FILE = Path(__file__).parents[2] / "docs" / "columns.json"
SCHEMA = json.loads(FILE.read_text("utf-8"))
PLUGINS = ("audit", "bank", "ex2", "m2ib")


def described(plugin):
    """Its tables by name, and whether each is optional."""
    return {
        name.rstrip("?"): (told, name.endswith("?"))
        for name, told in SCHEMA["plugins"][plugin].items()
    }


def tables(run):
    """The run's tables by name; the main one is `rows`."""
    main = {"rows": run.parts} if len(run.parts) else {}
    return {**main, **run.tables()}


def type_of(field):
    """As the schema writes it."""
    return str(field.type).replace("element: ", "")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_table_is_described(runs, plugin):
    real, told = set(tables(runs[plugin])), described(plugin)
    assert real <= set(told)
    assert {name for name, (_, optional) in told.items() if not optional} <= real


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_column_is_described_with_its_type(runs, plugin):
    for name, parts in tables(runs[plugin]).items():
        columns = described(plugin)[name][0]["columns"]
        whole = pa.concat_tables(list(parts.tables()), promote_options="permissive")
        for field in whole.schema:
            key = next(key for key in (field.name, f"{field.name}?") if key in columns)
            if "null" not in str(field.type):  # nothing in it, or only empty lists
                assert type_of(field) == columns[key][0], (name, field.name)
            if key == field.name:
                assert whole[field.name].null_count == 0, (name, field.name)
        assert {key for key in columns if not key.endswith("?")} <= set(whole.column_names)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_array_is_described_with_its_type(runs, plugin):
    for name, parts in tables(runs[plugin]).items():
        told = described(plugin)[name][0]["arrays"]
        found = set()
        for number in parts:
            for key, array in parts.arrays(number).items():
                general = re.sub(
                    r"\.(image|text)\.curve",
                    ".SIDE.curve",
                    re.sub(r"^\d+", "PLACE" if plugin == "audit" else "PAIR", key),
                )
                kind, _, shape = told[general][0].partition(" ")
                assert (str(array.dtype), array.ndim) == (kind, shape.count(",") + 1)
                found.add(general)
        assert found == set(told)


def test_metrics_have_a_column_and_each_says_what_it_is():
    columns = SCHEMA["plugins"]["m2ib"]["rows"]["columns"]
    assert {f"{name}?" for name in METRICS} <= set(columns)
    for tables_told in SCHEMA["plugins"].values():
        for told in tables_told.values():
            for kind, unit, meaning in told["columns"].values():
                assert kind
                assert meaning
                assert isinstance(unit, str)


def test_the_version_is_told():
    assert SCHEMA["version"] == 1
