"""Windows that slide over an image, channels last.

| file | what it holds |
|---|---|
| convolution.py | Convolution and transposed convolution |
| sliding_window.py | Windows that slide over an image, which pooling reduces |
"""
