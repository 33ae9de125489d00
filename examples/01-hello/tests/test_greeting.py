"""The API answers with the greeting it was given."""

import os
import sys
import tempfile
import threading
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "api"))


class Greeting(unittest.TestCase):
    """Served by the real server on a free port."""

    def test_the_greeting_is_what_the_file_says(self):
        """A file in, the same words out."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("Good morning")
            file.flush()
            os.environ["GREETING_FILE"] = file.name
            import app

            server = app.Server(("127.0.0.1", 0), app.Api)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/greeting", timeout=5) as answer:
                assert answer.read() == b"Good morning\n"
            server.shutdown()
            server.server_close()


if __name__ == "__main__":
    unittest.main()
