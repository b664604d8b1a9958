"""Back-tests: the trader's own roles and the simulated exchange on stored data, in one thread, on venue time."""
