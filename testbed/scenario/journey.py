"""One protected group on its way between the sites, with what every step must leave behind."""
import json

from contents import Contents, array_name
from program import protect_arguments
from waiting import until
import checks
import fidelity
import truth


class Journey:
    """Drives the program for one group and checks each step against the truth."""

    def __init__(self, bed, estate, program, group, members, artifacts, say, destroyed=True):
        """`members`: name → id, at home, of the VMs that are protected. `destroyed`: whether what an array will
        eradicate has to be in the journal, too; what was discarded is not."""
        self.bed, self.estate, self.program, self.say = bed, estate, program, say
        self.group, self.members, self.artifacts = group, members, artifacts
        self.destroyed = destroyed
        self.home, self.away = bed.names
        self.contents = Contents(bed)
        self.before = truth.read(bed)
        self.now = self.before
        self.owned = checks.Owned(self.before, {self.home: members.values()})
        self.first_away = None        # the truth after the first move to the other site
        self.ours, self.moves = [], 0
        self.resized = set()          # members that were resized on the way
        self.epoch = None
        self.volumes = {self.home: [v for i in members.values() for v in self.volumes_of(i)]}

    def volumes_of(self, server, site=None):
        """The volumes of a server, in the order of its attachments."""
        return [a['volumeId'] for a in
                self.now['sites'][site or self.home]['servers'][server]['attachments']]

    def port(self, site, server, name):
        """The id of a server's port."""
        return next(i for i, port in self.now['sites'][site]['ports'].items()
                    if (port['device_id'], port['name']) == (server, name))

    def counterparts(self):
        """Name → id of the VMs at the other site."""
        return {name: fidelity.counterpart(self.before, self.now, self.away, name)
                for name in self.members}

    def servers(self, site):
        return self.members if site == self.home else self.counterparts()

    # -- what holds after every step

    def look(self):
        self.now = truth.read(self.bed)
        return self.now

    def assert_untouched(self, destroyed=None):
        """No stranger changed and nothing exists that the journal does not know, not even
        (`destroyed`) as what an array will eradicate."""
        assert checks.strangers(self.before, self.now, self.owned) == []
        assert checks.unknown(self.before, self.now, self.program.objects(), self.ours,
                              destroyed=self.destroyed if destroyed is None else destroyed) == []

    def twins(self):
        """The volumes at the other site, by the program's own account."""
        members = self.program.group(self.group)['members']
        return [v['sites'][self.away]['volume_id'] for m in members for v in m['volumes']]

    def assert_rolled_back(self, was, held):
        """The VMs run as before (`was`: a look at it), the other site is clean, its volumes hold
        what they `held`."""
        self.look()
        assert checks.same_vms(was, self.now, self.home, self.members) == []
        assert checks.new_living(was, self.now, arrays=[]) == []
        self.assert_untouched(destroyed=False)
        assert self.contents.read(self.away, self.twins()) == held
        # What was undone on the arrays waits there for its eradication.
        self.ours += [p['suffix'] for array, state in self.now['arrays'].items()
                      for name, p in state['protection_group_snapshots'].items()
                      if p['destroyed'] and name not in was['arrays'][array]['protection_group_snapshots']]
        group = self.program.group(self.group)
        assert (group['status'], group['current_primary_site']) == ('active', self.home)
        assert self.program.unfinished() == []

    def assert_status(self, result, status, primary):
        operation, group = result.operation, result.group
        assert operation['status'] == 'completed', result.told()
        assert operation['progress'] == 100
        assert operation['steps_failed'] == []
        assert (group['status'], group['current_primary_site']) == (status, primary)
        told = self.program.group(self.group)
        assert (told['status'], told['current_primary_site']) == (status, primary)
        assert self.program.unfinished() == []

    # -- the steps

    def protect_arguments(self):
        return protect_arguments(self.group, self.home, self.away, list(self.members))

    def protect(self, drive=None):
        """Protects, and sees to it that the first point holds what was there before. `drive`
        runs the program in another way than from start to end; it is given the arguments."""
        written = self.contents.write(self.home, self.volumes[self.home], 'before-protect')
        result = (drive or self.program.run)(*self.protect_arguments())
        self.look()
        self.assert_status(result, 'active', self.home)
        assert result.group['primary_site'] == self.home
        assert result.group['secondary_site'] == self.away
        self.assert_protected(written)
        return result

    def assert_protected(self, written):
        """The home VMs run as before; every volume has an empty-handed twin that is theirs; the
        first point has arrived with all of `written`."""
        assert checks.same_vms(self.before, self.now, self.home, self.members) == []
        twins = [v for i, v in self.now['sites'][self.away]['volumes'].items()
                 if i not in self.before['sites'][self.away]['volumes']]
        sizes = sorted(self.now['sites'][self.home]['volumes'][v]['size']
                       for v in self.volumes[self.home])
        assert sorted(t['size'] for t in twins) == sizes
        arrived = self.complete_points(self.away)
        assert any(all(point.get(array_name(v)) == held for v, held in written.items())
                   for point in arrived.values()), f'no complete point holds it: {list(arrived)}'
        self.assert_untouched()
        self.epoch = self.program.group(self.group).get('epoch')

    def complete_points(self, target):
        """Points of the other site's group that are complete on this site's array: name → what
        each holds, by array volume name."""
        state = self.bed.array_of(target).state()
        held = {}
        for point in state['protection_group_snapshots'].values():
            if point['transfer'] and point['transfer']['completed'] and not point['destroyed']:
                held[point['name']] = {
                    s['name'].rsplit('.', 1)[-1]: s['extents'] for s in state['snapshots'].values()
                    if s['group_snapshot'] == point['id']}
        return held

    def array_group(self, site):
        """The array's protection group that holds all protected volumes of this site."""
        wanted = {array_name(v) for v in self.volumes[site]}
        return next(g['name'] for g in
                    self.bed.array_of(site).state()['protection_groups'].values()
                    if set(g['volumes']) == wanted)

    def decoy(self, source, target):
        """A point that is newer than the last replication and must not be used."""
        suffix = f'decoy-{self.moves}'
        self.ours.append(suffix)
        group, array = self.array_group(source), self.bed.array_of(source)
        array.replicate_now(group, suffix)
        until(f'{suffix} on {target}', lambda: self.bed.array_of(target).arrived(
            f'{array.name}:{group}.{suffix}'), 60)

    def replicated(self, moment, sync):
        """What the volumes hold at `moment`, in their order, as a point that has arrived at the other site when `sync` has
        run."""
        site = self.program.group(self.group)['current_primary_site']
        written = self.contents.write(site, self.volumes[site], moment)
        sync()
        return [written[volume] for volume in self.volumes[site]]

    def write_around_a_decoy(self, source, target):
        """New content, a point of it, and newer content again: what has to arrive."""
        self.moves += 1
        self.contents.write(source, self.volumes[source], f'move-{self.moves}-too-early')
        self.decoy(source, target)
        return self.contents.write(source, self.volumes[source], f'move-{self.moves}-at-the-stop')

    def move(self, command, source, target, drive=None):
        """Fails over or back. All that holds after a move is checked here."""
        written = self.write_around_a_decoy(source, target)
        held = (self.contents.read(target, self.volumes[target])
                if target in self.volumes else {})
        result = (drive or self.program.run)(command, self.group)
        self.look()
        self.assert_status(result, 'active' if target == self.home else 'failed_over', target)
        self.assert_moved(source, target, written, held)
        self.say(f'    {command} to {target}: {result.seconds:.1f} s')
        return result

    def assert_moved(self, source, target, written, held, tolerated=()):
        """The VMs run at `target` as they did, hold `written` and stand still at `source`;
        `held` is what the target's volumes held before. `tolerated`: paths that may differ."""
        assert checks.stopped(self.now, source, self.servers(source)) == []
        self.volumes[self.away] = [v for i in self.counterparts().values()
                                   for v in self.volumes_of(i, self.away)]
        if target == self.home:
            assert checks.same_vms(self.before, self.now, self.home, self.members,
                                   resized=self.resized) == []
        else:
            self.assert_faithful(tolerated)
        expected = [written[v] for v in self.volumes[source]]
        assert self.contents.differences(expected, target, self.volumes[target]) == []
        assert self.contents.read(source, self.volumes[source]) == written
        lost = [v for v, extents in held.items()
                if extents and not self.contents.kept(target, v, extents)]
        assert lost == [], 'overwritten without a safety snapshot'
        epoch = self.program.group(self.group)['epoch']
        assert self.epoch is None or epoch == self.epoch + 1
        self.epoch = epoch
        self.assert_untouched()

    def assert_faithful(self, tolerated=()):
        """Field by field; from the second time on also the very same VMs."""
        report = fidelity.report(self.before, self.now, self.members,
                                 self.program.configuration.mappings, self.home, self.away)
        path = self.artifacts / f'fidelity-{self.group}-{self.moves}.json'
        path.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding='utf-8')
        self.say(f'    fidelity report: {path}')
        differences = [line for line in fidelity.lines(report)
                       if line.split(': ')[1] not in tolerated]
        assert differences == []
        if self.first_away is None:
            self.first_away = self.now
        else:
            assert checks.same_vms(self.first_away, self.now, self.away,
                                   self.counterparts()) == []

    def join(self, name, server):
        """The VM with this id at home is a member from now on, and what it has is no stranger's."""
        self.members[name] = server
        self._changed_members()

    def leave(self, name):
        """The VM is no member any more: what becomes of it from now on is harm to a stranger."""
        left = checks.Owned(self.before, {self.home: [self.members.pop(name)]})
        was, is_ = (snapshot['sites'][self.home] for snapshot in (self.before, self.now))
        for kind in ('servers', 'volumes', 'ports'):
            was[kind].update({i: is_[kind][i] for i in left.of(kind, self.home)})
        was['attachments'].update({i: a for i, a in is_['attachments'].items()
                                   if a['volume_id'] in left.volumes[self.home]})
        array = self.bed.array_of(self.home).name
        was, is_ = (snapshot['arrays'][array] for snapshot in (self.before, self.now))
        for kind in ('volumes', 'snapshots'):
            was[kind].update({n: i for n, i in is_[kind].items() if left.array_volume(n)})
        self._changed_members()

    def _changed_members(self):
        self.owned = checks.Owned(self.before, {self.home: self.members.values()})
        self.volumes = {self.home: [v for i in self.members.values() for v in self.volumes_of(i)]}

    def unprotect(self, drive=None):
        """Leaves the VMs at home as they were before, and nothing of protector anywhere."""
        held = self.contents.read(self.home, self.volumes[self.home])
        result = (drive or self.program.run)('unprotect', self.group)
        assert result.operation['status'] == 'completed', result.told()
        self.look()
        assert checks.same_vms(self.before, self.now, self.home, self.members,
                               protected=False, resized=self.resized) == []
        resized = checks.Owned(self.before, {self.home: [self.members[vm] for vm in self.resized]})
        anew = {i for i, a in self.now['sites'][self.home]['attachments'].items()
                if a['volume_id'] in resized.volumes[self.home]}
        assert [found for found in checks.new_living(self.before, self.now)
                if not any(f': attachments {i} ' in found for i in anew)] == []
        assert checks.strangers(self.before, self.now, self.owned) == []
        assert self.contents.read(self.home, self.volumes[self.home]) == held
        return result
