"""A whole library, written down elsewhere and taken in again: as a backup, or to move to another machine room."""
