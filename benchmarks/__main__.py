"""Measure, and print the tables that benchmarks/README.md holds: python -m benchmarks NAME."""

import argparse
import json
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from benchmarks import constraint_overhead, spectra, weight_watcher
from benchmarks.contenders import SETTINGS
from models import ARCHITECTURES

_MEASURED = ("mlp-medium", "resnet-medium")


def main() -> None:
    """Run what the command line asks for."""
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    measure, markdown = _commands()[arguments.benchmark]
    result = json.loads(arguments.saved.read_text()) if arguments.saved else measure(arguments)
    if arguments.save:
        arguments.save.parent.mkdir(parents=True, exist_ok=True)
        arguments.save.write_text(json.dumps(result) + "\n")
    print(markdown(result))


def _commands() -> dict[str, Any]:
    return {
        "constraint_overhead": (_constraint_overhead, constraint_overhead.markdown),
        "bounds_in_training": (_bounds_in_training, partial(_markdown, "bounds_in_training")),
        "spectra": (_spectra, spectra.markdown),
        "measuring": (_measuring, partial(_markdown, "measuring")),
        "opening": (_opening, partial(_markdown, "opening")),
        "faulty_network": (_faulty_network, partial(_markdown, "faulty_network")),
        "growth": (_growth, partial(_markdown, "growth")),
        "adaptive_search": (_adaptive_search, partial(_markdown, "adaptive_search")),
        "long_trial": (_long_trial, partial(_markdown, "long_trial")),
        "time_left": (_time_left, partial(_markdown, "time_left")),
    }


def _constraint_overhead(arguments: argparse.Namespace) -> Any:
    return constraint_overhead.run(
        arguments.architectures,
        torch.device(arguments.device),
        batch_sizes=dict(arguments.batch_size),
        budget=60 * arguments.minutes,
        only=arguments.regularizers,
    )


def _spectra(arguments: argparse.Namespace) -> Any:
    rival = weight_watcher.versions()
    if rival is None:
        print(f"WeightWatcher is not installed and left out; to have it: {weight_watcher.INSTALL}", file=sys.stderr)
    return spectra.run(arguments.architectures, torch.device(arguments.device), rounds=arguments.rounds, rival=rival)


# A machine that is lent for timings need not have what reads study files: these benchmarks are imported when asked for.
def _bounds_in_training(arguments: argparse.Namespace) -> Any:
    from benchmarks import bounds_in_training

    dataset = {"name": "image-folder", "path": str(arguments.images)} if arguments.images else {"name": "digits"}
    return bounds_in_training.run(dataset)


def _measuring(arguments: argparse.Namespace) -> Any:
    from benchmarks import measuring

    return measuring.run(arguments.architectures, rounds=arguments.rounds)


def _opening(arguments: argparse.Namespace) -> Any:
    from benchmarks import opening

    return opening.run(trials=arguments.trials, epochs=arguments.epochs, rounds=arguments.rounds)


def _long_trial(arguments: argparse.Namespace) -> Any:
    from benchmarks import long_trial

    return long_trial.run(architecture=arguments.architecture, epochs=arguments.epochs)


def _faulty_network(arguments: argparse.Namespace) -> Any:
    from benchmarks import faulty_network

    return faulty_network.run(rounds=arguments.rounds)


def _growth(arguments: argparse.Namespace) -> Any:
    from benchmarks import growth

    return growth.run(trials=arguments.trials, beside=arguments.beside)


def _adaptive_search(arguments: argparse.Namespace) -> Any:
    from benchmarks import adaptive_search

    return adaptive_search.run(seeds=arguments.seeds, beside=arguments.beside)


def _time_left(arguments: argparse.Namespace) -> Any:
    from benchmarks import time_left

    return time_left.run(trials=arguments.trials)


def _markdown(name: str, result: Any) -> Any:
    return import_module(f"benchmarks.{name}").markdown(result)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--threads", type=_positive, default=torch.get_num_threads(), help="of the processor")
    every.add_argument("--save", type=Path, metavar="FILE", help="keep what was measured as JSON")
    every.add_argument("--saved", type=_file, metavar="FILE", help="print the tables of a kept file, measure nothing")
    commands = parser.add_subparsers(dest="benchmark", required=True)
    _add_overhead(commands, every)
    bounds = commands.add_parser("bounds_in_training", parents=[every], help="what a promised norm is worth")
    bounds.add_argument("--images", type=_folder, metavar="FOLDER", help="train on these instead of digits")
    once = commands.add_parser("spectra", parents=[every], help="what measuring the weights of a network costs")
    once.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=spectra.NAMES, metavar="NAME")
    once.add_argument("--device", default=_device())
    once.add_argument("--rounds", type=_positive, default=3, help="of all contenders (default 3)")
    often = commands.add_parser("measuring", parents=[every], help="what measuring adds to an epoch")
    often.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=_MEASURED, metavar="NAME")
    often.add_argument("--rounds", type=_positive, default=5, help="of training and measuring (default 5)")
    opened = commands.add_parser("opening", parents=[every], help="what reading a study of many trials takes")
    opened.add_argument("--trials", type=_positive, default=500, help="of the study (default 500)")
    opened.add_argument("--epochs", type=_positive, default=20, help="of a trial (default 20)")
    opened.add_argument("--rounds", type=_positive, default=3, help="of all readers (default 3)")
    long = commands.add_parser("long_trial", parents=[every], help="how large the files of a long trial become")
    long.add_argument("--architecture", choices=ARCHITECTURES, default="resnet-large", metavar="NAME")
    long.add_argument("--epochs", type=_positive, default=200, help="of the trial (default 200)")
    growing = commands.add_parser("growth", parents=[every], help="what each further trial costs the driver")
    growing.add_argument("--trials", type=_positive, default=2000, help="of one epoch (default 2000)")
    growing.add_argument("--beside", type=_folder, metavar="FOLDER", help="another checkout to be measured beside this")
    adaptive = commands.add_parser(
        "adaptive_search", parents=[every], help="what samplers learn from stops and failures"
    )
    adaptive.add_argument("--seeds", type=_positive, default=3, help="searches of each kind (default 3)")
    adaptive.add_argument("--beside", type=_folder, metavar="FOLDER", help="another checkout to be searched with")
    left = commands.add_parser("time_left", parents=[every], help="what a study says it will take, and what it takes")
    left.add_argument("--trials", type=_positive, default=6, help="of each cell (default 6)")
    faulty = commands.add_parser("faulty_network", parents=[every], help="what a failing network costs a study")
    faulty.add_argument("--rounds", type=_positive, default=3, help="of both networks (default 3)")
    return parser


def _add_overhead(commands: Any, every: argparse.ArgumentParser) -> None:
    overhead = commands.add_parser("constraint_overhead", parents=[every], help="what a step costs")
    names = constraint_overhead.ARCHITECTURES
    overhead.add_argument("--architectures", nargs="+", choices=names, default=names, metavar="NAME")
    overhead.add_argument(
        "--regularizers", nargs="+", choices=list(SETTINGS), default=[], metavar="NAME", help="some of the table's rows"
    )
    overhead.add_argument("--device", default=_device())
    overhead.add_argument(
        "--batch-size",
        type=_batch_size,
        nargs="+",
        default=[],
        metavar="NAME=IMAGES",
        help=f"of one architecture; {constraint_overhead.BATCH_SIZE} for the others",
    )
    overhead.add_argument(
        "--minutes", type=float, default=3.0, help="an architecture, after three rounds of all (default 3)"
    )


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number >= 1, got {text!r}")
    return int(text)


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"must be a file that --save has written, got {text!r}")
    return Path(text)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"must be a folder, got {text!r}")
    return Path(text)


def _batch_size(text: str) -> tuple[str, int]:
    name, _, images = text.partition("=")
    if name not in constraint_overhead.ARCHITECTURES or not images.isdigit() or int(images) < 2:
        raise argparse.ArgumentTypeError(f"must be NAME=IMAGES with at least 2 images, got {text!r}")
    return name, int(images)


if __name__ == "__main__":
    main()
