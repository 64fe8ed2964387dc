"""LLVM: IR text to object code, and object code to functions in memory.

`host` names all that this depends on beside the text: the processor, LLVM's version and the files
that decide how IR becomes code. It is part of every key of the cache (code_cache.py).
"""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..base.config import thread_count
from ..base.locks import renewed_in_child
from ..base.processor import llvm_binding, processor
from ..errors import GraphError
from .split_module import pieces

if TYPE_CHECKING:
    from llvmlite.binding import ExecutionEngine, ModuleRef, TargetMachine

Objects = tuple[bytes, ...]  # object code, in pieces where the module is large

_ready: dict[str, Any] = {}


class Host(NamedTuple):
    """All that machine code depends on beside the text: the processor and LLVM."""

    name: str
    features: str
    vector_bytes: int
    fma: bool
    llvm: str


def llvm() -> Any:
    """llvmlite's binding layer, imported and set up at the first call."""
    if "binding" not in _ready:
        binding = llvm_binding()
        import llvmlite

        _ready["lock"] = _LibraryLock(binding)
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        _ready["version"] = f"{llvmlite.__version__}/{binding.llvm_version_info}/{_own_hash()}"
        _ready["binding"] = binding
    return _ready["binding"]


class _LibraryLock:
    """The lock that llvmlite keeps around LLVM's functions, where it keeps one."""

    def __init__(self, binding: ModuleType) -> None:
        self._holder: Any = getattr(binding.ffi.lib, "_lock", None)
        if hasattr(self._holder, "_lock"):
            renewed_in_child(self)

    def renew(self) -> None:
        """Nobody has it."""
        self._holder._lock = threading.RLock()


def _own_hash() -> str:
    """What stands for the files that decide how IR becomes code, in every key."""
    try:
        own = Path(__file__)
        files = [path.read_bytes() for path in (own, own.with_name("split_module.py"))]
        return hashlib.sha256(b"".join(files)).hexdigest()[:16]
    except OSError:
        return "unknown"


def host() -> Host:
    """This machine and its LLVM."""
    if "host" not in _ready:
        llvm()
        _ready["host"] = Host(*processor(), _ready["version"])
    known: Host = _ready["host"]
    return known


def _target_machine() -> TargetMachine:
    binding, cpu = llvm(), host()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=cpu.name,
        features=cpu.features,
        opt=3,
        reloc="static",
        codemodel="jitdefault",
        jit=True,
    )


class Code:
    """Machine code in memory; its functions live as long as it does."""

    def __init__(self, engine: ExecutionEngine) -> None:
        self._engine = engine

    def address(self, name: str) -> int:
        """The address of a function."""
        location: int = self._engine.get_function_address(name)
        if not location:
            raise GraphError(f"the machine code has no function {name!r}")
        return location


def compile_object(text: str, thorough: bool = True, long: Collection[str] = ()) -> Objects:
    """Object code for a module of LLVM IR; that of a large one is made on several threads."""
    wanted = pieces(text, thorough, long)
    if len(wanted) == 1:
        return (_compiled(*wanted[0]),)
    made: list[bytes | BaseException] = [b""] * len(wanted)
    left = sorted(range(len(wanted)), key=lambda i: (wanted[i].thorough, len(wanted[i].text)))

    def work() -> None:
        while left:
            try:
                i = left.pop()
            except IndexError:
                return
            try:
                made[i] = _compiled(*wanted[i])
            except BaseException as error:
                made[i] = error

    helpers = [threading.Thread(target=work) for _ in range(min(thread_count(), len(wanted)) - 1)]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    objects = []
    for one in made:
        if isinstance(one, BaseException):
            raise one
        objects.append(one)
    return tuple(objects)


def _compiled(text: str, thorough: bool) -> bytes:
    """Object code for one module, in a context of its own, as threads need it."""
    binding = llvm()
    context = binding.create_context()
    machine = _target_machine()
    try:
        with binding.parse_assembly(text, context) as module:
            optimize(module, machine, thorough)
            return _emitted(machine, module)
    finally:
        context.close()


def _unlocked(name: str) -> Any:
    """A function of llvmlite's without the lock that lets one thread at a time into LLVM.

    The lock is for those who share a context; a module in a context of its own needs none. None
    where llvmlite keeps its functions otherwise.
    """
    return getattr(getattr(llvm().ffi.lib, name, None), "_cfn", None)


def _emitted(machine: TargetMachine, module: ModuleRef) -> bytes:
    """`machine.emit_object(module)`, beside other threads."""
    emit = _unlocked("LLVMPY_TargetMachineEmitToMemory")
    if emit is None:
        whole: bytes = machine.emit_object(module)
        return whole
    ffi = llvm().ffi
    with ffi.OutputString() as problem:
        buffer = emit(machine, module, 1, problem)
        if not buffer:
            raise RuntimeError(str(problem))
    try:
        size = ffi.lib.LLVMPY_GetBufferSize(buffer)
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(buffer), size)
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


def optimize(module: ModuleRef, machine: TargetMachine, thorough: bool = True) -> None:
    """Run LLVM's own passes; vectors are already explicit, so its vectorizers stay off."""
    binding = llvm()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_interleaving = False
    builder = binding.create_pass_builder(machine, options)
    if thorough:
        passes = builder.getModulePassManager()
    else:
        passes = binding.create_new_module_pass_manager()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
    run = _unlocked("LLVMPY_RunNewModulePassManager")
    if run is None:
        passes.run(module, builder)
    else:
        run(passes, module, builder)


def assembly(text: str) -> str:
    """The host's assembly for a module of LLVM IR."""
    binding = llvm()
    machine = _target_machine()
    module = binding.parse_assembly(text)
    optimize(module, machine)
    written: str = machine.emit_assembly(module)
    return written


def load(objects: Objects) -> Code:
    """Object code as machine code in memory."""
    binding = llvm()
    empty = binding.parse_assembly("")
    target = binding.Target.from_default_triple()
    cpu = host()
    machine = target.create_target_machine(cpu=cpu.name, features=cpu.features, jit=True)
    engine = binding.create_mcjit_compiler(empty, machine)
    for one in objects:
        engine.add_object_file(binding.ObjectFileRef.from_data(one))
    engine.finalize_object()
    return Code(engine)
