from django.urls import path

from rivya_bridge.automation import views

app_name = "automation"

urlpatterns = [
    # /templates/
    path("templates/", views.index, name="index"),
    path("templates/<slug:slug>/", views.template, name="template"),
    # /jobs/
    path("jobs/live/", views.live, name="live"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
]
