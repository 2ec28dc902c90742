"""Methods that do to their process what no method should, each played by name from a suite."""

import asyncio
import ctypes
import gc
import os
import random
import resource
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

from equipoise.harness.core.method import Method, Observation, Query


class Plain(Method):
    """Searches at random."""

    family = "baseline"
    source = "the tests"

    def ask(self) -> Query:
        self.harm()
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation: Observation) -> None:
        pass

    def harm(self) -> None:
        pass


class Begins(Plain):
    """Leaves a file where the command was called, as soon as it is asked."""

    def ask(self) -> Query:
        Path("begun").touch()
        return super().ask()


class Sleeps(Begins):
    def harm(self) -> None:
        time.sleep(30)


class Endless(Begins):
    def harm(self) -> None:
        while True:
            pass


class Deaf(Begins):
    """Takes no notice of Ctrl-C, and catches whatever it can."""

    def harm(self) -> None:
        try:
            time.sleep(0.3)
        except BaseException:
            time.sleep(0.3)


class Stubborn(Begins):
    """Is in compiled code, where no interrupt is seen, for longer than anybody waits."""

    def harm(self) -> None:
        np.linalg.svd(np.random.default_rng(0).random((4000, 4000)))


class LeavesThread(Plain):
    def harm(self) -> None:
        threading.Thread(target=time.sleep, args=(1000,)).start()


class LeavesChild(Plain):
    def harm(self) -> None:
        if not os.fork():
            time.sleep(1000)
            os._exit(0)


class Forks(Plain):
    """The child comes back and plays the run too."""

    def harm(self) -> None:
        os.fork()


class RaisesInterrupt(Plain):
    def harm(self) -> None:
        raise KeyboardInterrupt


class SendsInterrupt(Plain):
    def harm(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)


class RaisesCancelled(Plain):
    def harm(self) -> None:
        raise asyncio.CancelledError


class RaisesGeneratorExit(Plain):
    def harm(self) -> None:
        raise GeneratorExit


class RaisesBytes(Plain):
    def harm(self) -> None:
        raise ValueError("\ud800 \x1b[31m \0 and\na second line")


class RaisesNoText(Plain):
    def harm(self) -> None:
        class NoTextError(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        raise NoTextError


class NegativeTraining(Plain):
    def ask(self) -> Query:
        return Query(self.space.sample(self.rng, 1)[0], training_cost=-1.0)


class LeavesFolder(Plain):
    def harm(self) -> None:
        os.chdir("/")


class Rearranges(Plain):
    def harm(self) -> None:
        np.seterr(all="raise")
        np.random.seed(1)  # noqa: NPY002
        random.seed(1)
        os.environ["HOSTILE"] = "1"
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.umask(0o777)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR2})
        signal.setitimer(signal.ITIMER_PROF, 0.2)  # its signal ends a process
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        gc.disable()
        sys.setprofile(lambda *_: None)
        sys.stdout = None


class Looks(Plain):
    """Fails where it finds what the ones before it did."""

    def harm(self) -> None:
        assert os.getcwd() != "/"
        assert np.geterr()["divide"] == "warn"
        assert "HOSTILE" not in os.environ
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
        assert random.random() != random.Random(1).random()
        assert os.umask(0o22) != 0o777
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
        assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100
        assert gc.isenabled()
        assert sys.getprofile() is None
        assert sys.stdout is not None


class ExitsHard(Plain):
    def harm(self) -> None:
        os._exit(0)


class Crashes(Plain):
    def harm(self) -> None:
        ctypes.string_at(0)


class Hungry(Plain):
    def harm(self) -> None:
        self.held = np.ones(150_000_000)  # 1.2 GB
        time.sleep(300)
