"""The Windows backend of BrokerService: Kiwoom's OpenAPI+ control, its supervisor and its emulator. See README.md."""
