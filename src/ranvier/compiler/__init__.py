"""The compiler: lower, schedule, emit LLVM IR, build machine code, run."""
