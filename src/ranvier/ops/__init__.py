"""The primitive ops, one class each, and the composites written in them."""
