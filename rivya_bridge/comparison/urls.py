from django.urls import path

from rivya_bridge.comparison.views import boards, tray, voting

app_name = "comparison"

urlpatterns = [
    # /compare/
    path("compare/", boards.board, name="board"),
    path("compare/save/", boards.save, name="save"),
    # /experiments/<uuid>/ and /ballots/
    path("experiments/<uuid:experiment_id>/tray/", tray.tray, name="tray"),
    path("experiments/<uuid:experiment_id>/vote/", voting.draw, name="draw"),
    path("experiments/<uuid:experiment_id>/undo-vote/", voting.undo, name="undo_vote"),
    path("experiments/<uuid:experiment_id>/ranking/", voting.ranking, name="ranking"),
    path("ballots/<uuid:ballot_id>/", voting.ballot, name="ballot"),
    path("ballots/<uuid:ballot_id>/vote/", voting.vote, name="vote"),
    path("ballots/<uuid:ballot_id>/a/", voting.side, {"letter": "a"}, name="side_a"),
    path("ballots/<uuid:ballot_id>/b/", voting.side, {"letter": "b"}, name="side_b"),
    # /comparisons/
    path("comparisons/", boards.index, name="index"),
    path("comparisons/<uuid:comparison_id>/", boards.detail, name="detail"),
    path("comparisons/<uuid:comparison_id>/conclude/", boards.conclude, name="conclude"),
]
