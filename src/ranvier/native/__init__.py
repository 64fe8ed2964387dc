"""Native code: LLVM IR to machine code, kept on disk.

| file | what it holds |
|---|---|
| cache.py | Entries of the cache on disk |
| llvm.py | LLVM: IR text to machine code, kept on disk |
| object_files.py | Object code from the disk |
| split_module.py | Splitting a large module into parts that are compiled side by side |
"""
