"""The floor of the measurement: the least that Django can do to show the same 50 rows.

A WSGI application of its own under the product's gunicorn settings, on the product's database file:
no middleware, no session, no page frame, no style; one query, one compiled template, one table with
the columns of the product's list. It reads the same columns of the same rows, and of a run its first
result file, all in that one query. Started by `list_pages.py`, which sets

- BENCH_DATABASE: the SQLite file,
- BENCH_EXPERIMENT: the id of the experiment whose runs are listed.
"""

import os
from pathlib import Path

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

PAGE_SIZE = 50
# The columns that the product reads for these lists.
RUN_FIELDS = (
    "experiment_id", "number", "source", "model_id", "prompt", "result_text", "studio_credits",
    "rating", "verdict", "task__status", "task__final_credits", "task__error_message",
)  # fmt: skip
TASK_FIELDS = (
    "status", "reason", "origin", "origin_id", "group_url", "group_label", "model_id",
    "final_credits", "estimated_credits", "created_at",
)  # fmt: skip

EXPERIMENTS = """<!doctype html><title>Experiments</title><table>
<tr><th>Experiment</th><th>Status</th><th>Kind</th><th>Runs</th><th>Started</th></tr>
{% for row in rows %}<tr><td><a href="/experiments/{{ row.pk }}/">{{ row.title }}</a>
{{ row.question }}</td><td>{{ row.status }}</td><td>{{ row.category }}</td>
<td>{{ row.run_count }}</td><td>{{ row.created_at|date:"Y-m-d H:i" }}</td></tr>{% endfor %}</table>"""

RUNS = """<!doctype html><title>Runs</title><table>
<tr><th>Result</th><th>Run</th><th>Prompt</th><th>Status</th><th>Source</th><th>Credits</th>
<th>Verdict</th><th>Rating</th></tr>
{% for row in rows %}<tr><td>{% if row.file_id %}<img src="/files/{{ row.file_id }}/preview/"
alt="{{ row.file_name }}">{% endif %}</td>
<td><a href="/runs/{{ row.pk }}/">{{ row.number }} · {{ row.model_id }}</a></td>
<td>{{ row.prompt }}</td><td>{{ row.status }}</td><td>{{ row.source }}</td><td>{{ row.credits }}</td>
<td>{{ row.verdict }}</td><td>{{ row.rating }}</td></tr>{% endfor %}</table>"""

TASKS = """<!doctype html><title>Tasks</title><table>
<tr><th>Task</th><th>Status</th><th>For</th><th>Model</th><th>Credits</th><th>Created</th></tr>
{% for row in rows %}<tr><td><a href="/tasks/{{ row.pk }}/">{{ row.pk }}</a></td>
<td>{{ row.status }} {{ row.reason }}</td>
<td><a href="/{{ row.origin }}s/{{ row.origin_id }}/">{{ row.origin }}</a>
<a href="{{ row.group_url }}">{{ row.group_label }}</a></td><td>{{ row.model_id }}</td>
<td>{{ row.final_credits }} {{ row.estimated_credits }}</td>
<td>{{ row.created_at|date:"Y-m-d H:i" }}</td></tr>{% endfor %}</table>"""


def _configure() -> None:
    from rivya_bridge import env

    settings.configure(
        SECRET_KEY="bare",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        USE_I18N=False,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "rivya_bridge.files",
            "rivya_bridge.tasks",
            "rivya_bridge.experiments",
        ],
        MIDDLEWARE=[],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DATABASES={"default": env.database("DATABASE_URL", Path(os.environ["BENCH_DATABASE"]))},
    )
    django.setup()


_configure()

from django.db.models import F, OuterRef, QuerySet, Subquery  # noqa: E402
from django.template import engines  # noqa: E402

from rivya_bridge.experiments.models import Experiment, Run, RunResult  # noqa: E402
from rivya_bridge.tasks.models import Task  # noqa: E402

_experiments, _runs, _tasks = map(engines["django"].from_string, (EXPERIMENTS, RUNS, TASKS))


def _newest(rows: QuerySet) -> dict[str, object]:
    return {"rows": rows.order_by("-id")[:PAGE_SIZE]}


def experiments(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_experiments.render(_newest(Experiment.objects.all())))


def runs(request: HttpRequest) -> HttpResponse:
    first = RunResult.objects.filter(run=OuterRef("pk"), position=0)
    rows = Run.objects.filter(experiment=os.environ["BENCH_EXPERIMENT"]).select_related("task")
    rows = rows.only(*RUN_FIELDS).annotate(
        file_id=Subquery(first.values("file_id")),
        file_name=Subquery(first.annotate(name=F("file__name")).values("name")),
    )
    return HttpResponse(_runs.render(_newest(rows)))


def tasks(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_tasks.render(_newest(Task.objects.only(*TASK_FIELDS))))


urlpatterns = [
    path("experiments/", experiments),
    path("runs/", runs),
    path("tasks/", tasks),
]

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
