"""The steps of an operation while it runs: one line on a terminal, nothing elsewhere. All of it is in the operation's report."""


class Display:
    """Shows what happens, on standard error."""

    def __init__(self, stream, titles):
        self._stream = stream
        self._shown = bool(getattr(stream, "isatty", lambda: False)())
        self._titles = titles
        self._begun = False

    def show(self, progress):
        """Shows an event."""
        if not self._shown:
            return
        event = progress["event"]
        step = event.get("step")
        told = self._titles.get(step, step) or progress["status"]
        kept = _KEPT.get(event["event"])
        if kept is not None:
            why = event.get("reason") or event.get("trouble", {}).get("message", "")
            self._write(f"{kept} {step or ''}: {why}".replace(" :", ":") + "\n")
        self._write(f"{progress['progress']:>3} % {told}")

    def line(self, line):
        """A line that stays, on a terminal only."""
        if self._shown:
            self._write(f"{line}\n")

    def say(self, line):
        """A line that stays."""
        self._write(f"{line}\n") if self._shown else print(line, file=self._stream)

    def end(self):
        """Leaves the line as if nothing had been there."""
        if self._begun:
            self._write("")

    def _write(self, text):
        self._begun = True
        self._stream.write(f"\r\x1b[2K{text}")
        self._stream.flush()


# Events that a person has to be able to read afterwards, too.
_KEPT = {
    "step_troubled": "again",
    "step_failed": "FAILED",
    "step_skipped": "skipped",
    "rollback_begun": "rolling back",
    "revert_failed": "NOT undone",
}
