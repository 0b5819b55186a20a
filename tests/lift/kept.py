"""Compiled programs as an optimizer of instructions would leave them, made by hand."""

import json

from dspysota import programs
from dspysota.compiling import saved


def instruct(home, instructions, *, demonstrations=True, **info):
    """Give the only program kept in `home` other instructions; `info` goes into its CompileInfo."""
    (folder,) = (home / "programs").iterdir()
    state = json.loads((folder / "program.json").read_text())
    for value in state.values():
        value["signature"]["instructions"] = instructions
        value["demos"] = value["demos"] if demonstrations else []
    text = json.dumps(state, ensure_ascii=False, sort_keys=True, indent=1)
    bare = saved.without_demonstrations(text, saved.state_of(programs.create("gsm8k", "cot")))
    meta = json.loads((folder / "meta.json").read_text())
    meta["info"] |= {"program_digest": saved.digest_of(text), "instructions_digest": saved.digest_of(bare), **info}
    (folder / "program.json").write_text(text)
    (folder / "meta.json").write_text(json.dumps(meta))
