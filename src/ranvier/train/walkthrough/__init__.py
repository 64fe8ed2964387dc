"""The walkthrough: one training step with every number shown.

| file | what it holds |
|---|---|
| elements.py | Where one element of a recorded tensor comes from, found from the graph alone |
| expressions.py | Where one number comes from, as a tree with a value at every node |
| formulas/ | the formulas of layers, activations, losses and optimizers |
| known.py | The textbook's line for a number instead of the one that keeps rounding small |
| labels.py | Columns of a table and classes, wherever a tensor lies along them |
| latex_document.py | The walkthrough as a document for LaTeX |
| loops.py | What a recurrent layer computes at each step of a sequence |
| meaning.py | What the nodes of a traced step mean: heard by an observer while it is traced |
| names.py | What the nodes of a recorded step are called, by each layer in its own words |
| number_text.py | Numbers, positions and symbols as short texts, plain and for LaTeX |
| page.py | The walkthrough as one HTML file |
| pictures.py | Pictures of tensors inside the page |
| record.py | One training step run on the reference executor, every number kept |
| story.py | A recording as a list of stages, each with formulas, numbers and tensors |
| terminal.py | The walkthrough in the terminal |
| walk.py | The walkthrough as a user has it: shown, written, and traced number by number |

    model, rows -> record -> Recording     graph, values, calls, gradients, updates
                   names  -> Names         which node is whose x, z, W, loss by z
                   story  -> Story         stages: forward, loss, backward, update
                   terminal, page, latex_document

Every number comes from the graph: elements.py says how one of them was made, also where a layer has
no formula. What formulas/ and known.py add are the lines that a textbook would write.
"""
