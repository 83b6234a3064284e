from django.urls import path

from rivya_bridge.automation.views import batches, jobs, schedules

app_name = "automation"

urlpatterns = [
    # /templates/
    path("templates/", jobs.index, name="index"),
    path("templates/<slug:slug>/", jobs.template, name="template"),
    path("templates/<slug:slug>/batches/", batches.batches, name="batches"),
    path("templates/<slug:slug>/batches/example.<str:kind>", batches.example, name="example"),
    path("templates/<slug:slug>/schedules/", schedules.schedules, name="schedules"),
    # /jobs/
    path("jobs/", jobs.all_jobs, name="jobs"),
    path("jobs/live/", jobs.live, name="live"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    # /batches/
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/problems.csv", batches.problems, name="batch_problems"),
    path("batches/<uuid:batch_id>/results.csv", batches.results, name="batch_results"),
    path("batches/<uuid:batch_id>/<slug:verb>/", batches.act, name="batch_act"),
    # /schedules/
    path("schedules/<uuid:schedule_id>/", schedules.schedule, name="schedule"),
    path("schedules/<uuid:schedule_id>/<slug:verb>/", schedules.act, name="schedule_act"),
]
