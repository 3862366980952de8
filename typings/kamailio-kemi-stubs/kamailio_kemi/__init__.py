"""What Python sees of Kamailio: the list of KEMI functions, and a strict fake of KSR."""
