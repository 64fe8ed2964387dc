"""Memory: what is compiled and dropped is given back."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest

from compiler.common import threads
from ranvier.graph.graph import Graph
from ranvier.native.code_cache import forget_code
from ranvier.ops.creation import input_node
from ranvier.runtime.executable import Executable
from runtime.test_threads import HOW, network

CYCLES = """
import sys
sys.path[:0] = PATHS
import gc
import numpy as np
import ranvier
def megabytes():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
def cycle(number):
    @ranvier.compile
    def f(x, w):
        return ranvier.tanh(x @ w + float(number)) * (number + 1), ranvier.sum(w)
    x = ranvier.tensor(np.ones((30, 40), np.float32))
    w = ranvier.tensor(np.ones((40, 10 + number % 50), np.float32))
    return f(x, w)
for number in range(30):
    cycle(number)
before = megabytes()
for number in range(30, COUNT):
    cycle(number)
print(megabytes() - before)
"""


def grown(count: int) -> float:
    code = CYCLES.replace("PATHS", repr(sys.path)).replace("COUNT", str(count))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_compiling_again_and_again_stays_flat() -> None:
    assert grown(130) < 4.0


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_compiling_thousands_of_functions_stays_flat() -> None:
    assert grown(2000) < 20.0


def test_an_executable_and_its_code_go_together() -> None:
    graph, arrays = network()
    with threads(2):
        executable = Executable(graph, **HOW)
    executable.run([a.copy() for a in arrays])
    kept = weakref.ref(executable), weakref.ref(executable._code)
    del executable
    forget_code()  # the cache keeps what was used last
    gc.collect()
    assert [k() for k in kept] == [None, None]


def test_running_again_and_again_makes_nothing_that_stays() -> None:
    import tracemalloc

    x = input_node((300, 300), "float32", "x")
    executable = Executable(Graph([x], [x + 1], {x: x * 0.5}))
    arrays = [[np.ones((300, 300), "f4")], [np.asfortranarray(np.ones((300, 300), "f4"))]]
    for given in arrays:
        executable.run(given)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            for given in arrays:
                executable.run(given)
        assert tracemalloc.get_traced_memory()[0] - before < 800_000
    finally:
        tracemalloc.stop()
