"""What is told of an answer. Standard library only, as the proxy's other tests."""
import json
import unittest

from . import shapes

SERVER = '0c7b6f2e-9a51-4a57-8f0e-5b8a3f9d1c22'


def told(value):
    return shapes.fields('application/json', json.dumps(value).encode())


class Fields(unittest.TestCase):
    def test_all_elements_of_a_list_have_one_shape(self):
        self.assertEqual(told({'servers': [{'name': 'one', 'host': None}, {'name': 'two', 'host': 'h', 'fault': {}}]}),
                         {'': 'object', '.servers': 'list', '.servers[]': 'object', '.servers[].fault': 'object',
                          '.servers[].host': 'null|string', '.servers[].name': 'string'})

    def test_numbers_truths_ids_and_times_are_told_apart(self):
        for value, kind in ((True, 'boolean'), (1, 'integer'), (1.0, 'number'), ('1', 'string'), (SERVER, 'id'),
                            (SERVER.replace('-', ''), 'hexadecimal id'), ('2026-11-26T00:01:02Z', '0000-00-00T00:00:00Z'),
                            ('2026-11-26 00:01:02.123456', '0000-00-00 00:00:00.000000'), ('2026-11-26', 'string'),
                            ('x' * 32, 'string'), ('2026-11-26T secret', 'string'), (SERVER.upper(), 'string')):
            self.assertEqual(told(value), {'': kind})

    def test_a_field_that_is_called_by_an_id_is_not_told_apart(self):
        self.assertEqual(told({SERVER: 1}), {'': 'object', '.ID': 'integer'})

    def test_what_is_no_json_has_no_fields(self):
        self.assertEqual(shapes.fields('text/html', b'<p>'), {'': 'no JSON'})
        self.assertEqual(shapes.fields('application/json', b'{'), {'': 'no JSON'})
        self.assertIsNone(shapes.fields('application/json', b''))


class Headers(unittest.TestCase):
    def test_only_values_are_told_that_say_how_a_service_speaks(self):
        self.assertEqual(shapes.headers([('X-Subject-Token', 'hidden'), ('Vary', 'X-Auth-Token'), ('Vary', 'Accept'),
                                         ('Location', f'http://127.0.0.1:1/v2/servers/{SERVER}'),
                                         ('X-OpenStack-Request-Id', f'req-{SERVER}')]),
                         {'x-subject-token': None, 'vary': 'X-Auth-Token, Accept', 'location': '/v2/servers/ID',
                          'x-openstack-request-id': 'req-ID'})
