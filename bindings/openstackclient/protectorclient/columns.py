"""Values that read otherwise in a table than in JSON: a program gets numbers and lists, a person what they mean."""

from cliff import columns


class Age(columns.FormattableColumn):
    """Seconds, for a person as `1h02m` or `5m12s`."""

    def human_readable(self):
        if self._value is None:
            return "None"
        minutes, seconds = divmod(int(self._value), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        if days:
            return f"{days}d{hours:02}h"
        if hours:
            return f"{hours}h{minutes:02}m"
        if minutes:
            return f"{minutes}m{seconds:02}s"
        return f"{seconds}s"


class Seconds(columns.FormattableColumn):
    """Seconds that were measured."""

    def human_readable(self):
        return "" if self._value is None else f"{self._value:.1f}"


class Steps(columns.FormattableColumn):
    """Names of steps; a move of fifty VMs has hundreds, so that a person sees how many."""

    def human_readable(self):
        return f"{len(self._value)} steps"


class Names(columns.FormattableColumn):
    """A list of names."""

    def human_readable(self):
        return ", ".join(str(name) for name in self._value)


class Lines(columns.FormattableColumn):
    """A list of things, one a line for a person."""

    def __init__(self, value, line):
        super().__init__(value)
        self._line = line

    def human_readable(self):
        return "\n".join(self._line(one) for one in self._value)


class Document(columns.FormattableColumn):
    """What has a form of its own: JSON in a table as well."""

    def human_readable(self):
        if self._value is None:
            return "None"
        import json

        return json.dumps(self._value, sort_keys=True)
