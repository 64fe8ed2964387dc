"""Base: what every room uses: settings, sources of values, locks, spelling.

| file | what it holds |
|---|---|
| aligned.py | Memory that begins at a cache line |
| changes.py | Marks by which what was compiled knows that it must look at attributes again |
| arguments.py | Arguments of calls: whether a value is what the signature says |
| config.py | The few switches of Ranvier |
| extras.py | Libraries that are optional: the extras of the package |
| finite.py | Whether numbers are finite, found out quickly |
| intervals.py | Quantiles of Student's t, intervals of shares |
| locks.py | Locks of the whole process, and what a forked child has to set up again |
| message.py | Texts that are kept with what they were made of, for other languages |
| missing.py | The answer to a name that a module, an object or a call does not have |
| nested.py | Nested structures: lists, tuples, named tuples and dicts of anything, to any depth |
| notebook.py | Notebooks: what they show of objects, and whether there is one |
| observer.py | What values mean, told to an observer while a function is traced |
| processor.py | The processor of this machine, as far as code depends on it |
| quantities.py | Quantities as short texts: numbers, shares, bytes, durations, rates |
| sizes.py | Sizes of arrays: what no machine holds is refused with its shape |
| source.py | Where a value comes from: the user's line, the layer, the section of a step |
| spelling.py | The name that was meant |
| status.py | What a long piece of work is at, for whoever shows it |
| temporary.py | Attributes with another value for a while |
| text_table.py | Tables as lines of text |
"""
