"""Runs a program and tells what it cost: `measure.py RESULT-FILE LIMIT-SECONDS PROGRAM [ARGUMENT...]`.

Processes that it leaves behind (the masters of ssh, the workers of others) become children of this one, so that their CPU time counts too; they are ended
when the program has ended. Memory is what the processes have for themselves (resident minus shared), sampled.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE_S = 0.2


def descendants(pid):
    found = []
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            for word in file.read().split():
                found += [int(word), *descendants(int(word))]
    except OSError:
        pass
    return found


def private_bytes(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            words = file.read().split()
        return (int(words[1]) - int(words[2])) * PAGE
    except OSError:
        return 0


def watch(state):
    while not state["ended"]:
        own = descendants(os.getpid())
        state["peak"] = max(state["peak"], sum(private_bytes(pid) for pid in own))
        state["processes"] = max(state["processes"], len(own))
        if time.monotonic() > state["until"]:
            state["timed_out"] = True
            end_all(signal.SIGKILL)
        time.sleep(SAMPLE_S)


def end_all(number):
    for pid in descendants(os.getpid()):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def reap_rest():
    """Ends and reaps what the program has left behind."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        end_all(number)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                time.sleep(0.02)


def main():
    result_file, limit, program = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    state = {"ended": False, "peak": 0, "processes": 0, "timed_out": False, "until": began + limit}
    child = os.posix_spawnp(program[0], program, os.environ)
    watcher = threading.Thread(target=watch, args=(state,))
    watcher.start()
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            break
    wall = time.monotonic() - began
    state["ended"] = True
    watcher.join()
    reap_rest()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(result_file, "w", encoding="ascii") as file:
        json.dump(
            {
                "exit": os.waitstatus_to_exitcode(status),
                "timedOut": state["timed_out"],
                "wallS": wall,
                "cpuS": usage.ru_utime + usage.ru_stime,
                "peakBytes": state["peak"],
                "processes": state["processes"],
            },
            file,
        )


main()
