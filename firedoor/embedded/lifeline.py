"""Becomes the program named on its command line, after asking the kernel to end it when its parent is gone.

Run as a file, never imported: `python -I -S lifeline.py PARENT PROGRAM [ARGUMENT…]`. A parent that is killed outright
(SIGKILL) cannot end its children, so they ask for it themselves. Doing this between fork and exec of the parent would be
shorter, but the parent has threads, and code that runs there may wait for ever on a lock that one of them held.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def hold_on_to(parent: int) -> None:
    """Linux only; elsewhere a killed parent leaves its children, as programs do there."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before the kernel was asked
        sys.exit(1)


if __name__ == "__main__":
    hold_on_to(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  # becoming that program is the point
