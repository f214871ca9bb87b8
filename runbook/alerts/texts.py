"""What alerts say, in English and Chinese: the one table of every kind that the scripts on the hosts can raise."""

from runbook.alerts.texts_on_writes import ON_WRITES
from runbook.alerts.words import Text, Words

TEST = "test"

KINDS: dict[str, Words] = {
    **ON_WRITES,
    "keepalived-stopped": Words(
        Text(
            "keepalived has stopped on this host, by hand or because mysqld ended: this host cannot hold the VIP",
            "本机 keepalived 已停止(人为停止,或因 mysqld 退出):本机不能持有 VIP",
        ),
        Text(
            "systemctl status {mysql} keepalived on this host says which of the two ended. Start {mysql}; keepalived "
            "comes with it. Then inv verify; if the VIP is on the slave: inv failback.",
            "在本机执行 systemctl status {mysql} keepalived,看是哪一个停了。启动 {mysql},keepalived 会随之启动。"
            "然后执行 inv verify;如果 VIP 在从库,执行 inv failback。",
        ),
        Text("keepalived runs again on this host", "本机 keepalived 已恢复运行"),
    ),
    "mysqld-silent": Words(
        Text("mysqld on this host does not answer", "本机 mysqld 没有应答"),
        Text(
            "See mysqld's error log, the disk and the memory of this host; restart a mysqld that hangs. Then inv "
            "verify; if the VIP is on the slave: inv failback.",
            "查看本机 mysqld 的错误日志、磁盘和内存;如果 mysqld 卡死,重启它。然后执行 inv verify;"
            "如果 VIP 在从库,执行 inv failback。",
        ),
        Text("mysqld on this host answers again", "本机 mysqld 已恢复应答"),
    ),
    "cut-off": Words(
        Text(
            "This host hears nobody on its network, and gives the VIP up",
            "本机在网络上收不到任何主机的数据包,放弃 VIP",
        ),
        Text(
            "Look at its cable, its switch port and its VLAN. Once it hears the others again: inv verify; if the VIP "
            "is on the slave: inv failback.",
            "检查本机的网线、交换机端口和 VLAN。网络恢复后执行 inv verify;如果 VIP 在从库,执行 inv failback。",
        ),
        Text("This host hears the others on its network again", "本机又能收到网络上其他主机的数据包"),
    ),
    "connections-used-up": Words(
        Text(
            "mysqld on this host has no connection left: new clients are refused. The VIP does not move for that",
            "本机 mysqld 的连接数已用完:新客户端被拒绝。VIP 不会因此移动",
        ),
        Text(
            "SHOW PROCESSLIST says who holds them: end those that idle, or raise max_connections.",
            "用 SHOW PROCESSLIST 查看连接被谁占用:结束空闲连接,或调大 max_connections。",
        ),
        Text("mysqld on this host takes new connections again", "本机 mysqld 又可以接受新连接"),
    ),
    "login-refused": Words(
        Text(
            "mysqld on this host refuses the runbook's own account: the scripts can neither open nor close it",
            "本机 mysqld 拒绝运行手册自己的账号:脚本既不能开放写入,也不能禁止写入",
        ),
        Text(
            "inv create-replica-user makes the account CHECK_USER right again. Then inv verify.",
            "执行 inv create-replica-user 恢复 CHECK_USER 账号。然后执行 inv verify。",
        ),
        Text(
            "mysqld on this host lets the runbook's own account in again",
            "本机 mysqld 又允许运行手册的账号登录",
        ),
    ),
    "scripts-stuck": Words(
        Text(
            "The scripts on this host cannot do their work: a takeover would not be complete here",
            "本机脚本无法工作:此时接管不会完整完成",
        ),
        Text(
            "The detail says what stands in the way. ps on this host shows which of keepalived's scripts hangs: end "
            "it; the next second begins anew. Then inv verify.",
            "“详情”说明了原因。在本机用 ps 找出 keepalived 的哪个脚本卡住并结束它,一秒后会重新开始。"
            "然后执行 inv verify。",
        ),
        Text("The scripts on this host do their work again", "本机脚本已恢复工作"),
    ),
    "configuration-lost": Words(
        Text(
            "The scripts on this host cannot read their configuration: they go on with the last good one, if any",
            "本机脚本无法读取配置文件:如有上一份可用的配置,则继续使用它",
        ),
        Text("inv deploy-scripts writes it anew.", "执行 inv deploy-scripts 重新写入配置。"),
        Text("The scripts on this host read their configuration again", "本机脚本已能读取配置"),
    ),
    "check-undecided": Words(
        Text(
            "The check of mysqld on this host cannot be made. The VIP does not move for that",
            "本机无法检查 mysqld。VIP 不会因此移动",
        ),
        Text(
            "The detail is what the mysql client said: put right what it names. Then inv verify.",
            "“详情”是 mysql 客户端的原话:请按它说的处理。然后执行 inv verify。",
        ),
        Text("mysqld on this host can be checked again", "本机又能检查 mysqld"),
    ),
    "replication-broken": Words(
        Text(
            "Replication is broken: the slave falls behind, and a takeover would serve old data",
            "复制已中断:从库数据越来越旧,此时接管只能提供旧数据",
        ),
        Text(
            "Put right what the detail names; nothing is skipped. A login that is refused: inv create-replica-user. "
            "Then inv start-slave and inv verify.",
            "处理“详情”中指出的问题,不跳过任何事务。登录被拒绝时:inv create-replica-user。"
            "然后执行 inv start-slave 和 inv verify。",
        ),
        Text("Replication runs again", "复制已恢复"),
    ),
    "errant": Words(
        Text(
            "The slave has made transactions that the master lacks: failback would refuse for them",
            "从库产生了主库没有的事务,回切会因此被拒绝",
        ),
        Text(
            "inv reconcile shows each with its statement, and gives up or brings to the master what you choose.",
            "inv reconcile 逐个显示这些事务及其语句,由您选择放弃或带到主库。",
        ),
        Text("The master has all that the slave has", "主库已具有从库的全部事务"),
    ),
    "peer-refuses": Words(
        Text(
            "The other host's server is there and does not let the scripts of this one ask it whether it takes writes",
            "另一台主机的服务器在运行,但不允许本机脚本询问它是否接受写入",
        ),
        Text(
            "The detail is the client's own answer. Other certificates: inv deploy-scripts. An account that is "
            "refused: inv create-replica-user. Then inv verify.",
            "“详情”是客户端的原话。证书变了:inv deploy-scripts。账号被拒绝:inv create-replica-user。"
            "然后执行 inv verify。",
        ),
        Text("The servers' scripts can ask each other again", "两台主机的脚本又能互相询问"),
    ),
    "slave-away": Words(
        Text(
            "The slave acknowledges nothing: what the master acknowledges now is on one host only",
            "从库没有确认:主库现在确认的写入只存在一台主机上",
        ),
        Text(
            "inv verify says what became of the slave. Once it has caught up, it acknowledges again by itself.",
            "用 inv verify 查明从库出了什么问题。从库追上之后会自动恢复确认。",
        ),
        Text(
            "The slave acknowledges again: what is acknowledged is on both hosts",
            "从库已恢复确认:已确认的写入在两台主机上都有",
        ),
    ),
    "maintenance-forgotten": Words(
        Text(
            "The maintenance of the slave's host has lasted longer than it was meant to: alerts about it are silent",
            "从库主机的维护已超过预定时间:与它有关的告警一直被静默",
        ),
        Text(
            "If it is done: inv maintenance.end. If not: inv maintenance.begin --host=slave again, for more hours.",
            "维护已完成:inv maintenance.end。未完成:再次执行 inv maintenance.begin --host=slave 延长时间。",
        ),
        Text("The maintenance has ended, or was prolonged", "维护已结束,或已延长"),
    ),
    "disk-nearly-full": Words(
        Text(
            "The disk with mysqld's data is nearly full: once it is full, writes stand still. "
            "The VIP does not move for that",
            "mysqld 数据所在磁盘快满了:满了以后写入会停住。VIP 不会因此移动",
        ),
        Text(
            "Make room or enlarge the disk. Binary logs go by PURGE BINARY LOGS only, and only those that the slave "
            "has.",
            "清理或扩容磁盘。二进制日志只能用 PURGE BINARY LOGS 清理,并且只能清理从库已有的部分。",
        ),
        Text("The disk with mysqld's data has room again", "mysqld 数据所在磁盘又有空间了"),
    ),
    TEST: Words(
        Text("This is a test: alerts of this host arrive", "这是测试:本机的告警可以送达"),
        Text("Nothing.", "无需处理。"),
        Text("The test is over", "测试结束"),
    ),
}
