from django.urls import path

from rivya_bridge.promotion.views import kit, ladder, promote, readiness

app_name = "promotion"

urlpatterns = [
    # /runs/
    path("runs/<uuid:run_id>/promote/", promote.promote, name="promote"),
    # /experiments/
    path("experiments/<uuid:experiment_id>/readiness/", readiness.readiness, name="readiness"),
    path(
        "experiments/<uuid:experiment_id>/readiness/<slug:question>/override/",
        readiness.override,
        name="override",
    ),
    path("experiments/<uuid:experiment_id>/consumer/", readiness.consumer, name="consumer"),
    path(
        "experiments/<uuid:experiment_id>/promote/",
        readiness.promote_experiment,
        name="promote_experiment",
    ),
    # /templates/
    path("templates/<slug:slug>/ladder/", ladder.ladder, name="ladder"),
    path("templates/<slug:slug>/back-to-studio/", ladder.back, name="send_back"),
    path("templates/<slug:slug>/versions/<int:number>/kit.zip", kit.kit, name="kit"),
    # /decide/
    path("decide/", readiness.board, name="board"),
    path("decide/rules/", readiness.rules, name="rules"),
]
