"""A SLURM cluster of one node, this machine: the real slurmctld and slurmd, without munge, accounting or cgroups.

A job that is queued again begins after ``cred_expire`` seconds: 120 by default, 5 here.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path

CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=2000 State=UNKNOWN
PartitionName=short Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

missing = [
    name
    for name in ("slurmctld", "slurmd", "sbatch")
    if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") is None
]
"""Programs of Debian's slurm-wlm that are not here."""


@contextmanager
def slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Starts the cluster, yields the environment in which its commands work, and ends it."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    config = folder / "slurm.conf"
    ports = _free_ports(2)
    values = {"host": socket.gethostname(), "controller_port": ports[0], "node_port": ports[1]}
    config.write_text(CONFIG.format(folder=folder, user=getuser(), cpus=os.cpu_count(), **values))
    environment = {**os.environ, "SLURM_CONF": str(config), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    daemons = []
    try:
        for name in ("slurmctld", "slurmd"):
            command = [str(shutil.which(name, path=environment["PATH"])), "-D"]
            daemons.append(
                subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
        until = time.monotonic() + 60
        while "idle" not in _said("sinfo", "-h", "-o", "%t", environment=environment):
            if time.monotonic() > until:
                raise RuntimeError((folder / "slurmctld.log").read_text() + (folder / "slurmd.log").read_text())
            time.sleep(0.5)
        yield environment
    finally:
        _said("scancel", "-u", getuser(), environment=environment)
        time.sleep(1)
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(30)


def states(environment: dict[str, str]) -> list[tuple[str, str]]:
    """The id and the state of each job that is waiting or running."""
    lines = _said("squeue", "-h", "-r", "-o", "%i %t", environment=environment).splitlines()
    return [(line.split()[0], line.split()[1]) for line in lines]


def _said(*command: str, environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
