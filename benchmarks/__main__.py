"""Run the benchmarks, all of them or those named.

    python -m benchmarks [NAME…]
    python -m benchmarks --list

A benchmark is a file of this folder with a `main`; each runs in a process of its own, from the
project's root, with its defaults. What one needs and does not find here, it says, and counts as failed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent


def benchmarks() -> dict[str, str]:
    """The first line of what each benchmark says of itself, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if not path.name.startswith("_") and "main" in functions:
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main() -> None:
    known, wanted = benchmarks(), sys.argv[1:]
    if "--list" in wanted:
        print("\n".join(f"{name:12} {about}" for name, about in known.items()))
        return
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"There is no benchmark {unknown[0]!r}; there are {', '.join(known)}.")
    failed = []
    for name in wanted or known:
        print(f"\n== {name}: {known[name]}", flush=True)
        begun = time.monotonic()
        if subprocess.run([sys.executable, FOLDER / f"{name}.py"], cwd=FOLDER.parent, check=False).returncode:
            failed.append(name)
        print(f"-- {name}: {time.monotonic() - begun:.0f} s", flush=True)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
