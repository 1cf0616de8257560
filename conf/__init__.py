"""Every configuration file; installed as `vlminterp.conf`."""
