"""Files: models and weights as data, never as code."""
