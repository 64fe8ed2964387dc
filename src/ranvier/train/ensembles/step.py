"""A step of one member as a step of all.

The step of the first member is traced as ever; then its graph is taken for all members at once
(ops/vmapped.py). What members have one each of is mapped: their weights, slots, statistics, random
states and sums, and their rows where they have batches of their own. What is the same for all and
stays so, such as the count of iterations, is computed once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ... import random
from ...errors import StateError
from ...executors import BatchPlan, executor
from ...graph.graph import Graph
from ...graph.node import Node
from ...nn.symbolic import numbered
from ...ops.creation import input_node
from ...ops.movement import reshape
from ...ops.op import for_members
from ...ops.vmapped import fill_in
from ...tensors.tensor import Tensor
from ...tracing.trace import Traced, trace
from ...typing import Array
from ..steps.ids import ids_of
from ..steps.step import Pace, Specs
from .members import Members, RandomStates


class MembersStep:
    """One function of a member's arrays, traced, mapped and ready to run for all members.

    With `own_rows` each member has a batch of its own: rows of the arguments come in the order of
    members, (members * batch, ...). Else all see the same rows. `sums` are arrays (members, ...) of
    the first member's sums, by id.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        specs: Specs,
        names: Sequence[str],
        engine: str,
        members: Members,
        states: RandomStates,
        sums: Mapping[int, Array],
        own_rows: bool,
    ) -> None:
        began = time.perf_counter()
        self.members, self.states, self.sums = members, states, sums
        self.count, self.engine = len(members.models), engine
        traced, returned = trace(function, specs, names)
        self.traced: Traced = traced
        self.structure = numbered(returned)
        self.batch = specs[0][0][0]
        counted = names[-1] == "count"
        self.own_rows = own_rows
        streams = len(specs) - counted
        self.shared: dict[int, list[Tensor]] = {}  # members' tensors, by number of the input
        self.changed: list[str] = []
        graph = self._graph(traced, streams, counted)
        rows = self.batch * (self.count if own_rows else 1)
        plan = BatchPlan(tuple(range(streams)) if counted else (), rows, streams if counted else -1)
        self.executable: Any = executor(engine).build(graph, plan)
        self.ids = ids_of(traced, self.batch, streams)
        self.seconds = time.perf_counter() - began
        self.pace = Pace()

    def holds(self) -> bool:
        """Whether it is still what tracing it again would give."""
        if not self.traced.validity.holds():
            return False
        return all(self.members.alike(name) for name in self._alike)

    # -- the graph --

    def _graph(self, traced: Traced, streams: int, counted: bool) -> Graph:
        """The graph of all members."""
        inputs = traced.graph.inputs
        arguments, captured = inputs[: streams + counted], inputs[streams + counted :]
        names = [self._source_of(t) for t in traced.captured]
        # Of these members have one each: all, but for what is the same for all of them.
        self._alike = [
            name
            for name, node in zip(names, captured, strict=True)
            if name and name not in ("sums", "random") and self._may_share(name, node, traced)
        ]
        while True:
            graph, wrong = self._mapped(traced, arguments, captured, names, counted)
            if not wrong:
                break
            self._alike = [name for name in self._alike if name not in wrong]
        self._names = names
        updated = set(traced.graph.updates)
        self.changed = [
            name
            for name, node in zip(names, captured, strict=True)
            if node in updated and name and name not in ("sums", "random")
        ]
        return graph

    def _may_share(self, name: str, node: Node, traced: Traced) -> bool:
        """Whether a tensor may be the same for all: one that stays, or a number that moves."""
        moves = node in traced.graph.updates
        learned = self.members.of(name)[0].requires_grad
        return not learned and (not moves or not node.shape) and self.members.alike(name)

    def _source_of(self, t: Any) -> str | None:
        """What a tensor of the trace is: the name of a member's, "random", "sums", or None for one
        that is not the member's own.
        """
        if t is random.generator.state:
            return "random"
        if id(t) in self.sums:
            return "sums"
        return self.members.name_of(t)

    def _mapped(
        self,
        traced: Traced,
        arguments: Sequence[Node],
        captured: Sequence[Node],
        names: Sequence[str | None],
        counted: bool,
    ) -> tuple[Graph, set[str]]:
        """The mapped graph, and which tensors cannot be the same for all after all."""
        members = self.count
        inputs: list[Node] = []
        values: dict[Node, Node] = {}
        mapped: set[Node] = set()
        for number, node in enumerate(arguments):
            is_count = counted and number == len(arguments) - 1
            if not self.own_rows:
                inputs.append(node)
                values[node] = node
            elif is_count:
                inputs.append(input_node((), node.dtype, node.name))
                values[node] = inputs[-1] / members
            else:
                together = (members * node.shape[0], *node.shape[1:])
                inputs.append(input_node(together, node.dtype, node.name))
                values[node] = reshape(inputs[-1], (members, *node.shape))
                mapped.add(node)
        for name, node in zip(names, captured, strict=True):
            own = name is not None and name not in self._alike
            shape = (members, *node.shape) if own else node.shape
            inputs.append(input_node(shape, node.dtype, node.name))
            values[node] = inputs[-1]
            if own:
                mapped.add(node)
        fill_in(traced.graph.nodes, values, mapped, members)
        outputs = [for_members(members, [n in mapped], values[n])[0] for n in traced.graph.outputs]
        updates, wrong = {}, set()
        for target, node in traced.graph.updates.items():
            name = names[captured.index(target)]
            if target in mapped:
                updates[values[target]] = for_members(members, [node in mapped], values[node])[0]
            elif node not in mapped:
                updates[values[target]] = values[node]
            elif name is None:
                raise StateError(
                    f"ensemble: training changes a tensor ({target.name or target.spec}) that is "
                    "no member's own, so each would change it; make it an attribute of a layer"
                )
            else:
                wrong.add(name)
        return Graph(inputs, outputs, updates), wrong

    # -- running --

    def state(self) -> list[Array]:
        """The arrays of all tensors the graph reads or changes, in the graph's order."""
        arrays: list[Array] = []
        self.shared.clear()
        for number, (t, name) in enumerate(zip(self.traced.captured, self._names, strict=True)):
            if name == "random":
                arrays.append(self.states.numbers)
            elif name == "sums":
                arrays.append(self.sums[id(t)])
            elif name is None:
                arrays.append(t._array())
            elif name in self._alike:
                arrays.append(t._array())
                self.shared[number] = self.members.of(name)
            else:
                arrays.append(self.members.stacked(name))
        return arrays

    def settle(self, state: Sequence[Array]) -> None:
        """Let all members have what is the same for all, and note what has changed."""
        for number, tensors in self.shared.items():
            for t in tensors[1:]:
                if t._array() is not state[number]:
                    t._array()[...] = state[number]
        self.members.note_changes(self.changed)

    def run(self, arguments: Sequence[Array], state: Sequence[Array]) -> list[Array]:
        """The outputs for these arguments, members in front."""
        results: list[Array] = self.executable.run([*arguments, *state])
        return results

    def run_batches(
        self,
        rows: Sequence[Array],
        order: Array,
        first: int,
        last: int,
        sums: Array,
        log: Array | None,
        state: Sequence[Array],
    ) -> None:
        """The steps `first` to `last - 1` of all members over batches of `rows`."""
        arrays = [*rows, np.zeros((), np.float32), *state]
        total = len(rows[0]) * (self.count if self.own_rows else 1)
        streams = dict(enumerate(rows))
        self.executable.run_batches(arrays, streams, order, first, last, total, sums, log)
