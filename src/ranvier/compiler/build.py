"""Build: LLVM IR text -> machine code, kept on disk.

An entry of the cache (entries.py) holds object code. Its name is a hash of everything the code
depends on: the IR, the LLVM version, the processor and this file. One that is damaged is rebuilt.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any, NamedTuple

from ..config import cache_folder
from ..errors import StateError
from .entries import read_entry, write_entry

_lock = threading.Lock()
_ready: dict[str, Any] = {}


class Host(NamedTuple):
    """The processor that code is made for."""

    name: str
    features: str
    vector_bytes: int
    fma: bool
    llvm: str


def llvm() -> Any:
    """llvmlite's binding layer, imported and set up at the first call."""
    if "binding" not in _ready:
        try:
            import llvmlite
            import llvmlite.binding as binding
        except ImportError as error:
            raise StateError(
                "the compiled engine needs the package llvmlite, which could not be imported "
                f"({error}); install it, or use engine='reference'"
            ) from None
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        _ready["version"] = f"{llvmlite.__version__}/{binding.llvm_version_info}/{_own_hash()}"
        _ready["binding"] = binding
    return _ready["binding"]


def _own_hash() -> str:
    """What stands for this file, which decides how IR becomes code, in every key."""
    try:
        return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    except OSError:
        return "unknown"


def host() -> Host:
    """The processor of this machine."""
    if "host" not in _ready:
        binding = llvm()
        features = binding.get_host_cpu_features()
        names = features.flatten()
        if features.get("avx512f"):
            width = 64
        elif features.get("avx2"):
            width = 32
        else:
            width = 16
        fma = bool(features.get("fma") or features.get("neon"))
        _ready["host"] = Host(binding.get_host_cpu_name(), names, width, fma, _ready["version"])
    return _ready["host"]  # type: ignore[no-any-return]


def _target_machine() -> Any:
    if "machine" not in _ready:
        binding, cpu = llvm(), host()
        target = binding.Target.from_default_triple()
        _ready["machine"] = target.create_target_machine(
            cpu=cpu.name,
            features=cpu.features,
            opt=3,
            reloc="static",
            codemodel="jitdefault",
            jit=True,
        )
    return _ready["machine"]


class Code:
    """Machine code in memory; its functions live as long as it does."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def address(self, name: str) -> int:
        """The address of a function."""
        return self._engine.get_function_address(name)  # type: ignore[no-any-return]


def build(text: str, thorough: bool = True) -> Code:
    """Machine code for a module of LLVM IR, from the cache if it is there.

    `thorough` runs all of LLVM's passes; otherwise only the quickest, which serve kernels that are
    short anyway.
    """
    with _lock:
        cpu = host()
        parts = [text, str(thorough), *map(str, cpu)]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        folder = cache_folder("kernels")
        path = None if folder is None else folder / f"{key[:40]}.bin"
        code = None if path is None else read_entry(path)
        if code is None:
            code = compile_object(text, thorough)
            if path is not None:
                write_entry(path, code)
        return load(code)


def compile_object(text: str, thorough: bool = True) -> bytes:
    """Object code for a module of LLVM IR."""
    binding = llvm()
    machine = _target_machine()
    module = binding.parse_assembly(text)
    optimize(module, machine, thorough)
    return machine.emit_object(module)  # type: ignore[no-any-return]


def optimize(module: Any, machine: Any, thorough: bool = True) -> None:
    """Run LLVM's own passes; vectors are already explicit, so its vectorisers stay off."""
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
    passes.run(module, builder)


def assembly(text: str) -> str:
    """The host's assembly for a module of LLVM IR."""
    binding = llvm()
    machine = _target_machine()
    module = binding.parse_assembly(text)
    optimize(module, machine)
    return machine.emit_assembly(module)  # type: ignore[no-any-return]


def load(code: bytes) -> Code:
    binding = llvm()
    empty = binding.parse_assembly("")
    target = binding.Target.from_default_triple()
    cpu = host()
    machine = target.create_target_machine(cpu=cpu.name, features=cpu.features, jit=True)
    engine = binding.create_mcjit_compiler(empty, machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Code(engine)
