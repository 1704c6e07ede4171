# Many expressions in one run: JSON Lines in, JSON Lines out, in order. A request that fails is answered by an error on
# its line and the run goes on; the exit code is the worst one.
cd "$(dirname "$0")" || exit
bpcli grad --requests requests.jsonl
echo "exit code $?"
