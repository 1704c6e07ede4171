cd "$(dirname "$0")/../data" || exit

# Handwritten digits, 8 by 8 pixels: a small convolutional net, trained on four fifths of them.
# Stated: of the others at least 97 in 100 are known.
bpcli train "x -> Unflatten(1, (1, 8, 8)) -> Conv2d(16, 3, padding=1) -> ReLU -> MaxPool2d(2) -> Conv2d(32, 3, padding=1) -> ReLU -> MaxPool2d(2) -> Flatten -> Linear(10) -> CrossEntropyLoss(label)" --data-file digits.csv --target-column digit --validation-share 0.2 --optimizer-name adam --learning-rate 0.003 --schedule-name cosine --schedule-option T_max=10 --epochs-count 10 --batch-size 64 --random-seed 0 --json | python -c "
import json, sys
answer = json.load(sys.stdin)
print(answer['data']['samples'], 'digits to train on,', answer['data']['validation_samples'], 'to validate on')
print('accuracy >= 0.97:', answer['history'][-1]['validation_metrics']['accuracy'] >= 0.97)"
