"""Tensors: the user's handle on numbers, and how gradients flow back through them.

| file | what it holds |
|---|---|
| conversion.py | Conversion: from tensors to NumPy, Python, other libraries and text |
| from_numpy.py | NumPy's elementwise functions called with tensors |
| in_place.py | In-place changes: `x += y`, `x.add_(y)`, `x[0] = y` |
| mode.py | What holds for the current thread: the active trace, and whether history is kept |
| ordering.py | Order: elements sorted along an axis, and the largest of them |
| tensor.py | The tensor: the user's handle on numbers, with `.backward()` and `.grad` |
| versions.py | Numbers that are replaced, and the history that stays with what was made before |
"""
