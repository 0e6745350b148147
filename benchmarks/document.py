"""Sections of documents that commands write, between two comments that name them."""

from __future__ import annotations

from pathlib import Path


def write_section(path: Path, name: str, text: str) -> None:
    """Replace a section of a document.

    Raises:
        ValueError: the document has no such section.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    document = path.read_text()
    if begin not in document or end not in document:
        raise ValueError(f"{path} has no section between {begin} and {end}")
    before, rest = document.split(begin, 1)
    path.write_text(f"{before}{begin}\n{text.strip()}\n{end}{rest.split(end, 1)[1]}")
