"""Pictures (matplotlib, the extra `[plot]`).

| file | what it holds |
|---|---|
| curves.py | Test score against the number of training rows |
| files.py | Pictures to files |
| history.py | The curves of a training |
"""
