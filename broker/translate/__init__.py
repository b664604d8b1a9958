"""The only place where protobuf meets domain. Everything read is checked; a refusal names the field at fault."""
