"""Models of sequences: letters, sentences, series, spikes.

| file | what it holds |
|---|---|
| forecast.py | Forecasters |
| gpt.py | A small GPT: a language model over integers, such as the letters of a text |
| recurrent.py | Recurrent networks for letters, sentences and series |
| seq2seq.py | From one sequence to another: an encoder, a decoder, and attention between them |
| spiking.py | Spiking networks |
| text_cnn.py | Convolutions over the words of a sentence |
"""
