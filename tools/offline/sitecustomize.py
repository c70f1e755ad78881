"""Python runs this as it starts, where this folder stands in PYTHONPATH: no network in tests."""

import sys

from network import refuse_network

sys.addaudithook(refuse_network)
