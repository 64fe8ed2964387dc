"""Ranvier under the names of other frameworks, so that a tutorial runs by changing its import.

    import tensorflow as tf                       import ranvier.compat.tensorflow as tf
    from tensorflow.keras.layers import Dense     from ranvier.compat.tensorflow.keras.layers ...
    import torch.nn as nn                         import ranvier.compat.torch.nn as nn

These layers map names and default values; what computes is Ranvier. Where the other framework
would do something silently wrong (broadcast a target against a prediction) they stay with
Ranvier's rule, and a name they do not have is an error that says the nearest one.
"""
