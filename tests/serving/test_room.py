"""How much memory is free, and what a server will still take."""

from dspysota.serving.room import available_bytes


def test_a_containers_limit_counts(tmp_path):
    """Within a container the limit less what is taken is free, cached files not counted as taken."""
    (tmp_path / "memory.max").write_text(f"{2**20}\n")
    (tmp_path / "memory.current").write_text(f"{2**19}\n")
    (tmp_path / "memory.stat").write_text(f"anon 1\nfile {2**18}\n")
    assert available_bytes(tmp_path) == 2**20 - 2**18


def test_a_container_without_limit_has_the_machines_memory(tmp_path):
    """`max` and missing files mean no limit."""
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1\n")
    (tmp_path / "memory.stat").write_text("file 1\n")
    assert available_bytes(tmp_path) > 2**20
    assert available_bytes(tmp_path / "none") > 2**20
