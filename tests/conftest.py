"""Settings shared by all tests: how hypothesis draws, and what stands in for the outside world nowhere."""

import os

from hypothesis import settings

# No deadline: two cores shared with other work make single examples slow now and then. In CI the draws are the same on
# every run, and a failure prints the blob that reproduces it.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("dev", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # Qt without a screen, here and in every process a test starts
