"""Connections are kept with their keys encrypted, and bad ones refused with a sentence."""

import stat

import pytest
from django.db import connection as database

from rivya_bridge.connection import current as current_module
from rivya_bridge.connection import current_connection, rivya_client
from rivya_bridge.connection.current import forget_choice
from rivya_bridge.connection.models import KnownAccount, SavedConnection
from rivya_bridge.connection.selectors import as_connection
from rivya_bridge.connection.services import (
    remove_connection,
    replace_key,
    save_connection,
    use_connection,
    use_sandbox,
)
from rivya_bridge.refusals import Conflict, Refusal, Unavailable
from rivya_bridge.rivya import AuthenticationFailed

pytestmark = pytest.mark.django_db

KEY = "rvya_sk_live_0123456789abcdef"


def save(name="Shop", base_url="https://rivya.ai", api_key=KEY) -> SavedConnection:
    return save_connection(name=name, base_url=base_url, api_key=api_key)


def test_it_works(key_file):
    row = save(base_url=" https://rivya.ai/api/v1/ ", api_key=f" {KEY}\n")
    assert (row.base_url, row.key_prefix, row.key_last4) == ("https://rivya.ai", "rvya_sk_", "cdef")
    assert not row.is_in_use
    assert current_connection().is_sandbox
    use_connection(row.pk)
    now = current_connection()
    assert (now.base_url, now.api_key, now.source) == ("https://rivya.ai", KEY, "saved")
    assert not now.is_sandbox
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_the_key_stands_nowhere_in_clear():
    row = save()
    use_connection(row.pk)
    assert KEY not in repr(current_connection()) + repr(rivya_client()) + str(row.__dict__)
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM connection_savedconnection")
        assert KEY not in str(cursor.fetchall())


@pytest.mark.parametrize(
    "given, field, said",
    [
        ({"api_key": "  "}, "api_key", "missing"),
        ({"api_key": "rvya_sk_a b"}, "api_key", "without spaces"),
        ({"api_key": "rvya_sk_a\nb"}, "api_key", "without spaces"),
        ({"api_key": "rvya_sk_é"}, "api_key", "printable ASCII"),
        ({"api_key": "k" * 513}, "api_key", "longer than 512"),
        ({"api_key": "rvya_sk_sandbox_full"}, "api_key", "loopback hosts only"),
        ({"base_url": "http://rivya.ai"}, "base_url", "loopback hosts only; use https"),
        ({"base_url": "ftp://rivya.ai"}, "base_url", "must begin with https"),
        ({"base_url": "https://user:pw@rivya.ai"}, "base_url", "user name"),
        ({"base_url": "https://rivya.ai/elsewhere"}, "base_url", "must be an origin"),
        ({"base_url": "https://rivya.ai:99999"}, "base_url", "port"),
        ({"base_url": ""}, "base_url", "must begin with https"),
        ({"base_url": "https://" + "a" * 400}, "base_url", "longer than 300"),
        ({"name": " "}, "name", "1 to 60"),
        ({"name": "a\x00b"}, "name", "printable"),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field_and_never_quoted(given, field, said):
    with pytest.raises(Refusal, match=said) as refusal:
        save(**given)
    assert [problem.field for problem in refusal.value.problems] == [field]
    assert (
        given.get("api_key", KEY).strip() not in refusal.value.message.split()
        or not given.get("api_key", "").strip()
    )
    assert not SavedConnection.objects.exists()


def test_a_name_and_an_account_are_saved_once():
    save()
    with pytest.raises(Refusal, match="named 'Shop' exists"):
        save(api_key=KEY + "2")
    with pytest.raises(Refusal, match="saved already, as 'Shop'"):
        save(name="Other")


def test_another_key_takes_the_place_of_the_former_one_for_the_same_account():
    row = save()
    use_connection(row.pk)
    before = current_connection()
    replace_key(row.pk, KEY + "2")
    after = current_connection()
    assert after.api_key == KEY + "2"
    assert after.account != before.account
    assert after.may_adopt(before.account, before.base_url)
    assert KnownAccount.objects.count() == 2


def test_another_connection_at_the_same_address_is_another_account():
    first, second = save(), save(name="Agency", api_key=KEY + "2")
    assert not as_connection(second).may_adopt(first.account, first.base_url)
    assert as_connection(second).may_adopt("0123456789abcdef", second.base_url)
    with pytest.raises(Refusal, match="belongs to another saved connection"):
        replace_key(second.pk, KEY)


def test_a_removed_connection_has_no_key_and_its_account_is_still_known():
    row, other = save(), save(name="Agency", api_key=KEY + "2")
    remove_connection(row.pk)
    row.refresh_from_db()
    assert (row.encrypted_key, row.key_last4) == ("", "")
    assert not as_connection(other).may_adopt(row.account, row.base_url)
    assert save().pk == row.pk


def test_the_connection_in_use_is_not_removed():
    row = save()
    use_connection(row.pk)
    with pytest.raises(Conflict, match="switch to another"):
        remove_connection(row.pk)
    use_sandbox()
    remove_connection(row.pk)
    assert current_connection().is_sandbox


def test_a_key_of_the_environment_wins_and_nothing_can_be_changed(settings):
    row = save()
    use_connection(row.pk)
    settings.USES_SANDBOX = False
    settings.RIVYA_BASE_URL, settings.RIVYA_API_KEY = "https://rivya.ai", "rvya_sk_of_environment"
    now = current_connection()
    assert (now.source, now.api_key) == ("environment", "rvya_sk_of_environment")
    for change in (
        save,
        use_sandbox,
        lambda: use_connection(row.pk),
        lambda: replace_key(row.pk, "k"),
    ):
        with pytest.raises(Conflict, match="RIVYA_API_KEY is set"):
            change()


def test_a_lost_key_file_is_a_sentence_and_sends_nothing(key_file):
    use_connection(save().pk)
    kept = key_file.read_text()
    key_file.unlink()
    forget_choice()
    assert "gone from the data folder" in current_connection().problem
    with pytest.raises(AuthenticationFailed) as error:
        rivya_client().credits.retrieve()
    assert error.value.sent is False
    key_file.write_text(kept)
    forget_choice()
    assert current_connection().problem == ""
    assert rivya_client().base_url == "https://rivya.ai"


@pytest.mark.parametrize("content", ["w" * 64, "short", "", "\udcff"])
def test_a_wrong_key_file_is_a_sentence(key_file, content):
    use_connection(save().pk)
    key_file.write_bytes(content.encode(errors="surrogateescape"))
    forget_choice()
    assert "key" in current_connection().problem
    assert current_connection().api_key == ""


def test_a_key_file_that_cannot_be_used_saves_nothing(key_file):
    key_file.mkdir()
    with pytest.raises(Unavailable, match="Nothing was saved"):
        save()
    assert not SavedConnection.objects.exists()


def test_the_key_of_the_environment_encrypts_without_a_file(settings, key_file):
    settings.BRIDGE_ENCRYPTION_KEY = "e" * 40
    use_connection(save().pk)
    assert current_connection().api_key == KEY
    assert not key_file.exists()
    settings.BRIDGE_ENCRYPTION_KEY = "f" * 40
    forget_choice()
    assert "BRIDGE_ENCRYPTION_KEY is not the one" in current_connection().problem


def test_another_process_sees_a_switch_after_a_second_and_asks_once_a_second(
    monkeypatch, django_assert_num_queries
):
    row = save()
    clock = [100.0]
    monkeypatch.setattr(current_module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(current_module, "REREAD_SECONDS", 1.0)
    forget_choice()
    with django_assert_num_queries(1):
        assert all(current_connection().is_sandbox for _ in range(50))
    SavedConnection.objects.filter(pk=row.pk).update(is_in_use=True)  # what another process does
    clock[0] += 0.9
    assert current_connection().is_sandbox
    clock[0] += 0.2
    with django_assert_num_queries(1):
        assert {current_connection().base_url for _ in range(50)} == {"https://rivya.ai"}


def test_a_step_keeps_to_one_connection():
    row = save()
    with current_module.one_connection() as held:
        use_connection(row.pk)
        assert current_connection() is held
    assert current_connection().source == "saved"


def test_clients_of_former_accounts_are_closed_after_half_an_hour(monkeypatch):
    from rivya_bridge.connection import clients

    clock = [100.0]
    monkeypatch.setattr(clients.time, "monotonic", lambda: clock[0])
    clients.close_clients()
    row = save()
    use_connection(row.pk)
    for number in range(5):
        replace_key(row.pk, f"{KEY}{number}")
        rivya_client()
        clock[0] += clients.IDLE_SECONDS / 2 + 1
    assert len(clients._clients) == 2
    clients.close_clients()
