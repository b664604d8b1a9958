"""Kiwoom's control played on any machine: same methods, codes, events, texts and limits, backed by the simulated KRX.

It stands where QAxWidget stands, so that pykiwoom and the Windows process run against it unchanged.
"""
