"""The pager daemon: composes agi (who may page what) and ami (ring, open, watch, report)."""
