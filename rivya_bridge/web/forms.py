"""Refusals of services shown where they belong: at the form's own fields."""

from django import forms

from rivya_bridge.refusals import Refusal


def add_problems(
    form: forms.BaseForm, refusal: Refusal, names: dict[str, str] | None = None
) -> None:
    """Adds each problem to its field (`names` translates), or to the form when it has no such field."""
    if not refusal.problems:
        form.add_error(None, refusal.message)
    for problem in refusal.problems:
        field = (names or {}).get(problem.field, problem.field)
        form.add_error(field if field in form.fields else None, problem.message)
