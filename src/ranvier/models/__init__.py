"""Models ready to use: each file is one kind of network, short enough to be read.

| file | what it holds |
|---|---|
| batches.py | Batches of arrays, for models that are trained by a loop of their own |
| generative/ | autoencoders, dense, convolutional and variational; adversarial networks |
| images/ | LeNet-5 and residual networks |
| linear.py | linear and logistic regression, the perceptron |
| mlp.py | the multilayer perceptron |
| recommender.py | matrix factorization, neural collaborative filtering |
| sequences/ | letters, sentences, translation, forecasts, spikes, a small GPT |
| unsupervised/ | clustering, self-organizing maps, layer-wise pre-training |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr
from .generative.autoencoder import Autoencoder, convolutional_autoencoder, dense_autoencoder
from .generative.gan import GAN
from .generative.vae import VariationalAutoencoder
from .images.lenet import lenet5
from .images.resnet import ResidualBlock, resnet
from .linear import linear_regression, logistic_regression, perceptron
from .mlp import mlp
from .recommender import MatrixFactorization, NeuralRecommender
from .sequences.forecast import MLPForecaster, mlp_forecaster, temporal_cnn
from .sequences.gpt import GPT, generate, gpt
from .sequences.recurrent import char_lstm, lstm_classifier, lstm_forecaster
from .sequences.seq2seq import Seq2Seq, seq2seq
from .sequences.spiking import LeakyIntegrateAndFire, spiking_classifier
from .sequences.text_cnn import TextCNN, text_cnn
from .unsupervised.clustering import DeepClustering, kmeans
from .unsupervised.neighbours import NeighbourClustering
from .unsupervised.pretrain import RestrictedBoltzmannMachine, pretrain
from .unsupervised.som import SelfOrganizingMap

__all__ = [
    "GAN",
    "GPT",
    "Autoencoder",
    "DeepClustering",
    "LeakyIntegrateAndFire",
    "MLPForecaster",
    "MatrixFactorization",
    "NeighbourClustering",
    "NeuralRecommender",
    "ResidualBlock",
    "RestrictedBoltzmannMachine",
    "SelfOrganizingMap",
    "Seq2Seq",
    "TextCNN",
    "VariationalAutoencoder",
    "char_lstm",
    "convolutional_autoencoder",
    "dense_autoencoder",
    "generate",
    "gpt",
    "kmeans",
    "lenet5",
    "linear_regression",
    "logistic_regression",
    "lstm_classifier",
    "lstm_forecaster",
    "mlp",
    "mlp_forecaster",
    "perceptron",
    "pretrain",
    "resnet",
    "seq2seq",
    "spiking_classifier",
    "temporal_cnn",
    "text_cnn",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
