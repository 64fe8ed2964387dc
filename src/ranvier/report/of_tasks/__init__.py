"""Reports on pictures, texts and series: their results from what a task kept of its test.

| file | what it holds |
|---|---|
| classes.py | Results of a network that tells classes of pictures or texts |
| series.py | Results of a forecast: the last one beside the truth, errors by step |
| words.py | The words of texts that speak for each class |

    task -> tested rows -> Results -> the page of a table's report, with sections of their own
"""
