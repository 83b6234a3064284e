import pytest

from tests.experiments.factories import add_models


@pytest.fixture
def models(db):
    """z-image: no references; flux-2-pro: images, resolution 1K or 2K; seedance: a seed."""
    add_models("z-image", "flux-2-pro", "seedance-1-0-pro", "gpt-5-2-chat")
