"""Native code: LLVM IR to machine code, kept on disk.

| file | what it holds |
|---|---|
| cache.py | Entries of the cache on disk: their form, and how they are read, written and removed |
| code_cache.py | The cache of machine code: known in memory, read from the disk, or made now |
| object_code.py | LLVM: IR text to object code, and object code to functions in memory |
| object_files.py | Object code from the disk, checked before LLVM's loader gets it |
| split_module.py | Splitting a large module into parts that are compiled side by side |
"""
