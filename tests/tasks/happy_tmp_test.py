import httpx
import pytest
from django.db import transaction

from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.credits.models import *
from rivya_bridge.identifiers import new_id
from rivya_bridge.tasks.models import *
from rivya_bridge.tasks.services import create_task
from rivya_bridge.tasks.services.advance import advance


@pytest.mark.django_db(transaction=True)
def test_happy(sandbox, no_bell):
    refresh_catalog()
    with transaction.atomic():
        t = create_task(
            origin="run",
            origin_id=new_id(),
            model=get_model("z-image"),
            prompt="x",
            params={},
            references=[],
            group_label="g",
            group_url="/",
        )
    for _ in range(50):
        Task.objects.exclude(status__in=TERMINAL).update(due_at="2020-01-01T00:00:00Z")
        advance(t.pk)
        t.refresh_from_db()
        if t.is_terminal:
            break
    for e in t.events.all():
        print(e.seq, e.kind, e.text)
    print(t.status, list(Wallet.objects.values()), list(LedgerEntry.objects.values()))
    print(httpx.get(sandbox.base_url + "/sandbox/journal").json())
    assert t.status == "succeeded"
