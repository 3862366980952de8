"""Carriers that are reached by TCP and TLS."""
