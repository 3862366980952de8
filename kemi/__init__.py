"""What runs inside Kamailio: KEMI callbacks, one routing verb a file; `sip` alone touches KSR."""
