"""The words of a report, a table for each language.

| file | what it holds |
|---|---|
| chinese.py | The words in Chinese |
| chinese_data_findings.py | What a diagnosis says of data, in Chinese |
| chinese_findings.py | What a diagnosis says, in Chinese |
| chinese_messages.py | What is said of choices, in Chinese |
| english.py | The words in English |
| language.py | Languages: words by key, with values in them |
"""
