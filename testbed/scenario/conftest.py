"""Options and fixtures of the suite. See README.md."""
import contextlib
import itertools
import pathlib
import sys
import urllib.request

import pytest

pytest.register_assert_rewrite('journey')
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
DEFAULT_PROGRAM = HERE.parents[1] / 'target' / 'debug' / 'examples' / 'site_failover'
DEFAULT_COMMAND = HERE.parents[1] / 'target' / 'debug' / 'protector'


def pytest_addoption(parser):
    group = parser.getgroup('scenario')
    group.addoption('--bed', help='description of the pair of sites (bed.json)')
    group.addoption('--program', default=str(DEFAULT_PROGRAM), help='the site_failover binary')
    group.addoption('--command', default=str(DEFAULT_COMMAND), help='the protector binary')
    group.addoption('--openstack', help='the Python of an environment with the openstack command and the plug-in')
    group.addoption('--ansible', help='the Python of an environment with Ansible and the package')
    group.addoption('--artifacts', help='directory for the fidelity reports')
    group.addoption('--keep', action='store_true', help='leave the estate behind')
    group.addoption('--kill-share', default='1/3', metavar='N/M',
                    help='the share of the kill matrix to run')
    group.addoption('--kill-seed', default='0', help='chooses which share, e.g. a commit')
    group.addoption('--kill-all', action='store_true', help='the whole kill matrix')



def pytest_generate_tests(metafunc):
    if 'cycle' in metafunc.fixturenames:
        from kills import cycles
        chosen = cycles(None if metafunc.config.getoption('kill_all')
                        else metafunc.config.getoption('kill_share'),
                        metafunc.config.getoption('kill_seed'))
        metafunc.parametrize('cycle', chosen, ids=str)


# -- steps: when one fails, those after it have nothing to stand on

def pytest_runtest_setup(item):
    if item.get_closest_marker('incremental'):
        failed = getattr(item.parent, 'failed_step', None)
        if failed:
            pytest.skip(f'the step before failed: {failed}')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        if item.get_closest_marker('incremental'):
            item.parent.failed_step = item.name
        evidence = item.session.config.stash.get(EVIDENCE, None)
        if evidence:
            report.sections += evidence.sections()
    return report


EVIDENCE = pytest.StashKey()


def pytest_terminal_summary(terminalreporter):
    """What each file took, its part in making the estate included."""
    seconds = {}
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            file = report.nodeid.split('::')[0].rsplit('/', 1)[-1]
            seconds[file] = seconds.get(file, 0) + report.duration
    if len(seconds) > 1:
        terminalreporter.section('seconds by file', sep='-')
        for file, took in seconds.items():
            terminalreporter.write_line(f'{took:7.1f}  {file}')


@pytest.fixture(scope='session')
def bed(request):
    path = request.config.getoption('bed')
    if not path:
        pytest.skip('needs a pair of sites: --bed bed.json')
    from bed import Bed
    described = Bed(path)
    described.be_watched()
    return described


@pytest.fixture(scope='session')
def faults(bed):
    from faults import Faults
    return Faults(bed)


@pytest.fixture(scope='session')
def evidence(request, bed, faults):
    from evidence import Evidence
    request.config.stash[EVIDENCE] = Evidence(bed, faults)
    return request.config.stash[EVIDENCE]


@pytest.fixture(autouse=True)
def _no_rule_outlives_its_test(request):
    """Marks where the test began in all logs; takes back its rules when it ends."""
    if not request.config.getoption('bed') or 'bed' not in request.fixturenames:
        yield
        return
    evidence = request.getfixturevalue('evidence')
    evidence.begin(request.node.name)
    yield
    for program in evidence.programs:
        program.leave_nothing_running()
    request.getfixturevalue('faults').clear()


@pytest.fixture(scope='session')
def say(request):
    """Progress lines that show while a long step runs."""
    capture = request.config.pluginmanager.getplugin('capturemanager')

    def line(text):
        with capture.global_and_fixture_disabled():
            print(f'\n{text}', end='', flush=True)
    return line


@pytest.fixture(scope='session')
def artifacts(request, tmp_path_factory):
    asked = request.config.getoption('artifacts')
    path = pathlib.Path(asked) if asked else tmp_path_factory.mktemp('artifacts')
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope='session')
def estates(request, bed, say):
    from pristine import Estates
    estates = Estates(bed, say)
    yield estates
    if not request.config.getoption('keep'):
        estates.teardown()


@pytest.fixture(scope='module')
def estate(estates):
    """The world of the scenario, as if newly made: rebuilt if the module before left traces."""
    return estates.pristine()


@pytest.fixture(scope='module')
def seldom_scheduled(bed, estate):
    """What is the newest point is the test's affair, and no schedule's."""
    import world

    array = next(iter(bed.arrays.values()))
    array.window('POST', '/_settings', {'schedule_interval': 3600})
    yield
    array.window('POST', '/_settings', world.SCHEDULES)


@pytest.fixture(scope='session')
def binary(request):
    path = pathlib.Path(request.config.getoption('program'))
    assert path.is_file(), f'{path} is not there: build it, or name it with --program'
    return path


@pytest.fixture(scope='session')
def make_program(request, bed, binary, faults, evidence, tmp_path_factory):
    """Makes a program with a configuration (and so with site stores) of its own."""
    from configuration import Configuration
    from program import Program

    def make(name, **options):
        program = Program(binary, Configuration(bed, tmp_path_factory.mktemp(name), **options),
                          faults, command=request.config.getoption('command'))
        evidence.programs.append(program)
        return program
    return make


@pytest.fixture()
def quiet(bed, faults):
    """A context in which no writing request may reach any service or array."""
    from writes import Watch

    @contextlib.contextmanager
    def watched():
        watch = Watch(bed, faults)
        yield watch
        # What is refused before anything is asked leaves no line: one of ours shows that the logs are written.
        for site in bed.sites:
            urllib.request.urlopen(bed.cloud_entry(site)['auth']['auth_url'], timeout=20).read()
        watch.settle()
        assert watch.writing() == []
        assert watch.reads() or not any(s.access_logs for s in bed.sites.values()), \
            'the access logs are silent: they prove nothing'
    return watched
