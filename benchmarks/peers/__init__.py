"""One file per library. Each holds a class `Peer`: `fit()` trains, and returns the last loss."""
