"""Ten kinds of handwritten digits, found without a single label.

    python examples/clustering.py [--seed 0]

The 1,797 UCI digits. k-means groups pixels; deep embedded clustering groups codes of an
autoencoder; the third network gives an image and its nearest neighbours the same answer. Labels
only measure the result: clusters are matched to digits as fits best, and the share of images whose
cluster is matched to their digit is the clustering accuracy.
"""

import argparse

import numpy as np
from scipy.optimize import linear_sum_assignment

import ranvier
from ranvier.models import DeepClustering, NeighbourClustering, kmeans


def accuracy(labels, clusters):
    """The share of rows that are right under the best matching of clusters to labels."""
    table = np.zeros((labels.max() + 1, clusters.max() + 1))
    np.add.at(table, (labels, clusters), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(labels))


def main(seed=0, deep=True):
    """Group the digits in three ways; returns the accuracies by name."""
    x, y = ranvier.data.load_digits(split=False)
    x = x.reshape(len(x), 64).astype("float32") / 16
    ranvier.seed(seed)
    results = {"k-means": kmeans(x, 10)[1]}
    if deep:
        results["deep embedded clustering"] = DeepClustering(10).fit(x).predict(x)
    results["neighbours"] = NeighbourClustering(10).fit(x).predict(x)
    results = {name: accuracy(y, clusters) for name, clusters in results.items()}
    for name, share in results.items():
        print(f"{name:25} clustering accuracy: {share:.4f}")
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
