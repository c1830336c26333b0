"""What is claimed, as data; what the runs say of it; and when enough of them have been made."""
