"""python3 -m proxy: see __init__.py."""
import argparse
import json
import signal
import threading

from .admin import Admin
from .listener import Listener
from .recording import Recording
from .rules import Rules
from .victim import Victim


def start(configuration, poll_interval=0.5):
    """Starts all ports, in threads; returns (admin, listeners)."""
    rules, victim = Rules(), Victim()
    recording = Recording(configuration.get('log'))
    listeners = [Listener(t, rules, victim, recording) for t in configuration['targets']]
    admin = Admin(configuration.get('admin_port', 0), rules, victim, recording,
                  {one.target: one.shown for one in listeners})
    for server in [admin, *listeners]:
        threading.Thread(target=server.serve_forever, args=(poll_interval,), daemon=True).start()
    return admin, listeners


def main():
    parser = argparse.ArgumentParser(prog='proxy')
    parser.add_argument('--configuration', required=True)
    with open(parser.parse_args().configuration, encoding='utf-8') as f:
        start(json.load(f))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == '__main__':
    main()
