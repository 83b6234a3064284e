from django.urls import path

from rivya_bridge.rehearsal.views import cases, drift, golden, rehearsals

app_name = "rehearsal"

urlpatterns = [
    # /templates/<slug>/
    path("templates/<slug:slug>/golden/", golden.golden, name="golden"),
    path("templates/<slug:slug>/golden/measure/", golden.measure, name="measure"),
    path("templates/<slug:slug>/golden/<uuid:case_id>/<slug:verb>/", golden.act, name="golden_act"),
    path("templates/<slug:slug>/rehearsals/", rehearsals.rehearsals, name="rehearsals"),
    path("templates/<slug:slug>/label-rules/", rehearsals.label_rule, name="label_rule"),
    path("templates/<slug:slug>/drift/", drift.drift, name="drift"),
    # /rehearsals/
    path("rehearsals/<uuid:rehearsal_id>/", rehearsals.rehearsal, name="rehearsal"),
    path("rehearsals/<uuid:rehearsal_id>/stop/", rehearsals.stop, name="stop"),
    path("rehearsals/<uuid:rehearsal_id>/back-to-studio/", rehearsals.back, name="send_back"),
    path("rehearsals/<uuid:rehearsal_id>/cases/<int:ordinal>/", cases.case, name="case"),
    path("rehearsals/<uuid:rehearsal_id>/cases/<int:ordinal>/accept/", cases.accept, name="accept"),
    path(
        "rehearsals/<uuid:rehearsal_id>/cases/<int:ordinal>/overrule/",
        cases.overrule,
        name="overrule",
    ),
    # /drift-schedules/
    path("drift-schedules/<uuid:schedule_id>/", drift.drift_schedule, name="drift_schedule"),
    path("drift-schedules/<uuid:schedule_id>/<slug:verb>/", drift.act, name="drift_act"),
]
