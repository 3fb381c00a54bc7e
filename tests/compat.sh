#!/usr/bin/env bash
# Runs the unit tests on each Python of 3.11, 3.12 and 3.13 that this machine has, each in an environment of its own.
# The arguments are pytest's; by default the unit tests.
set -euo pipefail
cd "$(dirname "$0")/.."
uv="$PWD/.venv/bin/uv"
# pyenv's own folders: its shims answer only for the version that is chosen.
for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin; do PATH="$PATH:$folder"; done
[ $# -gt 0 ] || set -- --numprocesses 2 --dist worksteal --hypothesis-profile unit packages tests/unit
ran=() failed=()
for version in 3.11 3.12 3.13; do
    if ! python=$("$uv" python find --no-python-downloads "$version" 2>/dev/null); then
        echo "Python $version: not on this machine"
        continue
    fi
    echo "Python $version: $python"
    environment=".venv-compat/$version"
    [ -x "$environment/bin/python" ] || "$uv" venv --quiet --seed --python "$python" "$environment"
    "$uv" pip sync --quiet --python "$environment/bin/python" requirements-dev.txt
    "$uv" pip install --quiet --python "$environment/bin/python" --no-deps \
        --editable packages/amazon-product-types --editable packages/spapi-sandbox --editable .
    ran+=("$version")
    "$environment/bin/python" -m pytest -m "not soak and not airflow and not browser" "$@" || failed+=("$version")
done
echo "Ran on: ${ran[*]:-none}. Failed on: ${failed[*]:-none}."
[ ${#failed[@]} -eq 0 ]
