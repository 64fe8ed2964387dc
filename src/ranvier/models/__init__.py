"""Models ready to use: each file is one kind of network, short enough to be read.

| file | what it holds |
|---|---|
| `linear` | linear and logistic regression, the perceptron |
| `mlp` | the multilayer perceptron |
| `lenet`, `resnet` | networks for images: LeNet-5, residual networks |
| `autoencoder`, `vae` | autoencoders, dense and convolutional; the variational one |
| `gan` | generative adversarial networks |
| `clustering`, `neighbours` | k-means, deep embedded clustering, clusters of neighbours |
| `som` | the self-organising map |
| `recommender` | matrix factorisation, neural collaborative filtering |
| `text_cnn` | convolutions over the words of a sentence |
| `gpt` | a small language model of Transformer blocks, and text drawn from it |
| `recurrent` | LSTMs that write letters, class sentences, foretell series |
| `seq2seq` | an encoder and a decoder with attention between them |
| `forecast` | time series: dense layers beside a linear forecast, temporal convolutions |
| `spiking` | leaky integrate-and-fire neurons |
| `pretrain` | restricted Boltzmann machines, layer-wise pre-training |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..missing import module_getattr
from .autoencoder import Autoencoder, convolutional_autoencoder, dense_autoencoder
from .clustering import DeepClustering, kmeans
from .forecast import MLPForecaster, mlp_forecaster, temporal_cnn
from .gan import GAN
from .gpt import GPT, generate, gpt
from .lenet import lenet5
from .linear import linear_regression, logistic_regression, perceptron
from .mlp import mlp
from .neighbours import NeighbourClustering
from .pretrain import RestrictedBoltzmannMachine, pretrain
from .recommender import MatrixFactorization, NeuralRecommender
from .recurrent import char_lstm, lstm_classifier, lstm_forecaster
from .resnet import ResidualBlock, resnet
from .seq2seq import Seq2Seq, seq2seq
from .som import SelfOrganizingMap
from .spiking import LeakyIntegrateAndFire, spiking_classifier
from .text_cnn import TextCNN, text_cnn
from .vae import VariationalAutoencoder

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
