"""Pictures (matplotlib, the extra `[plot]`)."""
