"""The scripts here need the peer libraries: pytest must not import them."""

collect_ignore_glob = ["check_*.py", "make_*.py", "common.py", "torch_*.py"]
