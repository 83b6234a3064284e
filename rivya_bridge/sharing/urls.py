from django.urls import path

from rivya_bridge.sharing.views import bulk, experiments, pages, staged

app_name = "sharing"

urlpatterns = [
    # /experiments/
    path("experiments/import/", experiments.start, name="import_experiment"),
    path("experiments/<uuid:experiment_id>/export.zip", experiments.export, name="export"),
    path("experiments/<uuid:experiment_id>/findings.html", pages.findings, name="findings"),
    path("experiments/<uuid:experiment_id>/import/", bulk.start, name="import_runs"),
    # /comparisons/
    path("comparisons/export.html", pages.board, name="board"),
    path("comparisons/<uuid:comparison_id>/export.html", pages.comparison, name="comparison"),
    # /imports/
    path("imports/runs.<str:kind>", bulk.columns, name="columns"),
    path("imports/<uuid:staged_id>/", staged.detail, name="staged"),
    path("imports/<uuid:staged_id>/import/", staged.confirm, name="confirm"),
    path("imports/<uuid:staged_id>/discard/", staged.throw_away, name="discard"),
]
