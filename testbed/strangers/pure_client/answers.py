"""How answers of py-pure-client are read."""


def items(answer):
    assert answer.status_code == 200, refusal(answer)
    return list(answer.items)


def done(answer):
    """An answer without items, as to DELETE."""
    assert answer.status_code == 200, refusal(answer)


def one(answer):
    found = items(answer)
    assert len(found) == 1, found
    return found[0]


def names(answer):
    return [item.name for item in items(answer)]


def refusal(answer):
    """Status, context and sentence of the first error."""
    error = answer.errors[0]
    return answer.status_code, error.context, error.message


def refused(answer, context, part):
    status, told, message = refusal(answer)
    assert (status, told) == (400, context), message
    assert part in message, message
