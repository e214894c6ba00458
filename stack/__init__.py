"""The topology of docker-compose.yml as plain processes: PostgreSQL, Valkey, an S3 service, nginx, and the library.

`make stack` runs it; what its servers are started with is used by tests, chaos and load, too.
"""
