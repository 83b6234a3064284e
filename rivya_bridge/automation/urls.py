from django.urls import path

from rivya_bridge.automation.views import jobs

app_name = "automation"

urlpatterns = [
    # /templates/
    path("templates/", jobs.index, name="index"),
    path("templates/<slug:slug>/", jobs.template, name="template"),
    # /jobs/
    path("jobs/live/", jobs.live, name="live"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
]
