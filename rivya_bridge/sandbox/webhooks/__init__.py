"""Signed callbacks at the end of a generation: endpoints, events and their deliveries.

The path of one event: `wallet.settle_due` books the end of a generation and `Outbox` writes
the event and its pending deliveries in the same transaction. `Dispatcher` claims what is due
and `Sender` posts it. Rows are the truth; a restart goes on where the last one stopped.
"""
