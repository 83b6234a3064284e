from django.urls import path

from rivya_bridge.sweeps.views import grids, stability, start

app_name = "sweeps"

urlpatterns = [
    # /experiments/<uuid>/
    path("experiments/<uuid:experiment_id>/sweep/", start.create, name="create"),
    path("experiments/<uuid:experiment_id>/sweeps/", grids.index, name="index"),
    path("experiments/<uuid:experiment_id>/stability/", stability.stability, name="stability"),
    path(
        "experiments/<uuid:experiment_id>/stability/references/",
        stability.references,
        name="references",
    ),
    # /sweeps/
    path("sweeps/<uuid:sweep_id>/", grids.grid, name="grid"),
    path("sweeps/<uuid:sweep_id>/live/", grids.live, name="live"),
    path("sweeps/<uuid:sweep_id>/<slug:verb>/", grids.act, name="act"),
]
