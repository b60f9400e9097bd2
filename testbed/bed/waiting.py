"""Failures that say what happened, and waiting for conditions."""
import time

_TAIL = 25              # lines


class BedError(Exception):
    """The bed cannot go on; the text is for a person, with the log lines that matter."""


def tail(path, lines=_TAIL):
    """The last lines of a log, each indented, under its name."""
    try:
        with open(path, 'rb') as f:
            f.seek(0, 2)
            f.seek(max(0, f.tell() - 20_000))
            last = f.read().decode(errors='replace').splitlines()[-lines:]
    except OSError:
        last = ['(no such file)']
    return f'--- {path}\n' + '\n'.join(f'  {line[:500]}' for line in last or ['(empty)'])


def failure(sentence, logs):
    return BedError('\n'.join([sentence, *(tail(log) for log in logs)]))


def wait_for(what, condition, limit, programs=(), every=0.1):
    """Returns the first true answer of `condition`. An OSError (a refused connection, an HTTP
    error) is 'not yet'. Fails after `limit` seconds, or as soon as one of the programs (see
    processes) is dead, with the last log lines of these programs."""
    end = time.monotonic() + limit
    logs = [p.log for p in programs]
    why = 'it did not come true'
    while time.monotonic() < end:
        try:
            answer = condition()
            if answer:
                return answer
            why = 'it did not come true'
        except OSError as error:
            why = str(error)
        dead = [p.name for p in programs if not p.pid()]
        if dead:
            raise failure(f'waited for {what}, but {", ".join(dead)} ended', logs)
        time.sleep(every)
    raise failure(f'waited {limit:g} s for {what}: {why}', logs)
