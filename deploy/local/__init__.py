"""The local stack without Docker; `stack` starts and stops it, the other modules are its parts."""

from __future__ import annotations

from deploy.local.trouble import StackError

__all__ = ["StackError"]
