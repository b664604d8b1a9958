"""Who may call what, how often and over which wire: TLS, tokens, roles, limits, and the interceptors that check them.

Both services use it. It needs nothing but gRPC and the standard library, so that it also runs beside a Windows broker;
certificates and tokens are made by `hantrade certs` (cli/certs.py).
"""
