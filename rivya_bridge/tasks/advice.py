"""What each reason is called and what a person does about it; a next step names only what its page offers.

The words are those of the controls: Continue, Cancel, "run it again", the Connection, Credits and Files
pages. What happened and what was spent stand beside it and are not repeated here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """A title in words, and the next step as sentences."""

    title: str
    next: str


# What waits for a decision of a person, or for something that a person has to bring about.
HELD = {
    "outcome_unknown": Advice(
        "Sent, but no usable answer came",
        "Compare the balance on the Credits page. Then continue, which sends the same request under the "
        "same key once more, or cancel this task.",
    ),
    "server_failure": Advice(
        "Rivya’s server failed",
        "Continue to send the same request under the same key once more, or cancel this task and run it "
        "again when Rivya is well.",
    ),
    "idempotency_conflict": Advice(
        "Rivya still works on an earlier sending",
        "Wait a minute, then continue: the same key is sent again, never a new one. Or cancel this task.",
    ),
    "redirect_refused": Advice(
        "The address leads elsewhere",
        "Check the address on the Connection page. If it is right, continue. If it is wrong, enter the "
        "right one there, cancel this task and run it again.",
    ),
    "insufficient_credits": Advice(
        "Too few credits",
        "Top up the wallet at Rivya: the task then goes on by itself, at the latest ten minutes later. "
        "Or continue to try at once, or cancel this task.",
    ),
    "day_cap": Advice(
        "Today’s cap is reached",
        "Raise the day’s cap on the Credits page, or wait until tomorrow (UTC): the task then goes on by "
        "itself. Or cancel this task.",
    ),
    "template_day_cap": Advice(
        "The template’s cap for today is reached",
        "Raise the cap for a day on the template’s page, or wait until tomorrow (UTC): the task then goes "
        "on by itself. Or cancel this task.",
    ),
    "key_refused": Advice(
        "Rivya refuses the API key",
        "Check on the Connection page what the key may do, and enter a valid one with all scopes: every "
        "task held for it then goes on by itself. Or continue, to try the present key again.",
    ),
    "other_account": Advice(
        "It belongs to another account",
        "Use that account again on the Connection page: the task then goes on by itself. Or cancel this "
        "task.",
    ),
    "unreachable": Advice(
        "Rivya cannot be reached",
        "Check the network, and the address on the Connection page, then continue. Or cancel this task.",
    ),
    "upload_failed": Advice(
        "A reference could not be uploaded",
        "Continue to upload it again, or cancel this task.",
    ),
    "reference_lost": Advice(
        "A reference file is missing",
        "Add the same file again on the Files page, then continue. Or cancel this task and run it again "
        "with another file.",
    ),
    "poison": Advice(
        "It broke off again and again",
        "The timeline names the error that repeats. Continue to try once more, or cancel this task.",
    ),
    "not_found": Advice(
        "Rivya does not know the task",
        "Check on the Connection page that the account in use is the one that sent it. Then continue to "
        "ask again, or cancel to give it up.",
    ),
    "poll_budget_over": Advice(
        "Rivya has not ended it",
        "Continue to ask once more, or cancel to give it up.",
    ),
    "wrong_answer": Advice(
        "Rivya answered for another task",
        "Continue to ask again. If it repeats, report the request id to Rivya and cancel to give it up.",
    ),
    "no_result": Advice(
        "Finished without a result",
        "Continue to ask for the results again, or cancel to give them up.",
    ),
    "results_unavailable": Advice(
        "The results cannot be downloaded",
        "Continue to ask for fresh addresses and download again, or cancel to give the results up.",
    ),
    "result_refused": Advice(
        "A result was not taken",
        "Its address stands under Response on the task’s page. Continue to download it again, or cancel "
        "to give the results up.",
    ),
    "data_folder": Advice(
        "The data folder cannot be written",
        "Make room on the disk of the data folder, or make it writable. Then continue, or cancel to give "
        "the results up.",
    ),
    "answer_cut": Advice(
        "The answer broke off",
        "Continue to fetch the whole answer under the same key, which is charged once. Or cancel to keep "
        "what arrived.",
    ),
    "turn_failed": Advice(
        "Rivya broke the answer off",
        "Continue to ask once more under the same key, or cancel this task and run it again.",
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
        "Run it again as it is, or change the prompt, the params or the references first.",
    ),
    "insufficient_credits": Advice(
        "Too few credits", "Top up the wallet at Rivya, then run it again."
    ),
    "chat_model_not_supported": Advice(
        "Not a model for chat", "Run it again with an available chat model."
    ),
    "chat_session_conflict": Advice(
        "The chat session cannot be continued",
        "Run it again as a new conversation, or with the account and model that this one began with.",
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
    "The whole answer stands on the task’s page. Continue to have its charge told under the same key, which is "
    "charged once, or cancel to keep the answer as it is.",
)

# A turn that Rivya began and broke off because the wallet was empty.
TURN_TOO_POOR = Advice(
    "Too few credits for the whole answer",
    "Top up the wallet at Rivya. Then continue to ask once more under the same key, or cancel this task and "
    "run it again.",
)

# Codes that only Rivya knows: what it made and could not finish, and what it did not take.
FAILED_THERE = Advice(
    "Rivya could not make it",
    "Run it again as it is, or change first what Rivya’s message names: the prompt, the params or the "
    "references.",
)
REFUSED = Advice(
    "Rivya refused the request", "Change what Rivya’s answer names, then run it again."
)
# Of rows that were written elsewhere: an export of another installation, an older version.
OTHER_HOLD = Advice("It waits for a person", "Continue, or cancel this task.")
OTHER_CANCEL = Advice("Canceled", "Nothing is left to do. Run it again if it is wanted after all.")

KEY_IS_OLD = (
    "The same key can no longer be sent safely, because Rivya may have forgotten it and charge twice. "
    "Compare the balance on the Credits page, then cancel this task and run it again if it is still wanted."
)
CANCELED_UNSURE = (
    "Compare the balance on the Credits page to see whether it was charged. Run it again if it is wanted "
    "after all."
)
ONLY_MARKED = " Cancelling only marks it: Rivya has the task, finishes it and charges for it."


def advice_for(status: str, reason: str, *, is_accepted: bool) -> Advice:
    """The words for a task in `status`; `is_accepted`: Rivya had taken it on."""
    if status == "held":
        return HELD.get(reason, OTHER_HOLD)
    if status == "canceled":
        return ENDED.get(reason, OTHER_CANCEL)
    return ENDED.get(reason, FAILED_THERE if is_accepted else REFUSED)
