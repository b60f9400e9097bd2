"""Documents that are named among the arguments."""

from protectorclient import errors


def read(shown_by, file):
    """The text of a document; `-` is standard input.

    :raises CommandFailed: it cannot be read
    """
    try:
        if file == "-":
            return shown_by.app.stdin.read()
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable("read", file, error) from error


def write(file, text):
    """Writes a document.

    :raises CommandFailed: it cannot be written
    """
    try:
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise _unusable("write", file, error) from error


def _unusable(action, file, error):
    return errors.CommandFailed(
        "file-unusable",
        f"failed to {action} {file}: {getattr(error, 'strerror', None) or error}",
        "Make the named file or its folder available to this process, or name another.",
    )
