"""Keeps one estate for many modules: what is as it was made is used again."""
import checks
import truth
from estate import Estate


class Estates:
    """Makes the estate when it is first needed, and anew when something is left of before."""

    def __init__(self, bed, say):
        self.bed, self.say = bed, say
        self._estate = self._made = None

    def pristine(self):
        if self._estate is not None:
            traces = self._traces()
            if not traces:
                return self._estate
            self.say(f'  estate: not as it was ({traces[0]}), made anew')
        self._estate = Estate(self.bed, self.say)
        self._estate.teardown()
        self._estate.build()
        self._made = truth.read(self.bed)
        return self._estate

    def _traces(self):
        now = truth.read(self.bed)
        owned = checks.Owned(self._made, {self._estate.home.name: self._estate.members.values()})
        return (checks.new_living(self._made, now)
                + checks.strangers(self._made, now, owned)
                + checks.same_vms(self._made, now, self._estate.home.name, self._estate.members,
                                  protected=False))

    def teardown(self):
        if self._estate is not None:
            self._estate.teardown()
