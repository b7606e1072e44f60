"""Tells a mistake that the user can mend (one message) from a defect (a traceback)."""


def for_people(error: Exception) -> str | None:
    """The message of an error that the user can mend; None for a defect, whose traceback must be seen.

    To mend: what `check.fail` raised, our own error classes, and what the system refused (no such file, a full disk).
    """
    if getattr(error, "user_mistake", False):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return None
