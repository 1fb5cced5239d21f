"""`sbn-step` in Storchastic."""

from server import serve


def load():
    import storch  # noqa: F401

    raise ImportError("not written yet")


if __name__ == "__main__":
    serve("storchastic", load)
