"""Every adapter on a real server: what it sends is understood there, and what comes back is read."""

import json

from dspysota import programs
from dspysota.cli import main


def test_every_adapter_asks_a_real_server(endpoint, monkeypatch, capsys):
    """None is refused by the server, each spends tokens, and enforced output is always readable."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("DSPYSOTA_API_KEY", endpoint.api_key)
    command = ["formats", "smollm2-135m", "gsm8k", "--rows", "2", "--base-url", endpoint.base_url, "--json"]

    assert main(command) == 0

    told = json.loads(capsys.readouterr().out)
    tried = {one["adapter"]: one for one in told["tried"]}
    assert set(tried) == set(programs.adapters())
    assert told["left_out"] == {}
    assert all(one["errors"] == 0 and one["questions"] == 2 and one["tokens"] > 50 for one in tried.values())
    assert tried["structured"]["unparsable"] == 0
