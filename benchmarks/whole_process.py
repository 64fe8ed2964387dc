"""What a user waits for: start of the process to a finished 10-epoch fit of the 10-10-10-1 network.

Every repeat is a new process. The first is not counted: it fills disk caches, of files and of
compiled kernels.
"""

from dataclasses import replace

import small_mlp

WORKLOAD = replace(
    small_mlp.WORKLOAD,
    name="whole_process",
    title="whole process: start, import, 10-epoch fit of 10-10-10-1, exit",
    whole_process=True,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
