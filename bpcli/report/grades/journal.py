"""The journal of a class run: a line for each grade, written when it is made, from which a run goes on.

It stands beside the report as `FILE.run.jsonl`, holds everything that staff may see, and stays when the run is over: so
a later run with `--resume-run` grades only what was handed in since, or anew.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bpcli.check.homework.grades import Grade
from bpcli.check.homework.records import Record, grade_from, grade_record
from bpcli.errors import UsageError
from bpcli.report.files import write_whole

ENDING = ".run.jsonl"
FOR_ITS_OWNER = 0o600  # the right values stand in it


@contextmanager
def journal(path: str, kept: Mapping[str, Record]) -> Iterator[Callable[[Grade], None]]:
    """What adds a grade to a journal; each is there when it returns, even if the program is killed then.

    The journal begins with the records that are kept of an earlier run. Raises UsageError where it cannot be written.
    """
    write_whole(path, b"".join([_line(record) for record in kept.values()]))
    file = _appended(path)

    def add(grade: Grade) -> None:
        try:
            file.write(_line(grade_record(grade)))
            file.flush()
        except OSError as error:
            raise _unwritable(path, error) from error

    try:
        yield add
    finally:
        with suppress(OSError):  # what could not be written has been told
            file.close()


def kept_in(path: str) -> dict[str, Record]:
    """The records of an earlier run, by the hash of what each grade rests on.

    There are none without a journal; a line that is torn, or no grade, is passed over. Raises UsageError where the
    file cannot be read.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    except OSError as error:
        message = f"cannot read {path}: {os.strerror(error.errno or 0).lower()}"
        raise UsageError(message) from error
    records = [record for line in lines for record in _records_on(line)]
    return {record["inputs"]: record for record in records}


def _records_on(line: bytes) -> list[Record]:
    """The record on a line, if it is one."""
    try:
        record = json.loads(line)
        return [record] if grade_from(record).inputs else []
    except (ValueError, TypeError, RecursionError):
        return []


def _line(record: Record) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _appended(path: str) -> IO[bytes]:
    """The journal, open for more lines, which nobody but its owner may read."""
    try:
        Path(path).chmod(FOR_ITS_OWNER)
        return Path(path).open("ab")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: str, error: OSError) -> UsageError:
    message = f"cannot write {path}: {os.strerror(error.errno or 0).lower()}"
    return UsageError(message)
