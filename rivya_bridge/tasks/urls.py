from django.urls import path

from rivya_bridge.tasks.views import history, inbox, task

app_name = "tasks"

urlpatterns = [
    # /inbox/
    path("inbox/", inbox.inbox, name="inbox"),
    # /tasks/
    path("tasks/", history.history, name="history"),
    path("tasks/live/", history.live, name="live"),
    path("tasks/<uuid:task_id>/", task.detail, name="detail"),
    path("tasks/<uuid:task_id>/sendings/<int:number>/", task.sending, name="sending"),
    path("tasks/<uuid:task_id>/cancel/", task.cancel, name="cancel"),
    path("tasks/<uuid:task_id>/continue/", task.go_on, name="continue"),
    path("tasks/<uuid:task_id>/handled/", inbox.handled, name="handled"),
]
