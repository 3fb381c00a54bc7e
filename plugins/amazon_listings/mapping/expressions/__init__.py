"""Expressions of a mapping: parse, bound, compile, evaluate."""
