"""The fakes that ship with dspysota: tests, the README and benchmarks run on them, without a model or a GPU.

```python
with FakeServer({"2 + 2": "#### 4"}) as server:
    ...  # any OpenAI client at server.base_url
assert server.requests[0].question == "What is 2 + 2?"
```
"""

from dspysota.testing.faults import Fault, Faults
from dspysota.testing.process import FakeProcess
from dspysota.testing.server import FakeServer, Request

__all__ = ["FakeProcess", "FakeServer", "Fault", "Faults", "Request"]
