"""Base: what every room uses: settings, sources of values, locks, spelling.

| file | what it holds |
|---|---|
| config.py | The few switches of Ranvier |
| locks.py | Locks for the whole process, and what a forked child has to begin anew |
| missing.py | What is said when a module |
| nested.py | Nested structures: lists, tuples, named tuples and dicts of anything, to any depth |
| source.py | Where a value comes from |
| spelling.py | The name that was meant |
"""
