"""Loops: a body of ops run for one slice after the other.

| file | what it holds |
|---|---|
| scan_gradient.py | The gradient of a scan |
| scan_op.py | The loop: a body of ops, iteration after iteration |
"""
