from django.urls import path

from rivya_bridge.automation.views import batches, conduct, jobs, portable, schedules, versions

app_name = "automation"

urlpatterns = [
    # /templates/
    path("templates/", jobs.index, name="index"),
    path("templates/<slug:slug>/", jobs.template, name="template"),
    path("templates/<slug:slug>/delivery/", conduct.delivery, name="delivery"),
    path("templates/<slug:slug>/failures/", conduct.failures, name="failures"),
    path("templates/<slug:slug>/spending/", jobs.spending, name="spending"),
    path("templates/<slug:slug>/batches/", batches.batches, name="batches"),
    path("templates/<slug:slug>/batches/example.<str:kind>", batches.example, name="example"),
    path("templates/<slug:slug>/schedules/", schedules.schedules, name="schedules"),
    path("templates/<slug:slug>/versions/", versions.versions, name="versions"),
    path("templates/<slug:slug>/versions/compare/", versions.difference, name="version_diff"),
    path("templates/<slug:slug>/versions/<int:number>/", versions.version, name="version"),
    path("templates/<slug:slug>/versions/<int:number>/edit/", versions.edit, name="version_edit"),
    path("templates/<slug:slug>/labels/", versions.move, name="label_move"),
    path(
        "templates/<slug:slug>/labels/<slug:name>/back/", versions.roll_back, name="label_roll_back"
    ),
    path("templates/<slug:slug>/rename/", versions.rename, name="rename"),
    path(
        "templates/<slug:slug>/versions/<int:number>/export.<str:kind>",
        portable.export,
        name="export",
    ),
    path("import-template/", portable.import_file, name="import"),
    path("schemas/job-template.json", portable.template_schema, name="template_schema"),
    # /jobs/
    path("jobs/", jobs.all_jobs, name="jobs"),
    path("jobs/live/", jobs.live, name="live"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("jobs/<uuid:job_id>/again/", jobs.again, name="again"),
    # /batches/
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/problems.csv", batches.problems, name="batch_problems"),
    path("batches/<uuid:batch_id>/results.csv", batches.results, name="batch_results"),
    path("batches/<uuid:batch_id>/<slug:verb>/", batches.act, name="batch_act"),
    # /schedules/
    path("schedules/<uuid:schedule_id>/", schedules.schedule, name="schedule"),
    path("schedules/<uuid:schedule_id>/<slug:verb>/", schedules.act, name="schedule_act"),
]
