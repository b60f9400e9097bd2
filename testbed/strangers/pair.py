"""The simulated pair that a test run stands on, as `protector-sim --output json` tells of it."""
import json
import pathlib
import ssl
import time
import urllib.request


class Pair:
    def __init__(self, told):
        self.told = told
        self.bed = json.loads(pathlib.Path(told['bed']).read_text())
        self.trust = ssl.create_default_context(cafile=told['authority'])

    def address(self, place):
        """HOST:PORT."""
        return self.told['targets'][place].split('://')[1]

    def token(self, array):
        return self.bed['arrays'][array]['token']

    def window(self, array, path, body=None):
        """Asks one of the array's windows for tests, which are no part of its API; with a body, it is a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.told['targets'][array]}/_{path}", data)
        with urllib.request.urlopen(request, context=self.trust, timeout=60) as answer:
            return json.load(answer)


def until(condition, what, seconds=60):
    """What the condition gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f'{what}: not within {seconds} s'
        time.sleep(0.05)
    return found
