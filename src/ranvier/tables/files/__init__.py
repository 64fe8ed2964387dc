"""Files of tables: bytes, records and frames.

| file | what it holds |
|---|---|
| blocks.py | Delimited text block by block |
| delimited.py | The format of a delimited file: delimiter, quotes, header, names |
| frames.py | Frames of other libraries as polars frames, in one form |
| parsing.py | Delimited text as frames |
| records.py | Records of a delimited file: offsets, lines, numbers of fields |
| structured.py | Parquet, Arrow, Excel and JSON |
| unpacking.py | Bytes of a file: compression and encoding |

Bytes are unpacked and decoded; the format of delimited text is found, or a library reads the
formats that have a structure. `reading.py`, one folder up, puts them together.
"""
