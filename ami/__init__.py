"""AMI: pages are made, watched and ended through it. `manager` alone uses panoramisk."""
