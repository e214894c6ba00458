"""Fault injection: recordings through the real stack (stack/) while everything in it is killed, stopped and filled.

`make chaos` runs it: `python -m chaos --faults 100 --minutes 15 --seed 7`. The stack, its folder and two small disks of
its own are made for the run and gone after it. Apart from tests because it takes minutes and judges a whole library.
"""
