"""Folders of files that people hand in: one file each, or one folder each, as course systems export them."""

import os
from collections.abc import Iterator, Sequence
from errno import ENOENT
from typing import NamedTuple

from bpcli.errors import UsageError
from bpcli.language.complaints import shortened
from bpcli.language.values import unreadable

FORMS = (".toml", ".json")
USUAL = ("answers.toml", "answers.json")  # meant, where a folder holds others beside it
NOBODYS = "__MACOSX"  # what archives made on macOS hold beside their files
MOST_NAMED = 5


class HandedIn(NamedTuple):
    """A file that was handed in: a name for it, its place within the folder, and its path.

    Where there is none, or too many, `complaint` says so, and there is no path.
    """

    name: str
    place: str
    path: str | None
    complaint: str | None = None


class Folder(NamedTuple):
    """What was found in a folder, in the order of the names, and what was left out."""

    found: Sequence[HandedIn]
    left_out: Sequence[str]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, in words."""
        if not self.left_out:
            return ()
        count = len(self.left_out)
        what = "1 other file is" if count == 1 else f"{count} other files are"
        return (f"{what} left out: {_listed(self.left_out)}",)


def handed_in(path: str) -> Folder:
    """What stands in a folder, or the one file that `path` is; links are not followed, hidden files not seen.

    Raises UsageError where there is nothing of the kind.
    """
    if path != "-" and not os.path.exists(path):  # noqa: PTH110 - pathlib is slow to load
        raise unreadable(path, FileNotFoundError(ENOENT, ""))
    if path == "-" or not os.path.isdir(path):  # noqa: PTH112 - the same
        return Folder([HandedIn(stem(path), path, path)], [])
    found: list[HandedIn] = []
    left_out: list[str] = []
    for entry in _entries(path):
        if entry.is_dir(follow_symlinks=False):
            found.append(_in_folder(entry))
        elif _is_answers(entry):
            found.append(HandedIn(stem(entry.name), entry.name, entry.path))
        else:
            left_out.append(entry.name)
    if not found:
        message = f"{path} holds no submission: no .toml or .json file, and no folder with one"
        raise UsageError(message, hint="give a folder with one file, or one folder, for each student")
    return Folder([one._replace(name=_as_text(one.name), place=_as_text(one.place)) for one in found], left_out)


def _in_folder(folder: "os.DirEntry[str]") -> HandedIn:
    """The one file of answers in a student's folder."""
    try:
        files = [entry for entry in _entries(folder.path) if _is_answers(entry)]
    except UsageError as error:
        return HandedIn(folder.name, folder.name, None, error.message)
    chosen = [file for file in files if file.name.lower() in USUAL][:1] or files
    if len(chosen) == 1:
        return HandedIn(folder.name, f"{folder.name}/{chosen[0].name}", chosen[0].path)
    names = _listed([file.name for file in files])
    complaint = (
        f"the folder holds several files of answers: {names}" if files else "the folder holds no file of answers"
    )
    return HandedIn(folder.name, folder.name, None, complaint)


def _entries(path: str) -> Iterator["os.DirEntry[str]"]:
    """What stands in a folder and is not hidden, in the order of the names."""
    try:
        with os.scandir(path) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".") and entry.name != NOBODYS]
    except OSError as error:
        message = f"cannot read the folder {path}: {os.strerror(error.errno or 0).lower()}"
        raise UsageError(message) from error
    return iter(sorted(shown, key=lambda entry: entry.name))


def _is_answers(entry: "os.DirEntry[str]") -> bool:
    return entry.is_file(follow_symlinks=False) and entry.name.lower().endswith(FORMS)


def _as_text(name: str) -> str:
    """A name of the system as reports may have it: bytes that are no text are question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")


def stem(path: str) -> str:
    """What a file is called without folder and ending; standard input has no name, and is `student`."""
    found = os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122 - pathlib is slow to load
    return "student" if found in ("", "-") else found


def _listed(names: Sequence[str]) -> str:
    more = ", …" if len(names) > MOST_NAMED else ""
    return ", ".join([shortened(name) for name in names[:MOST_NAMED]]) + more
