"""FastAGI: what the dialplan asks the pager. `channel` alone uses pyst2."""
