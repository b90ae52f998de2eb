"""What must not stand in a log."""

from __future__ import annotations

import logging
import re

_LINK = re.compile(r"/fix/[^\s/'\"?]+")


class WithoutLinks(logging.Filter):
    """A link of a mail answers in its reader's name, so a log shows that there was one and not which."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "/fix/" in message:
            record.msg, record.args = _LINK.sub("/fix/…", message), ()
        return True
