"""What each reason is called and what a person does about it; a next step names only what its page offers.

The words are those of the controls: Continue, Cancel, "run it again", the Connection, Credits and Files
pages. What happened and what was spent stand beside it and are not repeated here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """A title in words, and the next step as sentences.

    `first` is what has to be put right before it is run again under a new key, or the same would come of it.
    """

    title: str
    next: str
    first: str = ""


# What waits for a decision of a person, or for something that a person has to bring about.
HELD = {
    "outcome_unknown": Advice(
        "Sent, but no usable answer came",
        "Press Continue to send the same request once more under its idempotency key: whatever became of the "
        "first sending, it is charged once. Or cancel this task, and see on the Credits page whether the "
        "balance has moved.",
    ),
    "repeat_refused": Advice(
        "Sent without an answer, then refused",
        "Cancel this task: sent once more as it is, it would be refused again. See on the Credits page whether "
        "the balance has moved, change what Rivya’s answer names, then run it again as a new task.",
    ),
    "server_failure": Advice(
        "Rivya’s server failed",
        "Wait a few minutes, then press Continue to send the same request once more under its idempotency key: "
        "whatever became of the earlier sendings, it is charged once. Or cancel this task.",
    ),
    "idempotency_conflict": Advice(
        "Rivya still works on an earlier sending",
        "Wait a minute, then press Continue: the same request goes out under the same idempotency key, and is "
        "charged once. Or cancel this task.",
    ),
    "redirect_refused": Advice(
        "The address leads elsewhere",
        "Compare the address on the Connection page with the one that Rivya gives for its API. If it differs, "
        "enter the right one there, cancel this task and run it again. If it is the same, press Continue to "
        "send the request once more under its idempotency key: both sendings together are charged once.",
        first="First compare the address on the Connection page with the one that Rivya gives for its API, and "
        "enter the right one there if it differs. ",
    ),
    "insufficient_credits": Advice(
        "Too few credits",
        "Top up the wallet at Rivya: the task then goes on by itself, at the latest ten minutes later. "
        "Or press Continue to try at once, or cancel this task.",
    ),
    "day_cap": Advice(
        "Today’s cap is reached",
        "Raise the cap on the Credits page: the task then goes on by itself. Without that it goes on tomorrow "
        "(UTC), unless it alone takes more than the cap. Or cancel this task.",
    ),
    "template_day_cap": Advice(
        "The template’s cap for today is reached",
        "Raise the daily cap on the Template page: the task then goes on by itself. Without that it goes on "
        "tomorrow (UTC), unless it alone takes more than the cap. Or cancel this task.",
    ),
    "key_refused": Advice(
        "Rivya refuses the API key",
        "Enter an API key on the Connection page that is valid and has all scopes, which are what the key may "
        "do: every task that waits for it then goes on by itself. Or press Continue to try the present key "
        "again.",
    ),
    "other_account": Advice(
        "It belongs to another account",
        "Use that account again on the Connection page: the task then goes on by itself. Or cancel this "
        "task.",
    ),
    "unreachable": Advice(
        "Rivya cannot be reached",
        "Check the network, and the address on the Connection page. Then press Continue to try again, or "
        "cancel this task.",
    ),
    "upload_failed": Advice(
        "A reference could not be uploaded",
        "Press Continue to upload it again, which costs nothing, or cancel this task.",
    ),
    "reference_lost": Advice(
        "A reference file is missing",
        "Add the same file again on the Files page, then press Continue. Or cancel this task and run it again "
        "with another file.",
    ),
    "poison": Advice(
        "It broke off again and again",
        "Press Continue to try once more. If it breaks off again, something is wrong here and not at Rivya: "
        "put right what the error above names, or cancel this task.",
    ),
    "not_found": Advice(
        "Rivya does not know the task",
        "See on the Connection page whether the account in use is the one that sent it. If it is not, use that "
        "one again and press Continue. If it is, cancel to give the task up here: Rivya has lost it, and what "
        "it cost shows in the balance alone.",
    ),
    "poll_budget_over": Advice(
        "Rivya has not ended it",
        "Press Continue to ask once more, which costs nothing. Or cancel to give it up here, whatever Rivya "
        "still charges for it.",
    ),
    "wrong_answer": Advice(
        "Rivya answered for another task",
        "Press Continue to ask again, which costs nothing. If it repeats, report the request id to Rivya and "
        "cancel to give it up here, whatever Rivya still charges for it.",
    ),
    "no_result": Advice(
        "Finished without a result",
        "Press Continue to ask for the results again, which costs nothing, or cancel to give them up.",
    ),
    "results_unavailable": Advice(
        "The results cannot be downloaded",
        "Press Continue to ask for new addresses and download again, which costs nothing more. Or cancel to "
        "give the results up.",
    ),
    "result_refused": Advice(
        "A result was not taken",
        "Press Continue to download it again, which costs nothing more. If it is not taken again, cancel to "
        "give the results up: their addresses stay on the task’s page, under Response.",
    ),
    "data_folder": Advice(
        "The data folder cannot be written",
        "Make room on the disk of the data folder, or make it writable. Then press Continue to download again, "
        "which costs nothing more, or cancel to give the results up.",
    ),
    "answer_cut": Advice(
        "The answer broke off",
        "Press Continue to fetch the whole answer under the same idempotency key: both sendings together are "
        "charged once. Or cancel to keep what arrived.",
    ),
    "turn_failed": Advice(
        "Rivya broke the answer off",
        "Press Continue to ask once more under the same idempotency key: both sendings together are charged "
        "once, and the new answer takes the place of what arrived. Or cancel to keep what arrived.",
    ),
}  # fmt: skip

# What keeps a queued task waiting; nobody has to do anything.
WAITING = {
    "rate_limited": "Rivya asks for fewer requests",
    "api_disabled": "Rivya’s API is switched off",
    "unreachable": "Rivya cannot be reached",
    "waiting_for_place": "Waiting for a free place",
}

ENDED = {
    "generation_failed": Advice(
        "Rivya could not make it",
        "Run it again: the form opens as it was, and the prompt, the params or the references can be changed "
        "before it is sent.",
    ),
    "insufficient_credits": Advice(
        "Too few credits",
        "See the balance on the Credits page. If it does not cover the expected credits, top up the wallet at "
        "Rivya. Then run it again.",
    ),
    "chat_model_not_supported": Advice(
        "Not a model for chat", "Run it again, and choose one of the chat models in the form."
    ),
    "chat_session_conflict": Advice(
        "The chat session cannot be continued",
        "Run it again: it then begins a new conversation, which knows nothing of the earlier messages.",
    ),
    "chat_attachment_not_supported": Advice(
        "The attachment is not taken",
        "Run it again without the attachment, or with a model that takes images.",
    ),
    "canceled_by_person": Advice(
        "Canceled by a person", "Nothing is left to do. Run it again if it is wanted after all."
    ),
    "imported_open": Advice(
        "Still open when it was exported",
        "Nothing is left to do: it goes on where it was started. Run it again if it is wanted here too.",
    ),
    "turn_stopped": Advice(
        "Stopped by a person",
        "Nothing is left to do. Run it again if the whole answer is wanted after all.",
    ),
}  # fmt: skip

# Its session held the answer that the stream did not bring to its end.
ANSWER_IS_WHOLE = Advice(
    "The stream broke off, and the answer is whole",
    "The whole answer stands on the task’s page. Press Continue to learn its charge: the same request goes "
    "out under the same idempotency key, and both sendings together are charged once. Or cancel to leave the "
    "charge unknown; the answer stays as it is.",
)

# A turn that Rivya began and broke off because the wallet was empty.
TURN_TOO_POOR = Advice(
    "Too few credits for the whole answer",
    "Top up the wallet at Rivya. Then press Continue to ask once more under the same idempotency key: both "
    "sendings together are charged once. Or cancel to keep what arrived.",
)

# Codes that only Rivya knows: what it made and could not finish, and what it did not take.
FAILED_THERE = Advice(
    "Rivya could not make it",
    "Run it again: the form opens as it was. Change what Rivya’s message names. Where it names nothing, try "
    "once as it is, then with another prompt or model.",
)
REFUSED = Advice(
    "Rivya refused the request",
    "Run it again: the form opens as it was. Change what Rivya’s answer names. Where it names nothing, send it "
    "once as it is; if it is refused once more, ask Rivya with the request id.",
)
# Of rows that were written elsewhere: an export of another installation, an older version.
OTHER_HOLD = Advice("It waits for a person", "Press Continue, or cancel this task.")
OTHER_CANCEL = Advice("Canceled", "Nothing is left to do. Run it again if it is wanted after all.")

KEY_IS_OLD = (
    "The idempotency key is too old to be sent again: Rivya may have forgotten it and charge twice. See on the "
    "Credits page whether the balance has moved, then cancel this task and run it again if it is still wanted."
)
CANCELED_UNSURE = (
    "See on the Credits page whether the balance has moved. Run it again if it is wanted after all, as a new "
    "task that is charged separately."
)
ONLY_MARKED = " Cancelling only marks it: Rivya has the task, finishes it and charges for it."


def advice_for(status: str, reason: str, *, is_accepted: bool) -> Advice:
    """The words for a task in `status`; `is_accepted`: Rivya had taken it on."""
    if status == "held":
        return HELD.get(reason, OTHER_HOLD)
    if status == "canceled":
        return ENDED.get(reason, OTHER_CANCEL)
    return ENDED.get(reason, FAILED_THERE if is_accepted else REFUSED)
