"""What of an answer is complained of, by a description of a few lines."""
import json

import pytest
import schemas
import validate
import yaml

DESCRIPTION = """
info: {version: '2.4'}
paths:
  /api/2.4/volumes:
    get:
      parameters: [{$ref: '#/components/parameters/Limit'}, {name: x-request-id, in: header}]
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/VolumeResponse'}}}}}
    delete: {responses: {'200': {description: OK}}}
  /api/2.4/hosts:
    get: {responses: {'200': {description: OK}}}
components:
  parameters:
    Limit: {name: limit, in: query}
  schemas:
    VolumeResponse: {allOf: [{$ref: '#/components/schemas/Page'}, {type: object, properties: {
      items: {type: array, items: {$ref: '#/components/schemas/Volume'}}}}]}
    Page: {type: object, properties: {more_items_remaining: {type: boolean}}}
    Volume: {allOf: [{$ref: '#/components/schemas/Named'}, {type: object, properties: {
      size: {type: integer, maximum: 10}, pod: {allOf: [{$ref: '#/components/schemas/Named'}]}}}]}
    Named: {type: object, properties: {name: {type: string}}}
"""


class Answer:
    def __init__(self, body=None, status=200):
        self.status_code, self._body = status, body
        self.text = self.content = '' if body is None else json.dumps(body)

    def json(self):
        return self._body


@pytest.fixture(name='description')
def _description(tmp_path):
    path = tmp_path / 'FA2.4.spec.yaml'
    path.write_text(DESCRIPTION)
    return schemas.Description(path)


def complaints(description, answer, method='GET', path='volumes', **more):
    findings = validate.Findings(description)
    findings.judge(method, path, answer, **more)
    return findings.found[method, path]


def of(description, volume):
    return complaints(description, Answer({'items': [volume], 'more_items_remaining': False}))


def test_what_is_as_described_is_not_complained_of_and_null_stands_for_anything(description):
    for volume in ({'name': 'v', 'size': 1, 'pod': {'name': 'p'}}, {'name': None, 'pod': None}, {'pod': {'name': None}}):
        assert of(description, volume) == []
    assert complaints(description, Answer(), 'DELETE') == []


def test_what_is_not_described_and_what_is_of_another_kind_is(description):
    for volume, place in (({'new': 1}, '.items[]:'), ({'pod': {'new': 1}}, '.items[].pod:'),
                          ({'size': 'one'}, '.items[].size:'), ({'size': 11}, '.items[].size:')):
        told = of(description, volume)
        assert len(told) == 1 and told[0].startswith(place), told
    assert len(complaints(description, Answer({'items': []}), 'DELETE')) == 1
    assert complaints(description, Answer({'items': []}), 'POST') == ['is not described']
    assert len(complaints(description, Answer({'items': []}), query={'limit': 1, 'sort': 'x'})) == 1


def test_a_refusal_is_expected_and_names_what_is_wrong(description):
    refused = Answer({'errors': [{'context': 'v', 'message': 'Volume does not exist.'}]}, 400)
    assert complaints(description, refused, expected=400) == []
    assert len(complaints(description, refused)) == 1
    assert len(complaints(description, Answer({'errors': []}, 400), expected=400)) == 1


def test_operations_are_told_by_their_path_below_the_version(description):
    assert description.operations() == {('GET', 'volumes'), ('DELETE', 'volumes'), ('GET', 'hosts')}


def test_the_table_has_a_line_for_each_operation_and_a_column_for_each_version():
    lines = validate.table({'2.4': {('GET', 'volumes'): []}, '2.36': {('GET', 'volumes'): ['one'], ('POST', 'pods'): []}})
    assert [line.split() for line in lines] == [['end-point', 'method', '2.4', '2.36'], ['pods', 'POST', '-', 'ok'],
                                                ['volumes', 'GET', 'ok', '1', 'differences']]


def test_every_request_is_understood():
    with open(validate.REQUESTS, encoding='utf-8') as f:
        assert len(validate.steps(yaml.safe_load(f))) > 100
    with pytest.raises(ValueError):
        validate.steps([['a', 'GET', 'volumes', {}, None, {'sinse': 1}]])
