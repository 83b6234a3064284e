"""How gunicorn serves the pages: one process, threads, and a quick end. Read by gunicorn itself."""

import ctypes
import os
import signal
import sys
from typing import Any

wsgi_app = "rivya_bridge.wsgi"
worker_class = "gthread"
workers = 1
threads = 16
# Open event streams would keep a stopping server for ever.
graceful_timeout = 3
accesslog = None
errorlog = "-"
loglevel = "warning"
# One supervisor controls it; a control socket outside the data folder would be one more door.
control_socket_disable = True
# The heartbeat file must not lie on a slow disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
pidfile = None


def post_fork(server: Any, worker: Any) -> None:
    """Let the kernel end the worker with its parent, even in the middle of an open stream."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != worker.ppid:
            os._exit(1)
