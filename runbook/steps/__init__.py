"""The article's steps in its order, one module each; every module gives the phases of its task.

A phase is a list of Steps on one host or on both side by side; phases of a task run one after the other.
"""
