"""Writing LLVM IR as text: lines, the block that is being written, and loads and stores at a byte offset."""

from __future__ import annotations


class Lines:
    """IR in the making. `lines += "..."` adds an instruction to the current block."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._temporaries = 0
        self._branches: dict[str, list[tuple[str, int]]] = {}
        self.current = ""

    def __iadd__(self, instruction: str) -> Lines:
        self._lines.append(f"  {instruction}")
        return self

    def raw(self, text: str) -> None:
        """Add text outside of blocks."""
        self._lines.append(text)

    def label(self, name: str) -> None:
        """Begin a block."""
        self._lines.append(f"{name}:")
        self.current = name

    def place(self, base: str, offset: int) -> str:
        """Return the name of the address `offset` bytes after a pointer."""
        if offset == 0:
            return base
        self._temporaries += 1
        name = f"%at.{self._temporaries}"
        self += f"{name} = getelementptr i8, ptr {base}, i64 {offset}"
        return name

    def load(self, name: str, kind: str, base: str, offset: int) -> None:
        """Load what stands `offset` bytes after a pointer."""
        place = self.place(base, offset)
        self += f"{name} = load {kind}, ptr {place}"

    def store(self, kind: str, value: str, base: str, offset: int) -> None:
        """Store a value `offset` bytes after a pointer."""
        place = self.place(base, offset)
        self += f"store {kind} {value}, ptr {place}"

    def likely(self, condition: str, then: str, otherwise: str) -> None:
        """End the block with a branch that mostly goes to `then`."""
        self += f"br i1 {condition}, label %{then}, label %{otherwise}, !prof !0"

    def leave(self, target: str, number: int) -> None:
        """Note that the current block may branch to `target`, where `numbered` tells which number it brought."""
        self._branches.setdefault(target, []).append((self.current, number))

    def numbered(self, name: str, target: str) -> None:
        """Begin the block `target` with the number that was brought to it."""
        self.label(target)
        sources = ", ".join(f"[{number}, %{block}]" for block, number in self._branches[target])
        self += f"{name} = phi i64 {sources}"

    def is_reached(self, target: str) -> bool:
        """Whether some block leaves to a numbered target."""
        return target in self._branches

    def text(self) -> str:
        """Return all of it, with the metadata that `likely` uses."""
        return "\n".join([*self._lines, '!0 = !{!"branch_weights", i32 2000, i32 1}', ""])
