"""What goes wrong for users, and what all faces say of it: one table.

A row is arranged on a simulated pair where the group `web` is protected, and leaves the pair as it was.
"""

import contextlib
import dataclasses
import json
import re
import urllib.request
from pathlib import Path

import yaml

ALL = ("binary", "python", "openstack", "ansible")


@dataclasses.dataclass(frozen=True)
class Row:
    """Something that goes wrong."""

    name: str
    # Has it go wrong, for as long as it is open; gives the environment in which a face is used then.
    arrange: object
    # What a user does: an action that every face has.
    action: str
    code: str
    exit_code: int
    # Of the cause: each is in what is told.
    cause: tuple
    # What to do about it, in the words of all faces.
    remedy: str
    faces: tuple = ALL
    # The site that programs are told, where the error is about one.
    site: str | None = None


def changed(change):
    """Uses changed copies of protector.yaml and clouds.yaml, which lie beside the original ones."""

    @contextlib.contextmanager
    def arrange(pair, _folder):
        ours, clouds = (yaml.safe_load(Path(path).read_text()) for path in (pair.config, pair.clouds))
        change(ours, clouds)
        environment = {}
        for variable, name, content in (
            ("PROTECTOR_CONFIG", "protector-changed.yaml", ours),
            ("OS_CLIENT_CONFIG_FILE", "clouds-changed.yaml", clouds),
        ):
            path = Path(pair.directory) / name
            path.write_text(json.dumps(content))
            environment[variable] = str(path)
        yield environment

    return arrange


def another_cloud(ours, _clouds):
    """A name that clouds.yaml lacks."""
    ours["sites"]["site-a"]["cloud"] = "nope"


def another_password(_ours, clouds):
    """A password that is not accepted any more."""
    clouds["clouds"]["protector-site-a"]["auth"]["password"] = "expired"


def another_network(ours, _clouds):
    """A mapping to a network that is not there."""
    ours["mappings"] = {"networks": [{"site-a": "app-net", "site-b": "nowhere"}]}


@contextlib.contextmanager
def silent_peer(pair, _folder):
    """Nothing answers at the other site."""
    with rules(pair, {"target": "site-b/*", "action": "refuse", "times": 0}):
        yield {}


@contextlib.contextmanager
def only_reader(pair, _folder):
    """At the other site the credential has no role but reader."""
    keystone = Keystone(pair, "site-b")
    user, project = keystone.id_of("users", "app-protector"), keystone.id_of("projects", "app")
    roles = f"/projects/{project}/users/{user}/roles"
    had = [role["id"] for role in keystone.ask("GET", roles)["roles"]]
    reader = keystone.id_of("roles", "reader")
    keystone.ask("PUT", f"{roles}/{reader}")
    for role in had:
        keystone.ask("DELETE", f"{roles}/{role}")
    try:
        yield {}
    finally:
        for role in had:
            keystone.ask("PUT", f"{roles}/{role}")
        keystone.ask("DELETE", f"{roles}/{reader}")


@contextlib.contextmanager
def moving(pair, _folder):
    """This process moves the group, and is held between two requests."""
    import protector

    hold = {"target": "site-a/compute", "path": "/action$", "action": "delay", "seconds": 20, "times": 0}
    with protector.open(pair.config, clouds=pair.clouds, started_by="another program") as sites:
        with rules(pair, hold):
            run = sites.begin("failover", group="web", confirm="web")
            while sites.group("web")["status"] == "active":
                pass
            yield {}
            sites.cancel(run.operation_id, "the test is over")
        try:
            run.result(timeout=120)
        except protector.errors.OperationFailed as error:
            assert error.code == "rolled-back", error


@contextlib.contextmanager
def without_package(_pair, folder):
    """The Python package cannot be imported."""
    (folder / "protector.py").write_text("raise ModuleNotFoundError(\"No module named 'protector'\", name='protector')\n")
    yield {"PYTHONPATH": str(folder)}


@contextlib.contextmanager
def as_it_is(_pair, _folder):
    """Nothing is wrong but what the user gives."""
    yield {}


@contextlib.contextmanager
def rules(pair, *wanted):
    """Has the pair's faults happen."""

    def ask(method, body=None):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{pair.admin}/rules", body, headers, method=method)
        urllib.request.urlopen(request, timeout=10).close()

    ask("POST", json.dumps({"rules": wanted}).encode())
    try:
        yield
    finally:
        ask("DELETE")


class Keystone:
    """A site's administrator."""

    def __init__(self, pair, site):
        cloud = yaml.safe_load(Path(pair.clouds).read_text())["clouds"][f"{site}-quiet"]["auth"]
        self.address, self.token = cloud["auth_url"], None
        domain = {"id": "default"}
        user = {"name": cloud["username"], "domain": domain, "password": cloud["password"]}
        body = {"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": cloud["project_name"], "domain": domain}},
        }}
        with self.open("POST", "/auth/tokens", body) as answer:
            self.token = answer.headers["X-Subject-Token"]

    def open(self, method, path, body=None):
        """Sends a request."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["X-Auth-Token"] = self.token
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        return urllib.request.urlopen(request, timeout=10)

    def ask(self, method, path):
        """What it answers."""
        with self.open(method, path) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def id_of(self, kind, name):
        """The id of what has that name."""
        return next(one["id"] for one in self.ask("GET", f"/{kind}")[kind] if one["name"] == name)


TABLE = [
    Row("wrong cloud name", changed(another_cloud), "sites", "cloud-unknown", 2,
        ("defines no cloud `nope`", "clouds-changed.yaml"), "Name a cloud that clouds.yaml defines."),
    Row("expired password", changed(another_password), "protect", "authentication-failed", 1,
        ("site-a", "protector-site-a"), "Check user, password or application credential, and project in clouds.yaml", site="site-a"),
    Row("unreachable peer", silent_peer, "protect", "unreachable", 1,
        ("site-b", "no answer came"), "Check that the address is right and that the service answers from this host.", site="site-b"),
    Row("unmapped network", changed(another_network), "failover", "operation-refused", 3,
        ("network-unmapped", "nowhere", "site-b"), "map"),
    Row("missing role", only_reader, "failover", "operation-refused", 3,
        ("role-missing", "site-b", "reader"), "give the service credential the role member on the project"),
    Row("missing wheel", without_package, "sites", "capability-missing", 1,
        ("No module named 'protector'",), "pip install ./bindings/python, in a checkout of protector", faces=("openstack", "ansible")),
    Row("wrong type", as_it_is, "set", "argument-invalid", 2,
        ("retention", "long"), "Correct the named argument; nothing was changed."),
    Row("group busy", moving, "sync", "group-busy", 1,
        ("web", "failover"), "Wait for the running operation, or resume it where it was left."),
]


def identifier(row):
    """The row's name, for a test's."""
    return re.sub(r"\W+", "_", row.name)
