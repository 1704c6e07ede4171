#!/bin/sh
# Claims as JSON Lines, one verdict a line, on two processes; the exit code is that of the worst.
bpcli check --requests examples/check-requests.jsonl --parallel-jobs 2 --release-to student --hint-level cause
echo "exit code $?"
