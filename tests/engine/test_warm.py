"""Setting the program up compiles all that is compiled, so that no key waits for it."""

from __future__ import annotations

import subprocess
import sys

LOOK = """
import importlib, pkgutil
import engine.dsp
from engine.warm import compile_all

compile_all()
for name in sorted(m.name for m in pkgutil.iter_modules(engine.dsp.__path__) if m.name.endswith("_kernels")):
    module = importlib.import_module(f"engine.dsp.{name}")
    for kernel in vars(module).values():
        # What stands in others by inlining is compiled with them.
        if getattr(kernel, "__module__", "") == module.__name__ and hasattr(kernel, "signatures"):
            if kernel.targetoptions.get("inline") != "always":
                print(name, kernel.__name__, len(kernel.signatures))
"""


def test_everything_that_is_compiled_is_compiled_by_the_setup() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    kernels = [line.split() for line in done.stdout.splitlines()]
    assert len(kernels) > 10
    assert [f"{module}.{name}" for module, name, n in kernels if n == "0"] == []
