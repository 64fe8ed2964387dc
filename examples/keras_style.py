"""Two Keras tutorials; all that is changed is `tensorflow` to `ranvier.compat.tensorflow`."""

import numpy as np

from ranvier.compat.tensorflow import keras
from ranvier.compat.tensorflow.keras.layers import Dense
from ranvier.compat.tensorflow.keras.models import Sequential
from ranvier.data import make_regression

keras.utils.set_random_seed(0)

# A classifier: ten numbers in, yes or no out. Yes means that they add up to more than 5.
model = Sequential()
model.add(Dense(10, input_dim=10, activation="relu"))
model.add(Dense(10, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])

X = np.random.default_rng(0).random((1000, 10))
y = (X.sum(axis=1, keepdims=True) > 5).astype(int)
history = model.fit(X, y, epochs=10, batch_size=32, verbose=0)
loss, accuracy = model.evaluate(X, y, verbose=0)
print(f"classifier: loss {history.history['loss'][0]:.3f} to {loss:.3f}, accuracy {accuracy:.3f}")

# A straight line through noise. The target has the shape (100,), the output (100, 1): Ranvier lines
# them up. Broadcast to (100, 100), as a plain `y - prediction` would be, the best line is flat.
X, y = make_regression(100, 1, noise=5.0, seed=1)
model = Sequential([Dense(1, input_shape=(1,))])
model.compile(optimizer="sgd", loss="mean_squared_error")
model.fit(X, y, epochs=1000, verbose=0)
error = model.evaluate(X, y, verbose=0)
best = np.polyfit(X[:, 0], y, 1)
floor = np.mean((np.polyval(best, X[:, 0]) - y) ** 2)
print(f"regression: error {error:.3f}, of the best line {floor:.3f}, of a flat line {y.var():.0f}")
model.summary()
