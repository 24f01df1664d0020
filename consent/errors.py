"""Expected failures. Their text is shown to people, so it is written for them."""

from typing import ClassVar


class PortalError(Exception):
    """Base class. ``str(error)`` says what happened, why, and what can be done."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 400


class InputRefused(PortalError):
    """Input that does not fit; ``code`` is stable, the sentence is translated."""

    code: ClassVar[str] = "input_refused"
    http_status: ClassVar[int] = 422


class ChainBroken(PortalError):
    """The audit chain does not verify. ``row`` is the first bad row's primary key."""

    code: ClassVar[str] = "chain_broken"
    http_status: ClassVar[int] = 500

    def __init__(self, text: str, *, row: int | None) -> None:
        self.row = row
        super().__init__(text)


class ImportRefused(PortalError):
    """A file was not imported; ``lines`` names the first refused lines, ``total`` counts all."""

    code: ClassVar[str] = "import_refused"
    http_status: ClassVar[int] = 422

    def __init__(
        self, text: str, *, lines: list[tuple[int, str]] | None = None, total: int | None = None
    ) -> None:
        self.lines = lines or []
        self.total = len(self.lines) if total is None else total
        super().__init__(text)
