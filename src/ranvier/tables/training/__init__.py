"""Training of networks on a table.

| file | what it holds |
|---|---|
| encoded_rows.py | Rows as networks read them: those to learn from, and those held out |
| held_out.py | Rows that networks of a training hold out, and what they are good for |
| member.py | One network of a training: its rows, its epochs, and the best of them |
| mixture.py | Networks of two recipes, which hold out the same rows, and what each recipe weighs |
| options.py | What a training on a table is asked for |
| recipe.py | The default network for tables, and how it is optimized |
| temperature.py | One temperature for probabilities, measured on held-out rows |
| train.py | Training on a table within a time: epochs planned by the clock, the best kept |
| training_rows.py | The rows that networks of a training learn from and are scored on |

`train` builds the networks and trains them within a time; each is one `Member`.
"""
