"""How an array says no."""


class Refused(Exception):
    """A request that the array does not carry out: `context` names the object, `message` is the
    sentence. Domain errors of every kind are status 400, as on an array."""

    def __init__(self, message, context=None, status=400):
        super().__init__(message)
        self.message, self.context, self.status = message, context, status

    def body(self):
        return {'errors': [{'context': self.context, 'message': self.message}]}
