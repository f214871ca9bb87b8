"""Random sequences of faults on the lab's pair, judged from outside: `python tests/chaos --seeds=1-20`.

What is judged is asked of the kernel and of the servers themselves, and what is broken is broken by plain commands: it
takes the tool's word for nothing but for the advice that an operator would follow.
"""
