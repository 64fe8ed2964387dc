"""The scripts here need the peer libraries: pytest must not import them."""

collect_ignore_glob = ["make_*.py", "common.py"]
