"""Ask PyTorch how it prints models, and which modules it has: `python make_printed_fixtures.py`, with PyTorch 2.13.

`fixtures/printed_models.json` holds `modules`, the names in torch.nn, and `printed`, each spec with its printed form.
"""

import inspect
import json
from pathlib import Path

import torch  # type: ignore[import-not-found]  # PyTorch is needed only where this script is run
from torch import nn

TARGET = Path(__file__).parent / "fixtures" / "printed_models.json"
SPECS = """
nn.Linear(3, 4)
nn.Linear(3, 4, bias=False)
nn.Identity()
nn.Flatten()
nn.Flatten(0, 2)
nn.Unflatten(1, (2, 3))
nn.Embedding(7, 3)
nn.Embedding(7, 3, padding_idx=0)
nn.Dropout(0.3)
nn.Conv1d(1, 2, (3,), stride=(1,))
nn.Conv2d(1, 2, (3, 3), stride=(1, 1), padding=(1, 1))
nn.Conv2d(2, 4, (3, 2), (2, 1), (1, 0), (2, 2), groups=2, bias=False, padding_mode='reflect')
nn.Conv2d(1, 2, (3, 3), (1, 1), padding='same')
nn.ConvTranspose2d(2, 3, (3, 3), (2, 2), padding=(1, 1), output_padding=(1, 1))
nn.MaxPool1d(2, 2)
nn.MaxPool2d(2, 2)
nn.MaxPool2d((2, 3), stride=(1, 2), padding=1, ceil_mode=True)
nn.AvgPool1d((2,), (2,), (0,))
nn.AvgPool2d(2, 2)
nn.AdaptiveAvgPool2d((1, 1))
nn.AdaptiveAvgPool2d((None, 2))
nn.AdaptiveMaxPool2d(2)
nn.Upsample(scale_factor=2.0)
nn.Upsample(size=(4, 4), mode='bilinear')
nn.BatchNorm1d(4)
nn.BatchNorm2d(4, momentum=None, affine=False, bias=False, track_running_stats=False)
nn.LayerNorm((4,))
nn.LayerNorm((2, 4), eps=1e-06, elementwise_affine=False, bias=False)
nn.GroupNorm(2, 4)
nn.RMSNorm((4,))
nn.RNN(3, 4)
nn.LSTM(3, 4, batch_first=True)
nn.LSTM(3, 4, num_layers=2, bidirectional=True)
nn.GRU(3, 4, bias=False)
nn.ReLU()
nn.ReLU(inplace=True)
nn.LeakyReLU(0.1)
nn.LeakyReLU()
nn.PReLU()
nn.CELU(alpha=2.0)
nn.SELU()
nn.GELU()
nn.GELU('tanh')
nn.Tanh()
nn.Softplus()
nn.Softmax(dim=-1)
nn.Softmax()
nn.Hardtanh(-2.0, 2.0)
nn.Softshrink()
nn.Threshold(0.1, 20.0)
nn.Sequential()
nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))
nn.Sequential(OrderedDict([("fc1", nn.Linear(3, 4)), ("act", nn.Tanh()), ("out", nn.Sequential(nn.Linear(4, 2)))]))
nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Sequential(), nn.Identity())
nn.Sequential(nn.Conv2d(1, 2, (3, 3), (1, 1)), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten())
""".strip()


def main() -> None:
    """Write the fixture."""
    from collections import OrderedDict  # noqa: PLC0415 - the specs name it

    classes = {name: one for name, one in vars(nn).items() if inspect.isclass(one) and issubclass(one, nn.Module)}
    known = {"nn": nn, "OrderedDict": OrderedDict}
    printed = [[spec, repr(eval(spec, known))] for spec in SPECS.split("\n")]  # noqa: S307 - the lines above
    found = {"version": torch.__version__.partition("+")[0], "modules": sorted(classes), "printed": printed}
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
