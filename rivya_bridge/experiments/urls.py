from django.urls import path

from rivya_bridge.experiments.views import experiments, review, runs

app_name = "experiments"

urlpatterns = [
    # /experiments/
    path("experiments/", experiments.index, name="index"),
    path("experiments/new/", experiments.create, name="create"),
    path("experiments/<uuid:experiment_id>/", experiments.detail, name="detail"),
    path("experiments/<uuid:experiment_id>/edit/", experiments.edit, name="edit"),
    path("experiments/<uuid:experiment_id>/record/", runs.record, name="record"),
    path("experiments/<uuid:experiment_id>/run/", runs.start, name="start"),
    path("experiments/<uuid:experiment_id>/review/", review.review, name="review"),
    # /runs/
    path("runs/live/", runs.live, name="live"),
    path("runs/<uuid:run_id>/", runs.detail, name="run"),
    path("runs/<uuid:run_id>/again/", runs.again, name="again"),
    path("runs/<uuid:run_id>/judge/", runs.judge, name="judge"),
    path("runs/<uuid:run_id>/note/", runs.note, name="note"),
]
