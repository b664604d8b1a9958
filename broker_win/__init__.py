"""The Windows backend of BrokerService; not built yet, see README.md."""
