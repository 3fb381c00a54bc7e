"""The filters and tests of expressions; `registry` has them by name."""
