"""The form of a sweep: what may vary, and back from it to a plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from rivya_bridge.catalog.params import one_spelling
from rivya_bridge.experiments.fields import PROMPT_LENGTH
from rivya_bridge.files.forms import ManyFilesField
from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import Model, Param
from rivya_bridge.sweeps.plans import (
    LARGEST_CAP,
    MOST_AT_ONCE,
    MOST_REPEATS,
    MOST_REPLACEMENTS,
    TITLE_LENGTH,
    USUAL_AT_ONCE,
    Plan,
    read_plan,
)

BETWEEN_PROMPTS = "---"
MOST_OPTIONS_SHOWN = 12


def _whole(label: str, most: int, help_text: str = "", **kwargs: Any) -> forms.IntegerField:
    """From 1 to `most`, with one sentence for whatever else is written."""
    text = f"Write a whole number from 1 to {most:,}."
    return forms.IntegerField(
        min_value=1,
        max_value=most,
        label=label,
        help_text=help_text,
        error_messages=dict.fromkeys(("invalid", "required", "min_value", "max_value"), text),
        **kwargs,
    )


class SweepForm(forms.Form):
    """Fields of the params follow the chosen models.

    `params` and `spare` hold them by their common spelling: those of the chosen models, and those that
    only others have but a value was written for, which is kept until one of these is chosen.
    """

    models = forms.MultipleChoiceField(
        required=False, label="Models", widget=forms.CheckboxSelectMultiple
    )
    prompt = forms.CharField(
        required=False,
        max_length=PROMPT_LENGTH,
        strip=False,
        label="Prompt",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Several prompts: put a line of --- between them.",
    )
    references = ManyFilesField(
        required=False,
        label="Reference files",
        help_text="Choose, drop or paste them; they go in together, in this order.",
    )
    with_and_without = forms.BooleanField(
        required=False,
        label="With and without references",
        help_text="Each cell runs twice, so that the effect of references is measured in pairs.",
    )
    each_reference = forms.BooleanField(
        required=False, label="Each reference file alone", help_text="As an axis of its own."
    )
    skip = forms.CharField(
        required=False,
        max_length=10_000,
        label="Leave cells out",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "SKIP: flux-2-pro & 16:9"}),
        help_text="One rule on a line: a cell that has all of its values is left out.",
    )
    repeats = _whole(
        "Repeat × N",
        MOST_REPEATS,
        "Runs of each cell: three or more show how stable it is.",
        initial=1,
    )
    concurrency = _whole("Runs at once", MOST_AT_ONCE, initial=USUAL_AT_ONCE)
    credit_cap = _whole(
        "Credit cap", LARGEST_CAP, "It pauses before it would cost more.", required=False
    )
    title = forms.CharField(
        required=False,
        max_length=TITLE_LENGTH,
        label="Name",
        help_text="Without one it is named by its axes.",
    )
    leave_out = forms.BooleanField(
        required=False, label="Leave out the cells that their model would refuse"
    )

    def __init__(self, data: QueryDict, files: Any = None, *, models: Sequence[Model]) -> None:
        super().__init__(data, files)
        self.fields["models"].choices = [(m.id, _priced(m)) for m in models]  # type: ignore[attr-defined]
        self.fields["models"].is_expected = True  # type: ignore[attr-defined]
        self.fields["prompt"].is_expected = True  # type: ignore[attr-defined]
        chosen = [m for m in models if m.id in data.getlist("models")]
        self.params_of = " ".join(model.id for model in chosen)
        self.params = _params_of(chosen)
        self.spare = {
            spelling: found
            for spelling, found in _params_of(models).items()
            if spelling not in self.params and data.get(f"param-{spelling}", "").strip()
        }
        for spelling, found in self.params.items():
            self.fields[f"param-{spelling}"] = _param_field(found, len(chosen))
        for spelling, found in self.spare.items():
            self.fields[f"param-{spelling}"] = _spare_field(found)
        for number in range(1, MOST_REPLACEMENTS + 1):
            self.fields[f"search_{number}"] = _words_field("Words in the prompt")
            self.fields[f"by_{number}"] = _words_field("are replaced by", "cup, jar, vase")

    def param_fields(self) -> list[forms.BoundField]:
        return [self[f"param-{spelling}"] for spelling in (*self.params, *self.spare)]

    def replacement_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        numbers = range(1, MOST_REPLACEMENTS + 1)
        return [(self[f"search_{number}"], self[f"by_{number}"]) for number in numbers]

    @property
    def is_readable(self) -> bool:
        """Whether it makes a plan, be it with the usual pace instead of nonsense that was written."""
        return set(self.errors) <= {"references", "repeats", "concurrency", "credit_cap"}

    def to_plan(self, references: Sequence[str]) -> Plan:
        """Of a readable form. Raises Refusal."""
        given = self.cleaned_data
        return read_plan(
            {
                "models": given["models"],
                "prompts": split_prompts(given["prompt"]),
                "params": {
                    found[0][1].key: given[f"param-{spelling}"]
                    for spelling, found in self.params.items()
                    if given[f"param-{spelling}"].strip()
                },
                "replacements": [
                    {"search": given[f"search_{number}"], "alternatives": given[f"by_{number}"]}
                    for number in range(1, MOST_REPLACEMENTS + 1)
                ],
                "references": list(references),
                "each_reference": given["each_reference"],
                "with_and_without": given["with_and_without"],
                "skip": given["skip"],
                "repeats": given.get("repeats", 1),
                "title": given["title"],
                "concurrency": given.get("concurrency", USUAL_AT_ONCE),
                "credit_cap": given.get("credit_cap"),
            }
        )

    def add_problem(self, problem: Problem) -> None:
        """At the field that it names, in the form's own names."""
        head, _, rest = problem.field.partition(".")
        name = {
            "params": f"param-{one_spelling(rest)}",
            "replacements": f"search_{rest}",
            "prompts": "prompt",
            "run_cap": None,
        }.get(head, head)
        text = problem.message if not rest else _without_name(problem)
        self.add_error(name if name in self.fields else None, text)


def _without_name(problem: Problem) -> str:
    """The sentence without the HTTP API's name of the field beside which it stands."""
    text = problem.message.removeprefix(f"{problem.field}: ").replace(problem.field, "this")
    return text[:1].upper() + text[1:]


def _words_field(label: str, placeholder: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"placeholder": placeholder} if placeholder else {})
    return forms.CharField(required=False, max_length=4_000, label=label, widget=widget)


def _priced(model: Model) -> str:
    return f"{model.display_name} · {model.base_credits} cr"


def _params_of(models: Sequence[Model]) -> dict[str, list[tuple[Model, Param]]]:
    """The params of all models by their common spelling, with the models that have each."""
    found: dict[str, list[tuple[Model, Param]]] = {}
    for model in models:
        for param in model.params:
            found.setdefault(one_spelling(param.key), []).append((model, param))
    return found


def _param_field(found: list[tuple[Model, Param]], model_count: int) -> forms.CharField:
    param = found[0][1]
    words = [_range_words([one for _, one in found])]
    if len(found) < model_count:
        names = ", ".join(model.display_name for model, _ in found)
        words.append(f"Only {names}.")
    placeholder = "model default" if param.default is None else f"default {param.default}"
    return forms.CharField(
        required=False,
        max_length=20_000,
        label=param.key,
        help_text=" ".join(word for word in words if word),
        widget=forms.TextInput(attrs={"placeholder": placeholder, "spellcheck": "false"}),
    )


def _spare_field(found: list[tuple[Model, Param]]) -> forms.CharField:
    field = _param_field(found, len(found))
    field.help_text = "No chosen model has it: it is kept here and not sent."
    return field


def _range_words(params: Sequence[Param]) -> str:
    options = list(dict.fromkeys(option for param in params for option in param.options))
    if options:
        more = (
            f" and {len(options) - MOST_OPTIONS_SHOWN} more"
            if len(options) > MOST_OPTIONS_SHOWN
            else ""
        )
        return f"{', '.join(options[:MOST_OPTIONS_SHOWN])}{more}."
    lows = [param.min for param in params if param.min is not None]
    highs = [param.max for param in params if param.max is not None]
    if lows and highs:
        return f"{max(lows):g} to {min(highs):g}, such as 1, 2, .., 10."
    return ""


def split_prompts(text: str) -> list[str]:
    """Prompts between lines of ---, without the empty ones."""
    blocks: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.strip() == BETWEEN_PROMPTS:
            blocks.append([])
        else:
            blocks[-1].append(line)
    return [prompt for block in blocks if (prompt := "\n".join(block).strip("\n")).strip()]


def initial_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What the form begins with, of a plan as it was kept."""
    prompts = plan.get("prompts") or []
    initial: dict[str, Any] = {
        name: plan[name]
        for name in (
            "models", "with_and_without", "each_reference", "repeats", "concurrency", "credit_cap",
            "title",
        )
        if name in plan
    } | {
        "prompt": f"\n{BETWEEN_PROMPTS}\n".join(prompts),
        "references_kept": list(plan.get("references", ())),
        "skip": "\n".join(plan.get("skip", ())),
    }  # fmt: skip
    for key, values in plan.get("params", {}).items():
        initial[f"param-{one_spelling(key)}"] = _joined(values)
    for number, row in enumerate(plan.get("replacements", ()), start=1):
        initial[f"search_{number}"] = row["search"]
        initial[f"by_{number}"] = _joined(row["alternatives"])
    return initial


def as_data(initial: Mapping[str, Any]) -> QueryDict:
    """The same as if it had been sent, so that a form that is opened is checked at once."""
    data = QueryDict(mutable=True)
    data.update({"repeats": "1", "concurrency": str(USUAL_AT_ONCE)})
    for name, value in initial.items():
        if isinstance(value, list):
            data.setlist(name, [str(one) for one in value])
        elif value not in (None, False):
            data[name] = str(value)
    return data


def _joined(values: Sequence[Any]) -> str:
    separator = " || " if any("," in str(value) for value in values) else ", "
    return separator.join(str(value) for value in values)
