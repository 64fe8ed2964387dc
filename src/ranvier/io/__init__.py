"""Files: models and weights as data, never as code.

| file | what it holds |
|---|---|
| files.py | Arrays and a description in one safetensors file with a checksum |
| handles.py | Open files, none forgotten wherever Ctrl-C comes |
| packing.py | Plain data with arrays in it, as JSON and arrays |
| private.py | Folders that nobody else can change, for code that will be run |
| reading.py | Plain files, looked at once they are open |
| tensors.py | The safetensors format, read with care |
| writing.py | The one gate through which every file is written |
"""
