"""What Python sees of Kamailio: the list of KEMI functions, their types, and a strict fake of KSR."""
