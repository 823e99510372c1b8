"""Runs the sessions of a README as a user would type them, in a shell that COMMAND starts, and compares the output. For
tests/portability. usage: portability_sessions.py README COMMAND…"""

import re
import subprocess
import sys

text = open(sys.argv[1], encoding="utf-8").read()
typed = 0
for session in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
    for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        line, _, expected = step.partition("\n")
        code = re.match(r"\? (\d+)\n", expected)
        expected = expected[code.end() :] if code else expected
        ended = subprocess.run([*sys.argv[2:], "sh", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        # `[..]` matches a part of a line that varies.
        pattern = re.escape(expected.rstrip("\n")).replace(re.escape("[..]"), ".*")
        if ended.returncode != int(code[1] if code else 0) or not re.fullmatch(pattern, ended.stdout.rstrip("\n")):
            sys.exit(f"FAILED: {line}\nexited with {ended.returncode} and printed\n{ended.stdout}")
        typed += 1
if typed == 0:
    sys.exit(f"FAILED: no session in {sys.argv[1]}")
print(f"{sys.argv[1]}: commands with the expected output: {typed}")
