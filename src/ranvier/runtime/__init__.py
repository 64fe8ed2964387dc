"""Runtime: machine code called with arrays, over batches, rows and threads.

| file | what it holds |
|---|---|
| batched.py | Rows in batches: a graph for one batch, run over any number of rows |
| call_glue.py | Call glue: small native functions between Python and the compiled graph |
| executable.py | The executable: a graph as machine code, called with arrays |
| members_runner.py | One step run on the arrays of many models of one form |
| shuffle.py | Random orders of rows in native code |
| thread_choice.py | How many threads a compiled graph runs on |
| thread_pool.py | The thread pool: persistent threads that run native code together |
"""
