"""How `--help` lists commands: by what they are for, each with its whole sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperGroup

#: Title -> commands, in the order in which somebody new meets them.
SECTIONS: Mapping[str, Sequence[str]] = {
    "See it at work": ("demo", "sandbox"),
    "Set it up": ("connection", "model", "schema", "user", "channels", "vault"),
    "Keep it running": ("up", "worker", "scheduler", "web", "doctor"),
    "Do the job": ("run", "runs", "undo"),
    "Keep the data right": ("alerts", "quality", "owners", "matches", "parity"),
    "Decide about tiers": ("overrides", "review", "calibrations", "scenario"),
}


class Listed(TyperGroup):
    """Commands of a group; those of `tierline` itself in sections."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, names in self._sections().items():
            rows = [(name, self._sentence(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)

    def _sections(self) -> Mapping[str, Sequence[str]]:
        if not set(SECTIONS["See it at work"]) <= set(self.commands):
            return {"Commands": list(self.commands)}
        known = {title: [name for name in names if name in self.commands] for title, names in SECTIONS.items()}
        others = [name for name in self.commands if not any(name in names for names in known.values())]
        return {**known, "More": others} if others else known

    def _sentence(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=1000) if command else ""
