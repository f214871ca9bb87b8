"""What each hosts.env key is for; the first line alone must tell the meaning, for the README's table."""

HELP: dict[str, str] = {
    "MASTER_HOST": "IPv4 address of the master, for MySQL and keepalived.",
    "SLAVE_HOST": "IPv4 address of the slave, for MySQL and keepalived.",
    "VIP": (
        "The virtual IP: the one address the clients use.\n"
        "A free address in the subnet of both hosts; without a prefix it is /24."
    ),
    "MASTER_INTERFACE": "Interface of the master that gets the VIP.\nEmpty: the one that has MASTER_HOST.",
    "SLAVE_INTERFACE": "Interface of the slave that gets the VIP.\nEmpty: the one that has SLAVE_HOST.",
    "MASTER_SSH": "Name to reach the master by SSH, such as an alias of ssh_config.\nEmpty: MASTER_HOST.",
    "SLAVE_SSH": "Name to reach the slave by SSH, such as an alias of ssh_config.\nEmpty: SLAVE_HOST.",
    "SSH_USER": (
        "Login on both hosts; one that is not root needs sudo without a password.\n"
        "Empty: what ssh_config says for the host, else root."
    ),
    "SSH_PORT": "SSH port of both hosts.\nEmpty: what ssh_config says for the host, else 22.",
    "SSH_KEY": "Private key file, mode 0600.\nEmpty: the SSH agent and the usual keys in ~/.ssh.",
    "SSH_CONFIG": "ssh_config file; the default may be missing.",
    "SSH_KNOWN_HOSTS": "File with the hosts' public keys; a host that is not in it is refused.",
    "SSH_JUMP": "Jump host to go through, as user@host:port.\nEmpty: none.",
    "SELINUX": (
        "SELinux on hosts that have it: disabled, permissive or keep.\n"
        "disabled is complete only after a reboot; keep leaves it as it is."
    ),
    "FIREWALL": (
        "Firewall: off, rules or keep.\n"
        "rules lets MySQL in, and VRRP from the peer; off stops the firewall; keep leaves it as it is."
    ),
    "ENGINE": (
        "The server: mysql, mariadb or auto.\n"
        "auto is the one that is installed; on a blank host MySQL where its package sources have it, else MariaDB."
    ),
    "MYSQL_SOURCE": (
        "Where the server comes from: distribution, a release package, a folder of packages, or a tarball.\n"
        "distribution: the hosts' own package sources. A vendor's release package (.rpm, .deb; by URL or path)\n"
        "names the vendor's. A folder here, or MySQL's tarball, is carried to hosts that have no internet."
    ),
    "MYSQL_VERSION": (
        "Version or series that must be installed, such as 5.6.24 or 5.6; looked at after the install.\n"
        "The article: the same as production's. Nothing is upgraded or downgraded. Empty: any, the same series on both."
    ),
    "MYSQL_SHA256": (
        "SHA-256 of the release package or tarball; another file is refused.\n"
        "A folder has a file SHA256SUMS instead. Empty: not looked at."
    ),
    "MYSQL_PORT": "MySQL's port on both hosts and the VIP.",
    "MYSQL_ROOT_PASSWORD": "Password of MySQL's root on both hosts.",
    "ROOT_REMOTE": ("May MySQL's root log in from other hosts: yes or no.\nThe runbook itself does not need it."),
    "REPLICA_USER": "Account the slave copies with.\nUp to 32 characters, up to 16 on MySQL 5.6.",
    "REPLICA_PASSWORD": (
        "Password of REPLICA_USER, at most 32 bytes.\nMySQL takes no longer one when it points the slave (error 3056)."
    ),
    "CHECK_USER": "Account of the scripts on the hosts; it works from localhost only.",
    "CHECK_PASSWORD": "Password of CHECK_USER.",
    "PROBE_USER": "Account that verify and the drills use as a client; it sees the schema `runbook` only.",
    "PROBE_PASSWORD": "Password of PROBE_USER.",
    "MASTER_SERVER_ID": "server-id of the master.",
    "SLAVE_SERVER_ID": "server-id of the slave; not the master's.",
    "BINLOG_FORMAT": (
        "What the binary log holds: ROW, MIXED or STATEMENT.\n"
        "ROW copies the changed rows; statements can give other rows on the slave."
    ),
    "SYNC_BINLOG": (
        "Sync the binary log after so many commits.\n"
        "Anything but 1 can lose acknowledged rows in a power cut and leave the slave ahead."
    ),
    "INNODB_FLUSH_LOG_AT_TRX_COMMIT": (
        "When InnoDB's log reaches the disk: 0, 1 or 2.\nAnything but 1 can lose acknowledged rows in a power cut."
    ),
    "CHARACTER_SET": "character_set_server on both hosts.\nMySQL 9 does not start with utf8.",
    "SQL_MODE": "sql_mode on both hosts.\nEmpty: the server's own default.",
    "AUTO_INCREMENT_INCREMENT": (
        "Step of AUTO_INCREMENT columns.\nWith one writer 1 is enough; 2 is for a pair that both take writes."
    ),
    "MASTER_AUTO_INCREMENT_OFFSET": "First AUTO_INCREMENT value on the master.",
    "SLAVE_AUTO_INCREMENT_OFFSET": "First AUTO_INCREMENT value on the slave.",
    "SLAVE_SKIP_ERRORS": (
        "Replication errors the slave passes over: off, all, ddl_exist_errors or numbers.\n"
        "Anything but off lets the two servers' data drift apart unseen."
    ),
    "SKIP_NAME_RESOLVE": (
        "Do not look clients' names up in DNS: on or off.\n"
        "With off a DNS that is down holds up every new connection, replication's too.\n"
        "With on, accounts made for host names (app@web1) no longer match; use addresses."
    ),
    "REPLICATION": (
        "How the slave finds its place: gtid, position (file and position, as the article) or auto.\n"
        "auto: gtid where the server has it from 5.7 on, position on MySQL 5.6; inv plan and inv verify say why."
    ),
    "SEMI_SYNC": (
        "Semi-synchronous replication: a commit waits until the slave has it: on, off or auto.\n"
        "auto: on, unless the server came without the plugin; inv plan and inv verify say why."
    ),
    "SEMI_SYNC_TIMEOUT_MS": (
        "How long a commit waits for a slave that does not answer, in milliseconds.\n"
        "After that the master goes on alone, and inv verify says so."
    ),
    "ROUTER_ID": "Name of this pair in keepalived's messages.",
    "VIRTUAL_ROUTER_ID": "VRRP router number, 1 to 255; no other pair in the same network may have it.",
    "VRRP_VERSION": "VRRP 2 or 3.\n3 takes over in under a second; 2 is for keepalived before 1.2.17.",
    "AUTH_PASS": (
        "keepalived's password, with VRRP 2 only, at most 8 characters.\n"
        "It goes over the network in clear and keeps nobody out. Empty: none."
    ),
    "MASTER_PRIORITY": "VRRP priority of the master, above the slave's and at most 254.",
    "SLAVE_PRIORITY": (
        "VRRP priority of the slave, below the master's.\n"
        "A takeover waits (256 - this)/256 of ADVERT_INT longer, so a low one costs time."
    ),
    "ADVERT_INT": (
        "Seconds between two VRRP adverts; three missing ones start a takeover.\n"
        "VRRP 3: 0.01 to 40.95 in steps of 0.01. VRRP 2: whole seconds, 1 to 255."
    ),
    "CHECK_INTERVAL": "Seconds from one check to the next.",
    "CHECK_TIMEOUT": "Seconds that mysqld has to answer a check, and to come back when it is not there.",
    "CHECK_FALL": "Failed checks in a row after which the host gives the VIP up.",
    "CHECK_RISE": "Good checks in a row after which the host counts as well again.",
    "CLOSE_KILL_SECONDS": (
        "How long a server without the VIP may refuse to be closed for writes before mysqld is killed; 0: never.\n"
        "It starts closed, and nothing acknowledged is lost. The seconds count from the first try that failed."
    ),
    "ALERT_DINGTALK_URL": "A DingTalk robot's whole webhook address, with its access_token.\nEmpty: no DingTalk.",
    "ALERT_DINGTALK_SECRET": (
        "The same robot's secret (SEC...), where its security is set to signatures.\nEmpty: it is not signed."
    ),
    "ALERT_KEYWORD": (
        "A word that each text begins with, where the robot's security is set to keywords.\nEmpty: none."
    ),
    "ALERT_WEBHOOK_URL": "Address that gets each alert as a JSON document by POST.\nEmpty: no webhook.",
    "ALERT_LANG": "Language of the alerts: en or zh.",
    "ALERT_RETRY_SECONDS": (
        "How long the hosts try to deliver alerts that do not get through, in seconds.\n"
        "Then they give up, and inv verify says so."
    ),
}
