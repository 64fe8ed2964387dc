"""Looking inside: gradient checks, walkthroughs, reports."""
