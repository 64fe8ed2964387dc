"""Passes: pure rewrites of a Graph, and the plan of its kernels."""
