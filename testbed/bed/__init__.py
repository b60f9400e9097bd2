"""Two real OpenStack sites on one machine: set up, started, watched and stopped. The entry is
../bed.py, the guide ../README.md."""
