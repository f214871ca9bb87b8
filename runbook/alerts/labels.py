"""What stands around an alert's own words, in English and Chinese."""

from runbook.alerts.words import Text

OVER_NEXT = Text("inv verify proves that all is well again.", "用 inv verify 确认一切恢复正常。")

LABELS: dict[str, Text] = {
    "host": Text("Host", "主机"),
    "master": Text("the master", "主库"),
    "slave": Text("the slave", "从库"),
    "begins": Text("Alert", "告警"),
    "over": Text("Over", "已恢复"),
    "since": Text("Since", "开始时间"),
    "until": Text("Until", "结束时间"),
    "detail": Text("Detail", "详情"),
    "now": Text("Reads and writes now", "当前读写"),
    "next": Text("Do next", "下一步"),
}

# Who answers at the VIP, and whether it takes writes, when the alert is sent.
SERVED: dict[str, Text] = {
    "master-open": Text("the master serves both", "主库提供读写"),
    "master-closed": Text("the master serves reads; writes are refused", "主库提供读;写被拒绝"),
    "slave-closed": Text("the slave serves reads; writes are refused", "从库提供读;写被拒绝"),
    "slave-open": Text("DANGER: the slave serves both", "危险:从库同时提供读写"),
    "full": Text("who is connected is served; the VIP refuses new clients", "已有连接可用;VIP 拒绝新客户端"),
    "nobody": Text("nobody answers at the VIP", "VIP 无人应答:不能读,也不能写"),
    "unknown": Text("the VIP answers, but not to the runbook: unknown", "VIP 有应答,但不接受运行手册的登录:情况不明"),
}
