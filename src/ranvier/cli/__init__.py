"""The command line: one file for each group of commands.

| file | what it holds |
|---|---|
| attribute.py | `ranvier attribute`: what a saved model's output is made of |
| compare.py | `ranvier compare`: learning curves of a network and of classical learners |
| diagnose.py | `ranvier diagnose`: what goes wrong with a saved model and its data |
| digits.py | The digits: the network that `ranvier train digits` trains, and how well it reads |
| evaluate.py | `ranvier evaluate`: a saved model tested |
| explain.py | `ranvier explain`: the compiler's work on a model, at seven levels |
| inspect.py | `ranvier inspect`: what a model file holds |
| learners.py | The learners of `ranvier compare`: a network and scikit-learn's |
| main.py | The command line: its commands, and how errors and warnings are told |
| predict.py | `ranvier predict`: what a saved model says about rows |
| problems.py | Tables for `ranvier compare`: the sets by name and files, split in two |
| progress.py | Progress of commands: live in a terminal, plain lines or nothing elsewhere |
| show.py | `ranvier show`: one training step of a saved model, with every number |
| table_options.py | Options that the commands for tables share |
| tables.py | Tables on the command line: trained on, predicted and evaluated |
| tasks.py | Pictures, texts and series on the command line |
| text_pictures.py | Confusion matrices and small images as text |
| train.py | `ranvier train` |
| tune.py | `ranvier tune`: values for a table that suit it better |
"""
