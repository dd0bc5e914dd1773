"""Offline fitting: reads measurements, fits the efficiencies, checks them on groups left out, writes the shipped table."""
