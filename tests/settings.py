"""The product's own settings over a data folder that lasts one test session."""

import os
import tempfile

os.environ["BRIDGE_DATA_DIR"] = tempfile.mkdtemp(prefix="bridge-tests-")
for name in ("RIVYA_API_KEY", "RIVYA_BASE_URL", "CELERY_BROKER_URL", "BRIDGE_PUBLIC_URL"):
    os.environ.pop(name, None)

from rivya_bridge.settings import *  # noqa: E402, F403
from rivya_bridge.settings import DATABASES, STORAGES  # noqa: E402

# No test needs collected static files: their addresses are plain, and nothing is looked up.
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
# However busy the machine is, a small import is done when its page comes.
IMPORT_AT_ONCE_SECONDS = 600.0

# A file, as in life: connections of several threads and processes share no in-memory database.
DATABASES["default"]["TEST"] = {"NAME": os.environ["BRIDGE_DATA_DIR"] + "/tests.sqlite3"}
# No test outlives a power cut, so that none waits for the disk.
DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
