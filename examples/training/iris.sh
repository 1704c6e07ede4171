cd "$(dirname "$0")/../data" || exit
run="$(mktemp -d)"
trap 'rm -r "$run"' EXIT
net="x -> Linear(16) -> Tanh -> Linear(3) -> CrossEntropyLoss(label)"

# Three kinds of iris by four lengths (Fisher 1936): a fifth of the flowers is kept aside, and the weights that know these best.
bpcli train "$net" --data-file iris.csv --target-column species --optimizer-name adam --learning-rate 0.01 --epochs-count 40 --random-seed 0 --standardize-inputs --validation-share 0.2 --early-stopping 15 --save-checkpoint "$run/iris.safetensors" --history-file "$run/iris.jsonl" --json > "$run/answer.json"
wc -l < "$run/iris.jsonl" | tr -d ' '

# Stated: of all flowers at least 95 in 100 are known.
bpcli predict "$run/iris.safetensors" --data-file iris.csv --json | python -c "
import json, sys
print('accuracy >= 0.95:', json.load(sys.stdin)['metrics']['accuracy'] >= 0.95)"

# The run goes on where it ended, as if it had been longer from the beginning, to the bit.
bpcli train --resume-from "$run/iris.safetensors" --data-file iris.csv --epochs-count 50 --save-checkpoint "$run/more.safetensors" -q
bpcli train "$net" --data-file iris.csv --target-column species --optimizer-name adam --learning-rate 0.01 --epochs-count 50 --random-seed 0 --standardize-inputs --validation-share 0.2 --early-stopping 15 --save-checkpoint "$run/whole.safetensors" -q
python -c "
from pathlib import Path
print('the same to the bit:', Path('$run/more.safetensors').read_bytes() == Path('$run/whole.safetensors').read_bytes())"
