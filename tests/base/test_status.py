"""What a long piece of work is at: told to whoever listens, and only then."""

from __future__ import annotations

import pytest

from ranvier.base.status import listening, tell


def test_all_who_listen_hear_it_until_they_stop() -> None:
    heard: list[str] = []
    others: list[str] = []
    assert not tell("nobody")
    with listening(heard.append):
        with listening(others.append):
            assert tell("both")
        assert tell("one")
    assert not tell("nobody again")
    assert (heard, others) == (["both", "one"], ["both"])


def test_an_error_ends_the_listening() -> None:
    with pytest.raises(ValueError), listening(lambda text: None):
        raise ValueError
    assert not tell("nobody")
