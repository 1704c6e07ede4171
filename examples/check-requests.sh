# Claims as JSON Lines, one verdict a line, on two processes; the exit code is that of the worst.
cd "$(dirname "$0")" || exit
bpcli check --requests check-requests.jsonl --parallel-jobs 2 --release-to student --hint-level cause
echo "exit code $?"
