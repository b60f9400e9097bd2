"""Whether simulated FlashArrays answer as the vendor's OpenAPI files say, by the version that a request names.

    python validate.py --files DIR --simulator target/debug/protector-sim

DIR has the vendor's files, `FA2.4.spec.yaml` and so on; they are not part of the project. For each version two new arrays
get the requests of `requests.yaml`; every answer has to have the status that is expected, and a body as the file of that
version describes it, without anything that the file does not know. Whatever the file describes and the arrays serve has
to be among the requests. Exit code 1 if anything differs."""
import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import requests
import schemas
import yaml

VERSIONS = ('2.4', '2.26', '2.36')
REQUESTS = pathlib.Path(__file__).with_name('requests.yaml')
_TOKENS = {'array-a': '00000000-0000-0000-0000-00000000000a', 'array-b': '00000000-0000-0000-0000-00000000000b'}
_REFUSAL = {'type': 'object', 'required': ['errors'], 'additionalProperties': False, 'properties': {'errors': {
    'type': 'array', 'minItems': 1, 'items': {'type': 'object', 'additionalProperties': False, 'properties': {
        'context': {'type': ['string', 'null']}, 'message': {'type': 'string'}}}}}}
_PATIENCE = 60      # seconds


@dataclass
class Step:
    """A line of requests.yaml."""
    array: str
    method: str
    path: str
    query: dict = field(default_factory=dict)
    body: object = None
    more: dict = field(default_factory=dict)

    def concerns(self, minor):
        return self.more.get('since', 0) <= minor < self.more.get('until', 1000)


def steps(told):
    found = []
    for array, *rest in told:
        step = Step(f'array-{array}', *rest)
        unknown = step.more.keys() - {'since', 'until', 'status', 'again'}
        if unknown:
            raise ValueError(f'{step}: {", ".join(unknown)} is not known')
        found.append(step)
    return found


class Arrays:
    """Two arrays that speak plain HTTP, as one version of their clients sees them."""

    def __init__(self, ports, version):
        self._origins = {name: f'http://127.0.0.1:{port}' for name, port in ports.items()}
        self._version, self._session, self._tokens = version, requests.Session(), {}
        self._session.trust_env = False

    def log_in(self):
        """The answers to what needs no session: [(method, path, answer)]."""
        told = []
        for array, token in _TOKENS.items():
            told.append(('GET', '/api/api_version', self._send(array, 'GET', 'api_version')))
            answer = self._send(array, 'POST', f'{self._version}/login', headers={'api-token': token})
            self._tokens[array] = {'x-auth-token': answer.headers['x-auth-token']}
            told.append(('POST', 'login', answer))
        return told

    def ask(self, step):
        end = time.monotonic() + _PATIENCE
        name, _, wanted = step.more.get('again', '').partition('=')
        while True:
            answer = self.send(step.array, step.method, step.path, step.query, step.body)
            if not name or any(str(item.get(name)) == wanted for item in answer.json().get('items', ())):
                return answer
            if time.monotonic() > end:
                raise TimeoutError(f'{step.method} {step.path}: {name} has not become {wanted}: {answer.text[:300]}')
            time.sleep(0.05)

    def send(self, array, method, path, query=None, body=None):
        return self._send(array, method, f'{self._version}/{path}', query, body, self._tokens[array])

    def _send(self, array, method, path, query=None, body=None, headers=None):
        # a comma that is quoted is part of a name
        query = urlencode(query or {}, safe=',', quote_via=quote)
        return self._session.request(method, f'{self._origins[array]}/api/{path}', params=query, json=body,
                                     headers=headers, timeout=_PATIENCE)


@contextlib.contextmanager
def simulated(simulator):
    """The ports of two new arrays, {name: port}."""
    words = [word for name, token in _TOKENS.items() for word in ('--array', f'{name}:0:{token}')]
    with subprocess.Popen([simulator, 'arrays', *words], stdout=subprocess.PIPE) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


class Findings:
    """{(method, path): [sentences]} of one version."""

    def __init__(self, description):
        self.description, self.found = description, {}

    def judge(self, method, path, answer, query=(), expected=200):
        told = self.found.setdefault((method, path), [])
        for sentence in self._complaints(method, path, answer, query, expected):
            if sentence not in told:
                told.append(sentence)

    def _complaints(self, method, path, answer, query, expected):
        if answer.status_code != expected:
            return [f'status {answer.status_code} and not {expected}: {answer.text[:300]}']
        if expected >= 400:             # the files describe no refusals
            return [f'refusal: {one}' for one in schemas.complaints(_REFUSAL, answer.json())]
        try:
            known = self.description.parameters(method, path)
            described, schema = self.description.answer(method, path, expected)
        except KeyError:
            return ['is not described']
        found = [f'the parameter {name} is not described' for name in query if name not in known]
        if not described:
            found.append(f'the status {expected} is not described')
        if schema is None:
            return found + ([f'has a body, and none is described: {answer.text[:100]}'] if answer.content else [])
        return found + schemas.complaints(schema, answer.json())


def validate(simulator, description, told):
    findings = Findings(description)
    minor = int(description.version.split('.')[1])
    with simulated(simulator) as ports:
        arrays = Arrays(ports, description.version)
        for method, path, answer in arrays.log_in():
            findings.judge(method, path, answer)
        for step in told:
            if step.concerns(minor):
                findings.judge(step.method, step.path, arrays.ask(step), step.query, step.more.get('status', 200))
        for method, path in sorted(description.operations() - findings.found.keys() - {('POST', 'logout')}):
            if 'not an end-point' not in arrays.send('array-a', method, path).text:
                findings.found[method, path] = ['is served, and not among the requests']
        findings.judge('POST', 'logout', arrays.send('array-a', 'POST', 'logout'))
    return findings.found


def table(by_version):
    """Lines: each operation, and per version ok, how much differs, or - where it is not asked."""
    versions = list(by_version)
    operations = sorted({operation for found in by_version.values() for operation in found}, key=lambda o: (o[1], o[0]))
    width = max(len(path) for _, path in operations)
    lines = [f'{"end-point":{width}}  {"method":6}  ' + ''.join(f'{version:16}' for version in versions).rstrip()]
    for method, path in operations:
        cells = [_cell(by_version[version].get((method, path))) for version in versions]
        lines.append(f'{path:{width}}  {method:6}  ' + ''.join(f'{cell:16}' for cell in cells).rstrip())
    return lines


def _cell(complaints):
    if complaints is None:
        return '-'
    return f'{len(complaints)} differences' if complaints else 'ok'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--files', required=True, type=pathlib.Path, help="the folder of the vendor's files")
    parser.add_argument('--simulator', required=True, help='protector-sim')
    arguments = parser.parse_args()
    files = {version: arguments.files / f'FA{version}.spec.yaml' for version in VERSIONS}
    missing = [str(path) for path in files.values() if not path.is_file()]
    if missing:
        parser.error(f'{", ".join(missing)}: not there; name the folder of the vendor\'s files with --files')
    with open(REQUESTS, encoding='utf-8') as f:
        told = steps(yaml.safe_load(f))
    by_version = {}
    for version in VERSIONS:
        description = schemas.Description(files[version])
        by_version[version] = validate(arguments.simulator, description, told)
    print('\n'.join(table(by_version)))
    count = 0
    for version, found in by_version.items():
        for (method, path), complaints in sorted(found.items()):
            for complaint in complaints:
                count += 1
                print(f'{version} {method} {path}: {complaint}')
    print(f'{sum(map(len, by_version.values()))} operations validated, {count} differences')
    return 1 if count else 0


if __name__ == '__main__':
    sys.exit(main())
