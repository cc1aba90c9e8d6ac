"""The gateway: the only package with a database and a web server.  Read write_path.py and read_path.py first."""

__version__ = "0.1.0"
