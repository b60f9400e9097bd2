"""What stops VMs, or cannot be taken back, is confirmed: by an option, or by a person who is asked."""

from protectorclient import errors


def confirmed(shown_by, begin, given, show, what):
    """What `begin` gives for a confirmation: for the one that is given, or else, on a terminal, for that of a person who is
    shown what it is about and asked for it; `what` they are asked for.
    """
    package = errors.package()
    try:
        return begin(given)
    except package.errors.NotConfirmedError:
        if given is not None or not shown_by.terminal():
            raise
    show()
    # On standard error: what this command prints is for whoever reads its output.
    print(f"To go on, type {what}: ", end="", file=shown_by.app.stderr, flush=True)
    return begin(shown_by.app.stdin.readline().strip())
