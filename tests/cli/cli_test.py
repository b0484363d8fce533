"""Runs the tests of the command line: cli_test.py BINARY [unittest's arguments].

Each test runs the binary as a user would and looks at stdout, stderr and the exit code. Python's standard library only.
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import support

MODULES = ["usage_test", "story_test", "update_test", "bad_input_test", "store_test", "backup_test", "audit_test",
           "audit_remote_test", "real_data_test", "serve_test"]


def main():
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("usage: cli_test.py PATH-OF-THE-BINARY [unittest's arguments]")
    support.BINARY = os.path.abspath(sys.argv[1])
    arguments = sys.argv[2:]
    if not [argument for argument in arguments if not argument.startswith("-")]:
        arguments += MODULES
    unittest.main(module=None, argv=["cli_test.py"] + arguments)


if __name__ == "__main__":
    main()
