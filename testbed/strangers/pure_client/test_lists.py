"""Lists of ten thousand volumes: pages, order, filters, counts."""
import pytest
from pypureclient import Filter
from pypureclient import flasharray as sdk

from answers import items, names, one, refused

GIB = 1 << 30
MANY = 10_000
NAMES = [f'many-{number:05}' for number in range(MANY)]


def size(number):
    """Ten sizes, a thousand volumes of each."""
    return (1 + number % 10) * GIB


@pytest.fixture(scope='module')
def many(a):
    """The volumes exist from here on."""
    batch = 1000
    for start in range(0, MANY, batch):
        wanted = [sdk.VolumeBatchPost(name=NAMES[number], provisioned=size(number))
                  for number in range(start, start + batch)]
        assert len(items(a.post_volumes_batch(volume=wanted))) == batch
    return a


def test_all_pages_are_read_in_one_go(many):
    found = names(many.get_volumes(filter="name='many-*'"))
    assert sorted(found) == NAMES


def test_a_page_holds_a_thousand_at_most_and_says_that_there_are_more(many):
    answer = many.get_volumes(filter="name='many-*'", limit=5000)
    assert answer.more_items_remaining is True
    assert answer.continuation_token
    assert len(answer.items._items) == 1000


def test_pages_are_read_by_token(many):
    found, token = [], None
    while True:
        again = {'continuation_token': token} if token else {}
        answer = many.get_volumes(filter="name='many-*'", limit=900, **again)
        page = answer.items._items
        found += [volume.name for volume in page]
        if not answer.more_items_remaining:
            break
        token = answer.continuation_token
        assert len(page) == 900
    assert sorted(found) == NAMES


def test_a_sorted_list_is_read_by_offset(many):
    answer = many.get_volumes(filter="name='many-*'", sort=['name'], limit=1000)
    assert answer.continuation_token is None
    assert [volume.name for volume in answer.items._items] == NAMES[:1000]
    second = many.get_volumes(filter="name='many-*'", sort=['name'], limit=3, offset=9_998)
    assert [volume.name for volume in second.items._items] == NAMES[9_998:]
    assert second.more_items_remaining is False


@pytest.mark.parametrize('order', ['name-', '-name'])
def test_the_sign_of_descent_stands_on_either_side(many, order):
    answer = many.get_volumes(filter="name='many-*'", sort=[order], limit=2)
    assert [volume.name for volume in answer.items._items] == NAMES[:-3:-1]


def test_lists_are_sorted_by_several_fields(many):
    answer = many.get_volumes(filter="name='many-*'", sort=['provisioned-', 'name'], limit=2)
    assert [(volume.provisioned, volume.name) for volume in answer.items._items] == [
        (10 * GIB, 'many-00009'), (10 * GIB, 'many-00019')]


def test_items_are_counted_on_demand(many):
    assert many.get_volumes(filter="name='many-*'", limit=1).total_item_count is None
    assert many.get_volumes(filter="name='many-*'", limit=1, total_item_count=True).total_item_count == MANY
    counted = many.get_volumes(filter="name='many-*'", limit=0)
    assert (counted.total_item_count, counted.items._items) == (MANY, [])


@pytest.mark.parametrize(('text', 'count'), [
    ("name='many-0000*'", 10),
    ('name="many-0000*"', 10),
    ("name='MANY-00001'", 1),
    ("name=('many-00001','many-00002')", 2),
    ("name='many-*' and provisioned>9663676416", 1000),
    ("name='many-*' and provisioned>=9663676416", 2000),
    ("name='many-*' and provisioned<2147483648", 1000),
    ("name='many-*' and provisioned='1073741824'", 1000),
    ("name='many-*' and provisioned!=1073741824", 9000),
    ("name='many-*' and not(provisioned=1073741824)", 9000),
    ("name='many-*' and not destroyed", MANY),
    ("name='many-*' and destroyed", 0),
    ("(name='many-00001' or name='many-00002') and provisioned=2147483648", 1),
    ("contains(name, 'ny-0999')", 10),
    ("name='many-*' and pod.name='p'", 0),
    (r"name='many\'*'", 0),
])
def test_filters(many, text, count):
    assert many.get_volumes(filter=text, limit=1, total_item_count=True).total_item_count == count


def test_the_vendors_own_builder_of_filters_is_understood(many):
    name, provisioned, destroyed = sdk.Volume.name, sdk.Volume.provisioned, sdk.Volume.destroyed
    for wanted, count in (
        (name == 'many-00001', 1),
        (Filter.in_(name, ['many-00001', 'many-00002', 'nobody']), 2),
        (Filter.contains(name, 'ny-0999'), 10),
        ((name == 'many-*') & (provisioned > 9 * GIB), 1000),
        ((name == 'many-*') & ~(provisioned > 9 * GIB) & Filter.not_(destroyed.exists()), 9000),
        ((name == 'many-00001') | (name == 'many-00002'), 2),
    ):
        answer = many.get_volumes(filter=wanted, sort=[name.descending()], limit=0)
        assert answer.total_item_count == count, str(wanted)


@pytest.mark.parametrize('text', ["name=", "name='x", "and", "name='a' nonsense 'b'", "(name='a'"])
def test_what_is_no_filter_is_refused(a, text):
    refused(a.get_volumes(filter=text), text, 'Invalid filter')


def test_what_is_no_token_is_refused(a):
    refused(a.get_volumes(continuation_token='nonsense'), 'nonsense', 'Invalid continuation token')


def test_names_take_wildcards_and_keep_the_order_of_the_request(many):
    assert names(many.get_volumes(names=['many-00007', 'many-00003'])) == ['many-00007', 'many-00003']
    assert len(names(many.get_volumes(names=['many-0001*']))) == 10


def test_a_volume_is_found_by_its_id(many):
    volume = one(many.get_volumes(names=['many-00042']))
    assert one(many.get_volumes(ids=[volume.id])).name == 'many-00042'
    refused(many.get_volumes(ids=['nobody']), 'nobody', 'does not exist')


def test_space_is_listed_page_by_page_too(many):
    assert len(names(many.get_volumes_space(filter="name='many-*'", sort=['name']))) == MANY
