"""The tables of the ledger, made of the fields of bellhop/entries.py. A field that came later, with
a default, is added to the tables of an earlier version.
"""

import msgspec

from bellhop.databases import Database
from bellhop.entries import Ending, Entry

_INDEXES = {
    # None on what a search asks of attempts: SQLite would take it before the one on the call.
    "attempts": ("at",),
    "calls": ("call_id", "at"),
}


def make(db: Database) -> None:
    """Make the tables, or add to those of an earlier version what they lack."""
    for table, kind in (("attempts", Entry), ("calls", Ending)):
        fields = msgspec.structs.fields(kind)
        known = db.columns(table)
        declared = {f.name: f"{f.name} {db.kind(f.type)}" for f in fields}
        if not known:
            declared["call"] += " UNIQUE" if table == "calls" else ""
            db.create(table, ", ".join(declared.values()))
            if table == "calls":
                _calls_of_attempts(db)
        for field in fields if known else ():
            if field.name not in known:
                default = db.literal(field.default)
                db.ask(f"ALTER TABLE {table} ADD COLUMN {declared[field.name]} DEFAULT {default}")
                if field.name == "replied":
                    db.write("UPDATE attempts SET replied = ? WHERE code IS NULL", [(False,)])
        if table == "attempts":
            # A leg that was out is no attempt: their number is 0.
            db.ask(
                "CREATE UNIQUE INDEX IF NOT EXISTS attempts_of_call "
                "ON attempts (call, attempt, leg, gateway)"
            )
        for column in _INDEXES[table]:
            name = f"{table}_{column}"
            db.ask(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})")


def lack(db: Database) -> bool:
    """Whether they are an earlier version's, which `make` has not yet added to."""
    attempts, calls = (
        {field.name for field in msgspec.structs.fields(kind)} - db.columns(table)
        for table, kind in (("attempts", Entry), ("calls", Ending))
    )
    return bool((attempts or calls) and "call" not in attempts)


def _calls_of_attempts(db: Database) -> None:
    """Fill the calls from the attempts of a version that had no such table: the last attempt is
    the end of the call, except for what its caller got, which nobody wrote down then.
    """
    db.ask(
        "INSERT INTO calls (call, call_id, caller, dialled, at, ms, attempts, leg, code, of, why) "
        "SELECT call, call_id, caller, dialled, at, after_ms + ms, attempt, "
        "CASE verdict WHEN 'answered' THEN leg ELSE '' END, "
        "CASE verdict WHEN 'answered' THEN code END, "
        "CASE verdict WHEN 'answered' THEN attempt ELSE 0 END, rule FROM attempts "
        "JOIN (SELECT min(rowid) AS first, max(rowid) AS last FROM attempts GROUP BY call) AS ends "
        "ON attempts.rowid = ends.last ORDER BY ends.first"
    )
