"""The connection page: which account is charged, how it answers, and choosing another."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.catalog.selectors import last_refresh
from rivya_bridge.connection import Connection, current_connection
from rivya_bridge.connection.current import settings_connection
from rivya_bridge.connection.models import ConnectionCheck, SavedConnection
from rivya_bridge.connection.selectors import (
    SCOPE_USES,
    as_connection,
    get_saved,
    last_check,
    saved_rows,
)
from rivya_bridge.connection.services import (
    remove_connection,
    replace_key,
    save_connection,
    try_access,
    use_connection,
    use_sandbox,
)
from rivya_bridge.connection.services.saving import checked_access, refuse_while_environment
from rivya_bridge.credits.selectors import current_wallet, spending
from rivya_bridge.dashboard.checking import check_account, check_sentence
from rivya_bridge.dashboard.forms import ConnectionForm, NewKeyForm
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.account_change import effects_of_switch
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems

PAGE = "dashboard:connection"


@require_safe
def connection(request: HttpRequest) -> HttpResponse:
    """Which account is in use, how it answered, and the others."""
    check = last_check(current_connection().account)
    context = {
        "wallet": current_wallet(),
        "spending": spending(),
        "catalog": last_refresh(),
        "check": check,
        "scopes": _scope_lines(check),
        "saved": saved_rows(),
    }
    return render(request, "dashboard/connection.html", context)


@require_POST
def check_connection(request: HttpRequest) -> HttpResponse:
    """Checks the account in use."""
    return _checked(request, current_connection())


@require_POST
def check_saved(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Checks a saved account, in use or not."""
    return _checked(request, as_connection(get_saved(connection_id)))


@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Keeps another account; it comes into use by a decision of its own."""
    refuse_while_environment()
    form = ConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _refuse_dead_key(form.cleaned_data["base_url"], form.cleaned_data["api_key"])
            row = save_connection(**form.cleaned_data)
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            check = check_account(as_connection(row))
            _say(request, check, f"{row.name} is saved, and not in use yet.")
            return redirect("dashboard:use_connection", row.pk)
    status = 422 if form.errors else 200
    return render(request, "dashboard/connection_add.html", {"form": form}, status=status)


@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "HEAD", "POST"])
def new_key(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Replaces the key of a saved account; what waits goes on under the new one."""
    refuse_while_environment()
    row = get_saved(connection_id)
    form = NewKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _refuse_dead_key(row.base_url, form.cleaned_data["api_key"])
            row = replace_key(row.pk, form.cleaned_data["api_key"])
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            _say(request, check_account(as_connection(row)), f"{row.name} has its new key.")
            return redirect(PAGE)
    context = {"form": form, "row": row}
    return render(
        request, "dashboard/connection_key.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def use(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Asks first, telling what happens to open tasks, then switches."""
    row = get_saved(connection_id)
    if request.method == "POST":
        return _after_switch(request, use_connection(row.pk).name)
    refuse_while_environment()
    return _ask(request, as_connection(row), row)


@require_http_methods(["GET", "HEAD", "POST"])
def use_sandbox_instead(request: HttpRequest) -> HttpResponse:
    """The same for the sandbox."""
    if request.method == "POST":
        use_sandbox()
        return _after_switch(request, "the sandbox")
    refuse_while_environment()
    return _ask(request, settings_connection(), None)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Asks first, then wipes the key."""
    row = get_saved(connection_id)
    if request.method == "POST":
        try:
            remove_connection(row.pk)
            messages.success(request, f"{row.name} is removed and its key wiped.")
        except Refusal as refusal:
            add_refusal(request, refusal)
        return redirect(PAGE)
    return render(request, "dashboard/connection_remove.html", {"row": row})


def _refuse_dead_key(base_url: str, api_key: str) -> None:
    """Raises Refusal at the key's field when the server says that it is not in force."""
    origin, key, wrong = checked_access(base_url, api_key)
    if not wrong and (sentence := try_access(origin, key)):
        raise Refusal.field("api_key", sentence)


def _checked(request: HttpRequest, connection: Connection) -> HttpResponse:
    _say(request, check_account(connection))
    return redirect(PAGE)


def _say(request: HttpRequest, check: ConnectionCheck, before: str = "") -> None:
    is_clean = not check.problem and not check.missing
    say = messages.success if is_clean else messages.warning if before else messages.error
    say(request, f"{before} {check_sentence(check)}".strip())


def _ask(request: HttpRequest, to: Connection, row: SavedConnection | None) -> HttpResponse:
    is_in_use = to.account == current_connection().account
    if is_in_use:
        messages.info(request, "This connection is in use already.")
        return redirect(PAGE)
    context = {
        "to": {"base_url": to.base_url, "host": to.host, "is_sandbox": to.is_sandbox},
        "row": row,
        "problem": to.problem,
        "effects": effects_of_switch(to),
        "check": last_check(to.account),
    }
    return render(request, "dashboard/connection_use.html", context)


def _after_switch(request: HttpRequest, name: str) -> HttpResponse:
    messages.success(
        request, f"Now in use: {name}. Every run and job is charged there from now on."
    )
    return redirect(PAGE)


def _scope_lines(check: ConnectionCheck | None) -> list[dict[str, Any]]:
    """Each scope of the last check with what it is for, the missing ones first."""
    order = {"missing": 0, "unknown": 1, "held": 2}
    lines = [
        {**entry, "use": SCOPE_USES.get(entry["scope"], "")}
        for entry in (check.scopes if check else [])
    ]
    return sorted(lines, key=lambda line: order[line["state"]])
