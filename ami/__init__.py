"""AMI: pages are made, watched and ended through it. `library` alone uses panoramisk."""
