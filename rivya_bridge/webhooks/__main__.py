"""The receiver as a process: `python -m rivya_bridge.webhooks`. Its address is in the settings."""

import os

import django
import uvicorn


def main() -> None:
    """Serves until it is told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rivya_bridge.settings")
    django.setup()
    from django.conf import settings

    from rivya_bridge.webhooks.receiver import Receiver

    uvicorn.run(
        Receiver(),
        host=settings.BRIDGE_WEBHOOK_HOST,
        port=settings.BRIDGE_WEBHOOK_PORT,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
