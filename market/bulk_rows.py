"""Very many rows in one statement, for PostgreSQL and SQLite: all values go to the database as one JSON text.

Django's bulk_create and bulk_update give every value as a parameter of its own, which costs five to ten times as much
processor time as the database needs; and bulk_update has no condition.
"""

import json
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any

from django.db import connection
from django.db.models import CharField, Field, JSONField, Model

PLAIN = (str, int, NoneType)


def insert(rows: Iterable[Model], *, ignore_conflicts: bool = False) -> None:
    """Write new rows of one model in their order. They learn their ids, unless conflicts are ignored."""
    new = list(rows)
    if not new:
        return
    meta = new[0]._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    # "WHERE true": else SQLite reads ON CONFLICT as the condition of a join.
    sql = f'INSERT INTO "{meta.db_table}" ({names}) SELECT {", ".join(_casts(fields))} FROM {_source()} WHERE true'
    sql += " ON CONFLICT DO NOTHING" if ignore_conflicts else " RETURNING id"
    values = [[_stored(field, field.pre_save(row, True)) for field in fields] for row in new]
    with connection.cursor() as cursor:
        cursor.execute(sql, [_text(values)])
        if not ignore_conflicts:
            for row, (number,) in zip(new, cursor.fetchall(), strict=True):
                row.pk, row._state.adding, row._state.db = number, False, connection.alias


def update(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, seen: Sequence[str] = ()) -> int:
    """Change rows where the fields `seen` still are what was read; how many it were.

    `rows` have the id, the values that were seen, and the new values of `names`.
    """
    if not rows:
        return 0
    fields = [_field(model, name) for name in ("pk", *seen, *names)]
    table, casts = model._meta.db_table, _casts(fields)
    same = "".join(f' AND "{table}"."{name}" = {cast}' for name, cast in zip(seen, casts[1:], strict=False))
    new = ", ".join(f'"{name}" = {cast}' for name, cast in zip(names, casts[1 + len(seen) :], strict=True))
    values = [list(map(_stored, fields, row)) for row in rows]
    with connection.cursor() as cursor:
        sql = f'UPDATE "{table}" SET {new} FROM {_source()} WHERE "{table}".id = {casts[0]}{same}'
        cursor.execute(sql, [_text(values)])
        changed: int = cursor.rowcount
    return changed


def put(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, unique: Sequence[str]) -> None:
    """Write rows, each in the place of the one, if any, with the same values of `unique`, which a constraint tells.

    `rows` have the values of the columns `names`. Those that belong to a row which is no more are left out.
    """
    fields = [_field(model, name) for name in names]
    casts = dict(zip(names, _casts(fields), strict=True))
    parents = [(name, field.related_model) for name, field in zip(names, fields, strict=True) if field.related_model]
    belong = [f'{casts[name]} IN (SELECT id FROM "{parent._meta.db_table}")' for name, parent in parents]
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in unique)
    sql = f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) SELECT {", ".join(casts.values())}'
    # "true": else SQLite reads ON CONFLICT as the condition of a join.
    sql += f" FROM {_source()} WHERE {' AND '.join(['true', *belong])}"
    with connection.cursor() as cursor:
        values = [list(map(_stored, fields, row)) for row in rows]
        cursor.execute(f"{sql} ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {new}", [_text(values)])


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    columns = {field.column: field for field in model._meta.concrete_fields}
    return columns[model._meta.pk.column if name == "pk" else name]


def _source() -> str:
    return "jsonb_array_elements(%s::jsonb) AS v(value)" if _is_postgresql() else "json_each(%s) AS v"


def _casts(fields: "Iterable[Field[Any, Any]]") -> list[str]:
    """What reads each field's value from its place in the row."""
    place = "(v.value->>{})" if _is_postgresql() else "json_extract(v.value, '$[{}]')"
    return [f"CAST({place.format(number)} AS {_type(field)})" for number, field in enumerate(fields)]


def _type(field: "Field[Any, Any]") -> str:
    # A cast to varchar(n) would cut what is too long, and not refuse it.
    return "text" if isinstance(field, CharField) else field.cast_db_type(connection) or "text"


def _stored(field: "Field[Any, Any]", value: Any) -> Any:
    """As the database has it. Text and whole numbers are the same there: asking Django costs more than writing them."""
    if isinstance(value, PLAIN) and not isinstance(field, JSONField):
        return value
    return field.get_db_prep_save(value, connection)


def _text(values: Sequence[Sequence[Any]]) -> str:
    return json.dumps(values, default=_plain)


def _plain(value: Any) -> Any:
    """A moment or a decimal as the database reads it; of a wrapped JSON value what is in it."""
    return value.obj if hasattr(value, "obj") else str(value)


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"
