"""`neano cache`: what is kept on disk."""

from __future__ import annotations

from neano.backends.native.runtime import CacheReport, default_cache


def size_text(size: int) -> str:
    """Return a number of bytes for people.

    >>> size_text(300), size_text(5 * 2**20 + 2**19)
    ('300 B', '5.5 MB')
    """
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"


def report_text(report: CacheReport) -> str:
    """Return the state of the cache in a line."""
    if report.problem:
        return f"not used: {report.problem}"
    if report.folder is None:
        return "in memory only (cache_size=0)"
    what = f"{report.functions} functions, {report.entries} objects"
    return f"{report.folder}: {what}, {size_text(report.size)} of {size_text(report.limit)}"


def run_cache(action: str) -> int:
    """Show the cache, delete what goes beyond its bound ("prune") or everything ("clear")."""
    cache = default_cache()
    if action == "prune":
        print(f"Freed {size_text(cache.prune())}")
    elif action == "clear":
        print(f"Freed {size_text(cache.clear())}")
    report = cache.report()
    print(report_text(report))
    return 1 if report.problem else 0
