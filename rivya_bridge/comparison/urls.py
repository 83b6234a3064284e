from django.urls import path

from rivya_bridge.comparison.views import boards

app_name = "comparison"

urlpatterns = [
    # /compare/
    path("compare/", boards.board, name="board"),
    path("compare/save/", boards.save, name="save"),
    # /comparisons/
    path("comparisons/", boards.index, name="index"),
    path("comparisons/<uuid:comparison_id>/", boards.detail, name="detail"),
    path("comparisons/<uuid:comparison_id>/conclude/", boards.conclude, name="conclude"),
]
