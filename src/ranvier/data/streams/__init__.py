"""Streams: rows that are read chunk by chunk, from arrays, files, tables and generators.

| file | what it holds |
|---|---|
| file_streams.py | Streams over .npy files and folders of images |
| pipeline.py | Pipelines: data sets as chains of steps over elements |
| stream.py | Streams: rows that are read chunk by chunk |
| table_streams.py | Streams over Parquet and CSV files |
"""
