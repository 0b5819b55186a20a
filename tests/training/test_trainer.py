"""Real training, by TRL and PEFT, of a made-up model that is small enough for it to take seconds."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dspysota.compiling.lesson import Lesson
from dspysota.errors import ProgramError
from dspysota.models import stored_at
from dspysota.models.weights import mark_trained
from dspysota.training import LoraTrainer

TEMPLATE = "{% for m in messages %}{{ m['role'] + ' ' + m['content'] + ' </s> ' }}{% endfor %}"
WORDS = ["</s>", "<unk>", "user", "assistant", *"what is one two three four plus and no yes".split()]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A Llama of two thousand weights that knows fifteen words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("base")
    words = Tokenizer(models.WordLevel({word: n for n, word in enumerate(dict.fromkeys(WORDS))}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="</s>", unk_token="<unk>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words.get_vocab()),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
    )
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    (folder / "notes.txt").write_text("A server may read this.")
    mark_trained(folder, "tiny", origin="0" * 64, described="made up")
    return stored_at(folder)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def chat(question, answer):
    return {
        "prompt": [{"role": "user", "content": question}],
        "completion": [{"role": "assistant", "content": answer}],
    }


def turns(one):
    """What the template makes of a conversation."""
    return " ".join(f"{turn['role']} {turn['content']} </s>" for turn in [*one["prompt"], *one["completion"]])


SUMS = [chat("what is one plus one", "two"), chat("what is one plus two", "three"), chat("two and two", "four")]


def lesson(conversations=SUMS, **fields):
    values = {"epochs": 8, "rank": 8, "learning_rate": 0.02, "batch": 2, "seed": 0, **fields}
    return Lesson(conversations=tuple(conversations), **values)


def trainer(base, **fields):
    return LoraTrainer(
        **{"name": "tiny", "base": base, "chat_template": None, "context_length": 64, "room": lambda: None, **fields}
    )


def quiet(text):
    pass


def unbounded():
    return None


@pytest.fixture(scope="module")
def trained(base, tmp_path_factory):
    """What a training brought: its record, its folder, and what was said on the way."""
    made = tmp_path_factory.mktemp("programs") / "key" / "weights"
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DSPYSOTA_HOME", str(tmp_path_factory.mktemp("home")))
        odd = [chat("what " * 80, "no"), chat("what is two", "two </s> user yes")]
        record = trainer(base).train(lesson([*SUMS, *odd]), lambda digest: made, left=unbounded, say=said.append)
        left = list((Path(os.environ["DSPYSOTA_HOME"]) / "programs" / ".training").iterdir())
    return record, made, said, left


def test_the_model_learns(trained):
    """The loss on the answers falls from epoch to epoch, and each step is told."""
    record, _, said, _ = trained

    assert len(record.losses) == 8
    assert record.losses[-1] < record.losses[0] - 0.2
    assert said[0].startswith("Training: step 1 of 16, loss ")


def test_what_would_teach_something_else_is_left_out(trained):
    """An answer without its end teaches to write no end, one with the end of a turn inside to write a turn more."""
    record, *_ = trained
    words = [len(turns(one).split()) for one in SUMS]

    assert (record.examples, record.left_out) == (3, 2)
    assert (record.tokens, record.passes) == (8 * sum(words), 2)


def described(tensor):
    return tensor.get_shape(), tensor.get_dtype()


def test_a_server_reads_trained_weights_as_it_reads_their_base(base, trained):
    """The same files, the same names and shapes of tensors, in bf16; only numbers have changed."""
    from safetensors import safe_open

    record, made, _, left = trained
    weights = stored_at(made)
    assert weights is not None
    names = {path.name for path in made.iterdir()}
    with safe_open(base.path / "model.safetensors", "pt") as old, safe_open(made / "model.safetensors", "pt") as new:
        shapes = [{name: described(file.get_slice(name)) for name in file.keys()} for file in (old, new)]
        changed = [name for name in old.keys() if not old.get_tensor(name).equal(new.get_tensor(name))]

    assert names == {path.name for path in base.path.iterdir()}
    assert (made / "config.json").read_text() == (base.path / "config.json").read_text()
    assert shapes[0] == shapes[1]
    assert len([name for name in changed if "proj" in name]) == 7
    assert (weights.kind, weights.digest, record.base) == ("trained", record.digest, base.digest)
    assert "LoRA of rank 8, 8 epochs" in weights.source
    assert left == []


def test_the_same_lesson_makes_the_same_weights_and_another_seed_others(base, trained, tmp_path):
    """Texts to be continued are learnt from as well; a bound of time ends it with what was learnt so far."""
    record, *_ = trained
    again = trainer(base).train(lesson(), lambda digest: tmp_path / "a", left=unbounded, say=quiet)
    texts = [{"prompt": "what is one plus one", "completion": " two"}]
    short = trainer(base).train(lesson(texts, seed=1), lambda digest: tmp_path / "b", left=lambda: 0.0, say=quiet)

    assert again.digest == record.digest
    assert short.digest != record.digest
    assert (short.ended_early, len(short.losses)) == (True, 1)


def test_without_a_conversation_that_fits_nothing_is_made(base, tmp_path):
    """One sentence names the context; what was there before stays."""
    (tmp_path / "w").mkdir()
    with pytest.raises(ProgramError, match="None of 3 conversations fits into the 4 tokens of 'tiny'"):
        trainer(base, context_length=4).train(lesson(), lambda digest: tmp_path / "w", left=unbounded, say=quiet)

    assert list(tmp_path.glob("w/*")) == []


def test_what_the_trainer_says_last_is_told(base, home, tmp_path):
    """Weights that cannot be read end it in one sentence, not in a traceback."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    mark_trained(broken, "broken", origin="0" * 64, described="made up")
    with pytest.raises(ProgramError, match=r"'tiny' failed: .+ \(all of it in .+\)\. The answers .* are kept") as told:
        trainer(stored_at(broken)).train(lesson(), lambda digest: tmp_path / "w", left=unbounded, say=quiet)
    (log,) = home.glob("programs/.training/*.log")
    assert str(log) in str(told.value)
    assert "Traceback" in log.read_text()


def test_a_missing_package_is_named_with_its_cure(base, monkeypatch):
    """Before anything is paid."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "trl" else name)
    with pytest.raises(ProgramError, match=r"needs trl, which .*pip install 'dspysota\[finetune\]'"):
        trainer(base).check()


PARENT = """
import json, sys
from pathlib import Path
from dspysota.compiling.lesson import Lesson
from dspysota.models import stored_at
from dspysota.training import LoraTrainer
lesson = Lesson(conversations=tuple(json.loads(sys.argv[2])), epochs=100, rank=8, learning_rate=0.02, batch=1, seed=0)
base = stored_at(Path(sys.argv[1]))
trainer = LoraTrainer(name="tiny", base=base, chat_template=None, context_length=64, room=lambda: None)
place = Path(sys.argv[3])
trainer.train(lesson, lambda digest: place, left=lambda: None, say=lambda text: print(text, flush=True))
"""


def test_a_training_ends_with_its_parent_and_the_next_one_clears_up(base, home, tmp_path):
    """Killed without a chance to clean up: no process goes on, and no half-written weights pass for whole ones."""
    command = [sys.executable, "-c", PARENT, str(base.path), json.dumps(SUMS), str(tmp_path / "key" / "w")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith(b"Training: step 1 of 300")
    (child,) = [one for one in psutil.Process(parent.pid).children() if "dspysota.training.lora" in one.cmdline()]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs([child], timeout=60)

    assert (len(gone), alive) == (1, [])
    assert not (tmp_path / "key" / "w").exists()
    assert len(list((home / "programs" / ".training").iterdir())) == 1
    trainer(base).train(lesson(epochs=1), lambda digest: tmp_path / "key" / "w", left=unbounded, say=quiet)
    assert list((home / "programs" / ".training").iterdir()) == []


def test_a_disk_that_is_too_small_is_told_before_anything_is_paid(base):
    """As a missing package is."""
    with pytest.raises(ProgramError, match=r"Training 'tiny' needs .* of disk"):
        trainer(dataclasses.replace(base, bytes=10**18)).check()


def test_a_training_that_diverges_leaves_nothing(base, tmp_path):
    """Weights that are no numbers would only be wrong at everything."""
    with pytest.raises(ProgramError, match=r"diverged: .* lower learning_rate than 1e\+30"):
        trainer(base).train(lesson(learning_rate=1e30), lambda digest: tmp_path / "w", left=unbounded, say=quiet)

    assert not (tmp_path / "w").exists()
