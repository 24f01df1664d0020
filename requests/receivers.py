"""Stub."""


def connect() -> None:
    pass
