"""Profiles for tests, as a site file has them, and what is decided by one."""

import tomllib

from bellhop.profiles import BUILT_IN, Table, resolve
from bellhop.recursion import Failure, Verdict, decide
from bellhop.tables import read_table

ADVANCE, STOP, REDIRECT = Verdict.ADVANCE, Verdict.STOP, Verdict.REDIRECT


def profiles(text):
    """Read profiles as a site file has them, without `[profiles.` around their names."""
    mistakes = []
    tables = {
        n: read_table(Table, t, f"profiles.{n}", mistakes, name=n)
        for n, t in tomllib.loads(text).items()
    }
    found, wrong = resolve(tables, BUILT_IN)
    assert [*mistakes, *wrong] == []
    return found


def one(text):
    return profiles(f"[x]\n{text}")["x"]


def verdict(profile, code, **facts):
    return decide(Failure(code, **facts), profile).verdict


def said(profile, code, **facts):
    decision = decide(Failure(code, **facts), profile)
    return decision.verdict, decision.rule, decision.source
