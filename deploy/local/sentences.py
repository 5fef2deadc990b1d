"""What the stack says while it works, in English and in Chinese.

Enters: a language and somewhere to say it. Leaves: a function that says one of the sentences.
"""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[..., None]
"""`tell(sentence id, name=value)`."""

_SENTENCES = {
    "fetch_kafka": (
        "downloading Apache Kafka {version} ({count} files)",
        "正在下载 Apache Kafka {version}（{count} 个文件）",
    ),
    "fetch_postgres": (
        "downloading PostgreSQL {version} + TimescaleDB ({count} packages)",
        "正在下载 PostgreSQL {version} + TimescaleDB（{count} 个软件包）",
    ),
    "copy_java": (
        "copying Java to {folder}, where it can run without root's rights",
        "正在把 Java 复制到 {folder}，以便无需 root 权限即可运行",
    ),
    "start": ("starting {name} on port {port}", "正在启动 {name}，端口 {port}"),
    "stop": ("stopped {name}", "已停止 {name}"),
    "purge": ("deleted the data and logs in {folder}", "已删除 {folder} 中的数据和日志"),
}


def teller(say: Callable[[str], None], lang: str) -> Tell:
    """Return a function that says a sentence of this module to `say`, in `lang`."""
    column = 1 if lang.lower().startswith("zh") else 0

    def tell(sentence: str, /, **values: object) -> None:
        say(_SENTENCES[sentence][column].format(**values))

    return tell
