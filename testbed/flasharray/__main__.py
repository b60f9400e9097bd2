"""python3 -m flasharray: see __init__.py. Prints one JSON line with the ports when it listens."""
import argparse
import json
import signal
import threading

from .request_log import RequestLog
from .server import serve
from .world import World


def _array(text):
    name, port, token = text.split(':')
    return name, int(port), token


def main():
    parser = argparse.ArgumentParser(prog='flasharray')
    parser.add_argument('--array', action='append', required=True, type=_array,
                        metavar='NAME:PORT:TOKEN', help='port 0: any free one')
    parser.add_argument('--certificate', help='with its key; without it plain HTTP is spoken')
    parser.add_argument('--key')
    parser.add_argument('--state', help='file that keeps everything over a restart')
    parser.add_argument('--requests', help='file that every request is appended to, as JSON')
    options = parser.parse_args()
    world = World(options.array, options.state)
    serve(world, RequestLog(options.requests), options.certificate, options.key)
    threading.Thread(target=world.run_clock, daemon=True).start()
    print(json.dumps({a.name: a.port for a in world.arrays.values()}), flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == '__main__':
    main()
