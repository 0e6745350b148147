"""What a check raises."""


class Mismatch(AssertionError):
    """Two evaluations differ.

    Attributes:
        kind: which.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
