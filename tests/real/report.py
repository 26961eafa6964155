"""What the acceptance run found: each claim with yes or no, figures, and one page to read at the end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass
class Report:
    """Filled while the story runs; printed once."""

    versions: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    checked: int = 0
    table: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What was posted, and what came of it at last: who got a mail, and how long it took."""

    @property
    def held(self) -> bool:
        return not self.faults and self.checked > 0

    def claim(self, words: str, holds: bool, detail: object = "") -> None:
        """One thing that must be so; the run goes on when it is not."""
        self.checked += 1
        print(f"{'holds ' if holds else 'FAILED'} {words}" + (f": {detail}" if detail else ""), flush=True)
        if not holds:
            self.faults.append(f"{words}{f': {detail}' if detail else ''}")

    def note(self, words: str) -> None:
        """A figure or a fact."""
        print(f"       {words}", flush=True)
        self.lines.append(words)

    def came_of(self, what: str, whom: Collection[str], how_long: str) -> None:
        """Who heard of one comment so far."""
        self.table[what] = (", ".join(whom) or "nobody", how_long)

    def failed(self, words: str) -> None:
        """The run could not go on."""
        self.faults.append(words)

    def show(self) -> None:
        """The page at the end."""
        print("\n== What was posted on WordPress, and what came of it ==")
        wide = max(map(len, self.table), default=0)
        for what, (whom, how_long) in self.table.items():
            print(f"  {what:<{wide}}  {whom:<36} {how_long}".rstrip())
        print("\n== Figures ==")
        for line in self.lines:
            print(f"  {line}")
        print("  " + ", ".join(f"{name} {version}" for name, version in self.versions.items()))
        print(f"\n{self.checked} claims checked, {len(self.faults)} did not hold.")
        for fault in self.faults:
            print(f"  FAILED {fault}")
