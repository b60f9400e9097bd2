"""Bad input gets one clear sentence that says what to do, an exit code that is not 0, and nothing
is changed anywhere."""
import re

import pytest

import certificates
import program as codes
import world

NOBODY = 'nobody-knows-me'


@pytest.fixture()
def attempt(bed, estate, make_program, quiet):
    """A program to spoil the configuration of, and a way to run it."""
    program = make_program('bad-input')

    def run(*arguments):
        with quiet():
            result = program.run(*arguments, expect=None)
            shown = program.run(*arguments, expect=None, output='human')
        assert_one_clear_sentence(result, shown)
        return result
    run.program = program
    run.protect = codes.protect_arguments('bad', *bed.names, ['app-node'])
    return run


def assert_one_clear_sentence(result, shown):
    assert result.code not in (0, None), result.told()
    assert result.code > 0, f'died: {result.told()}'
    assert result.code == shown.code
    message, hint = result.error.get('message'), result.error.get('hint')
    assert message and hint and result.error.get('code'), result.told()
    for said in (message, hint):
        assert '\n' not in said and 10 < len(said) < 400, said
    assert 'panicked' not in result.stderr + shown.stderr
    text = changeless(shown.stdout + shown.stderr)
    assert changeless(message) in text and hint in text, shown.told()
    assert shown.stdout.strip() == '' or 'operation' not in shown.stdout


def changeless(text):
    """Without what is another one in each run: the requests' names, the time, and how long ago something was."""
    return re.sub(r'req-[0-9a-f-]{36}|\b\d{9,}\b|\b\d+(?= seconds ago)', '…', text)


def words(result):
    return f'{result.error.get("message")} {result.error.get("hint")}'


def test_a_cloud_that_is_in_no_file(attempt, bed):
    def change(told):
        told['sites'][bed.names[1]]['cloud'] = NOBODY
    attempt.program.configuration.write_protector(change)
    result = attempt(*attempt.protect)
    assert result.code == codes.USAGE
    assert NOBODY in words(result)
    assert f'tenant-{bed.names[0]}' in words(result), 'which clouds there are is not said'


def test_a_wrong_password(attempt, bed):
    def change(clouds):
        clouds[f'tenant-{bed.names[1]}']['auth']['password'] = 'wrong-one'
    attempt.program.configuration.write_clouds(change)
    result = attempt(*attempt.protect)
    assert f'{world.PROJECT}-{world.SERVICE}' in words(result) or bed.names[1] in words(result)
    assert 'wrong-one' not in result.stdout + result.stderr


@pytest.fixture()
def expired(tmp_path):
    certificate, key = certificates.expired(tmp_path)
    listener = certificates.Listener(certificate, key)
    listener.certificate = certificate
    yield listener
    listener.close()


def test_a_cloud_with_an_expired_certificate(attempt, bed, expired):
    def change(clouds):
        cloud = clouds[f'tenant-{bed.names[1]}']
        cloud['auth']['auth_url'] = f'{expired.url}/v3'
        cloud['cacert'] = str(expired.certificate)
        cloud.pop('identity_endpoint_override', None)
    attempt.program.configuration.write_clouds(change)
    result = attempt(*attempt.protect)
    assert 'expired' in words(result).lower()
    assert expired.handshakes and not expired.requests


def test_an_array_with_an_expired_certificate(attempt, bed, expired):
    def change(told):
        for array in told['sites'][bed.names[1]]['arrays'].values():
            array.update(url=expired.url, ca_certificate=str(expired.certificate))
    attempt.program.configuration.write_protector(change)
    result = attempt(*attempt.protect)
    assert 'expired' in words(result).lower()
    assert expired.handshakes and not expired.requests


def test_a_wrong_token_of_an_array(attempt, bed):
    array = bed.array_of(bed.names[1])
    path = attempt.program.configuration.directory / f'{array.name}.token'
    path.write_text('not-the-token\n', encoding='utf-8')
    result = attempt(*attempt.protect)
    assert array.name in words(result)
    assert 'not-the-token' not in result.stdout + result.stderr


def test_a_protector_yaml_that_is_no_yaml(attempt):
    file = attempt.program.configuration.protector_file
    file.write_text('sites:\n  site-a: [\n', encoding='utf-8')
    result = attempt(*attempt.protect)
    assert result.code == codes.USAGE
    assert 'protector.yaml' in words(result)


@pytest.mark.parametrize('where, known', [
    (lambda told: told['defaults'], 'replication_interval'),
    (lambda told: told['engine'], 'poll_interval'),
    (lambda told: told, 'mappings'),
])
def test_a_key_that_nobody_knows_is_told_with_the_nearest_one(attempt, where, known):
    wrong = known[:-2] + known[-1]

    def change(told):
        part = where(told)
        part[wrong] = part.pop(known)
    attempt.program.configuration.write_protector(change)
    result = attempt(*attempt.protect)
    assert result.code == codes.USAGE
    assert wrong in words(result) and known in words(result)


def test_a_key_file_that_is_not_there(attempt):
    (attempt.program.configuration.directory / 'protector.key').rename(
        attempt.program.configuration.directory / 'elsewhere')
    try:
        result = attempt(*attempt.protect)
    finally:
        (attempt.program.configuration.directory / 'elsewhere').rename(
            attempt.program.configuration.directory / 'protector.key')
    assert 'protector.key' in words(result)


@pytest.mark.parametrize('command', ['failover', 'failback', 'unprotect', 'status'])
def test_a_group_that_does_not_exist(attempt, command):
    assert NOBODY in words(attempt(command, NOBODY))


def test_a_vm_that_does_not_exist(attempt, bed, quiet):
    arguments = codes.protect_arguments('bad', *bed.names, [NOBODY])
    with quiet():
        result = attempt.program.run(*arguments, expect=None)
    assert result.code in (codes.USAGE, codes.REFUSED), result.told()
    assert NOBODY in words(result) + str(result.findings())

