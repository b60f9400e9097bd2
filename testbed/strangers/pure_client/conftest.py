import pytest

from arrays import connect


@pytest.fixture(scope='session')
def a(pair):
    return connect(pair, 'array-a')


@pytest.fixture(scope='session')
def b(pair):
    return connect(pair, 'array-b')
