"""Raw JSON through openstacksdk's sessions: what a service says, field by field, with nothing
that a class of the SDK does not know left out."""

COMPUTE, VOLUME = '2.100', '3.70'      # raised never silently: the fidelity report names them


class Refused(AssertionError):
    """A service answered with an error; `status` is its code."""

    def __init__(self, text, status):
        super().__init__(text)
        self.status = status


class Cloud:
    """One user's view of one cloud."""

    def __init__(self, connection, site):
        self.connection, self.site = connection, site

    def call(self, service, method, path, body=None, microversion=None, **query):
        """The answer's JSON (None without a body)."""
        adapter = getattr(self.connection, service)
        if microversion is None:
            microversion = {'compute': COMPUTE, 'block_storage': VOLUME}.get(service)
        answer = adapter.request(path, method, json=body, raise_exc=False,
                                 microversion=microversion, params=query or None)
        if answer.status_code >= 400:
            raise Refused(f'{self.site}: {method} {service} {path}: {answer.status_code} '
                          f'{answer.text[:400]}', answer.status_code)
        return answer.json() if answer.content else None

    def get(self, service, path, **more):
        return self.call(service, 'GET', path, **more)

    def post(self, service, path, body, **more):
        return self.call(service, 'POST', path, body, **more)

    def put(self, service, path, body=None, **more):
        return self.call(service, 'PUT', path, body, **more)

    def delete(self, service, path, **more):
        """Deletes; gone already is as good."""
        try:
            return self.call(service, 'DELETE', path, **more)
        except Refused as e:
            if e.status != 404:
                raise
            return None

    def pages(self, service, path, key, **query):
        """All items of a list, page after page."""
        items, query = [], dict(query)
        while True:
            page = self.get(service, path, **query)
            items += page[key]
            following = [link['href'] for link in page.get(f'{key}_links') or []
                         if link['rel'] == 'next']
            if not following or not page[key]:
                return items
            query['marker'] = page[key][-1]['id']

    def volume_action(self, volume, name, argument=None):
        return self.post('block_storage', f'/volumes/{volume}/action', {name: argument})

    def server_action(self, server, name, argument=None):
        return self.post('compute', f'/servers/{server}/action', {name: argument})
