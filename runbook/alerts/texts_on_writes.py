"""What alerts say about who takes writes, and who must not."""

from runbook.alerts.words import Text, Words

ON_WRITES: dict[str, Words] = {
    "vip-on-slave": Words(
        Text(
            "The slave has taken the VIP over: clients can read and cannot write",
            "从库已接管 VIP:客户端只能读,不能写",
        ),
        Text(
            "inv verify says what became of the master; get its mysqld running again. Then inv failback: it brings the "
            "VIP home once it is proven that nothing is lost by it.",
            "用 inv verify 查明主库出了什么问题,让主库的 mysqld 恢复运行。然后执行 inv failback:"
            "确认不会丢失数据后,它把 VIP 移回主库。",
        ),
        Text(
            "The slave has given the VIP back and copies the master again",
            "从库已交还 VIP,并重新从主库复制",
        ),
    ),
    "master-closed": Words(
        Text(
            "The master does not hold the VIP: it refuses writes",
            "主库不持有 VIP:它拒绝写入",
        ),
        Text(
            "inv verify says who holds the VIP and why; then inv failback brings it home.",
            "用 inv verify 查看 VIP 在哪台主机及原因;然后执行 inv failback 把 VIP 移回主库。",
        ),
        Text(
            "The VIP is home: the master holds it and takes writes",
            "VIP 已回到主库:主库持有 VIP 并接受写入",
        ),
    ),
    "peer-writes": Words(
        Text(
            "DANGER: the master holds the VIP and must stay closed, because the slave takes writes",
            "危险:从库正在接受写入,持有 VIP 的主库因此不能开放写入",
        ),
        Text(
            "In mysql on the slave: SET GLOBAL read_only = ON. The master opens by itself within seconds. Then "
            "inv verify says whether the slave has writes that the master lacks.",
            "在从库的 mysql 中执行:SET GLOBAL read_only = ON。主库会在几秒内自动开放写入。"
            "然后用 inv verify 查看从库是否有主库没有的写入。",
        ),
        Text("The slave takes no writes, and the master does", "从库已不接受写入,主库接受写入"),
    ),
    "peer-unseen": Words(
        Text(
            "The master holds the VIP and stays closed: the slave does not answer, and may have become the master",
            "主库持有 VIP,但不开放写入:从库没有应答,可能已被提升为主库",
        ),
        Text(
            "Get mysqld on the slave running: the master opens by itself within seconds. If the slave is gone, and was "
            "never promoted: inv promote --host=master.",
            "让从库的 mysqld 恢复运行:主库会在几秒内自动开放写入。如果从库已无法恢复,并且从未被提升为主库:"
            "inv promote --host=master。",
        ),
        Text("The master is open for writes", "主库已开放写入"),
    ),
    "newer-master": Words(
        Text(
            "This host is no longer the master: the roles have changed while it was away. It stays closed",
            "本机已不是主库:它离线期间主从角色已变更。本机保持关闭,不接受写入",
        ),
        Text(
            "inv rejoin makes it the slave of the new master, and keeps what only this host has.",
            "执行 inv rejoin 使本机成为新主库的从库,并保留只有本机才有的数据。",
        ),
        Text("This host has the role in which it must be", "本机已处于应有的角色"),
    ),
    "master-alone": Words(
        Text(
            "The master has no slave: what it acknowledges is on one host only, and nothing can take over",
            "主库没有从库:已确认的写入只存在一台主机上,并且没有主机可以接管",
        ),
        Text(
            "Give it a slave: inv rejoin, with the old master's host or a new one in its place.",
            "为主库配置从库:用原主库主机或一台新主机,执行 inv rejoin。",
        ),
        Text("The master has a slave again", "主库又有了从库"),
    ),
    "not-opened": Words(
        Text(
            "The master holds the VIP and could not be opened for writes",
            "主库持有 VIP,但无法开放写入",
        ),
        Text(
            "The detail is the server's own answer: put right what it names. It is tried again each second.",
            "“详情”是服务器的原话:请按它说的处理。脚本每秒会重试一次。",
        ),
        Text("The master is open for writes", "主库已开放写入"),
    ),
    "not-closed": Words(
        Text(
            "DANGER: this server must refuse writes, and it is not proven that it does",
            "危险:本服务器必须拒绝写入,但目前无法确认",
        ),
        Text(
            "If mysqld hangs, stop it: systemctl stop {mysql} on this host loses nothing that was acknowledged. "
            "Then inv verify.",
            "如果 mysqld 卡死,请停掉它:在本机执行 systemctl stop {mysql},不会丢失已确认的写入。然后执行 inv verify。",
        ),
        Text("This server is in the state in which it must be", "本服务器已处于应有的状态"),
    ),
    "mysqld-killed": Words(
        Text(
            "mysqld on this host could not be closed for writes without the VIP, and was killed: it starts closed",
            "本机没有 VIP,而 mysqld 无法禁止写入,已被强制结束:它重新启动后拒绝写入",
        ),
        Text(
            "Nothing acknowledged is lost. See mysqld's error log for what kept it busy. Then inv verify; if the VIP "
            "is on the slave: inv failback.",
            "已确认的写入不会丢失。查看 mysqld 的错误日志,找出它当时在忙什么。然后执行 inv verify;"
            "如果 VIP 在从库,执行 inv failback。",
        ),
        Text("That was a minute ago", "一分钟前的事件已结束"),
    ),
}
