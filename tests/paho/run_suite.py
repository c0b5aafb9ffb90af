"""Runs one of the Eclipse Paho interoperability suites and prints its outcomes as one line of JSON.

usage: run_suite.py DIRECTORY MODULE HOST PORT [TEST…]        without TEST the names of its tests are printed as JSON

The suites' own command line cannot be given a port without unittest taking it for its own, so the module is imported
and told where the server is. stdout's last line is {"test name": null | "traceback"}.
"""
import importlib
import json
import logging
import signal
import sys
import unittest

directory, module_name, host, port, *names = sys.argv[1:]
sys.path.insert(0, directory)
module = importlib.import_module(module_name)
if not names:
    print(json.dumps(unittest.defaultTestLoader.getTestCaseNames(module.Test)))
    sys.exit()
module.host, module.port = host, int(port)
module.topic_prefix = "client_test5/"
module.topics = ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")
module.wildtopics = ("TopicA/+", "+/C", "#", "/#", "/+", "+/+", "TopicA/#")
module.nosubscribe_topics = ("test/nosubscribe",)
# Made to clear away what an earlier run left, and takes six seconds; the server is a new one.
module.cleanup = lambda: None
logging.getLogger().setLevel(logging.CRITICAL)


# Some tests wait without end for what a server does not do.
SECONDS_A_TEST = 35


def too_long(_signal, _frame):
    raise TimeoutError(f"no end within {SECONDS_A_TEST} s")


signal.signal(signal.SIGALRM, too_long)


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.by_name = {}

    def startTest(self, test):
        super().startTest(test)
        signal.alarm(SECONDS_A_TEST)

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)

    def name(self, test):
        # a failing setUpClass has no method name
        return getattr(test, "_testMethodName", str(test))

    def addSuccess(self, test):
        self.by_name[self.name(test)] = None

    def addError(self, test, err):
        self.by_name[self.name(test)] = self._exc_info_to_string(err, test)

    def addFailure(self, test, err):
        self.addError(test, err)


outcomes = Outcomes()
unittest.TestSuite(module.Test(name) for name in names).run(outcomes)
print()
print(json.dumps(outcomes.by_name))
