"""Generative models and the autoencoders they come from.

| file | what it holds |
|---|---|
| autoencoder.py | Autoencoders |
| gan.py | Generative adversarial networks |
| vae.py | The variational autoencoder: an autoencoder whose codes can be drawn at random |
"""
