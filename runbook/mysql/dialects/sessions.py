"""Questions for a server's sessions. [M]: measured on 5.6.24, 9.7.4 and MariaDB 10.11.

Who holds the metadata lock that a slave's applier waits for: rows of a session's id, and whose it is. No row while no
applier waits for one. And who copies the binary log.
"""

COPYING = (
    "SELECT t.processlist_host AS host, "
    "MAX(IF(v.variable_name IN ('replica_uuid', 'slave_uuid'), CONVERT(v.variable_value USING utf8mb4), NULL)) AS id, "
    "COUNT(IF(v.variable_name IN ('rpl_semi_sync_replica', 'rpl_semi_sync_slave'), 1, NULL)) AS acknowledges "
    "FROM performance_schema.threads t LEFT JOIN performance_schema.user_variables_by_thread v USING (thread_id) "
    "WHERE t.processlist_command LIKE 'Binlog Dump%' GROUP BY t.thread_id"
)

_APPLIER = "REGEXP '^thread/sql/(slave|replica)_(sql|worker)$'"  # the new names came with 8.0.26 (release notes)
_WHOSE = "CONCAT({0}user, '@', IFNULL({0}host, ''))"

# What an applier asks for, and what of others does not go with it (the two matrices in sql/mdl.cc of MySQL 8.0). DDL
# asks for SHARED_UPGRADABLE, then for more; a row's change for SHARED_WRITE; each for INTENTION_EXCLUSIVE of the whole
# server, which FLUSH TABLES WITH READ LOCK and LOCK INSTANCE FOR BACKUP hold SHARED.
_WRITES = ("SHARED_WRITE", "SHARED_WRITE_LOW_PRIO")
_KEEP_OUT = ("SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE")
_IN_THE_WAY = {
    "INTENTION_EXCLUSIVE": ("SHARED", "EXCLUSIVE"),
    "SHARED_READ": ("SHARED_NO_READ_WRITE", "EXCLUSIVE"),
    "SHARED_WRITE": ("SHARED_READ_ONLY", *_KEEP_OUT),
    "SHARED_UPGRADABLE": ("SHARED_UPGRADABLE", *_KEEP_OUT),
    "SHARED_NO_WRITE": (*_WRITES, "SHARED_UPGRADABLE", *_KEEP_OUT),
    "SHARED_NO_READ_WRITE": ("SHARED_READ", *_WRITES, "SHARED_UPGRADABLE", "SHARED_READ_ONLY", *_KEEP_OUT),
}
_CONFLICTS = " OR ".join(
    ["wanted.lock_type = 'EXCLUSIVE'"]
    + [
        f"wanted.lock_type = '{wanted}' AND held.lock_type IN ({', '.join(repr(each) for each in held)})"
        for wanted, held in _IN_THE_WAY.items()
    ]
)

_BY_LOCK = (
    f"SELECT DISTINCT holder.processlist_id AS id, {_WHOSE.format('holder.processlist_')} AS whose "
    "FROM performance_schema.metadata_locks wanted "
    "JOIN performance_schema.threads applier ON applier.thread_id = wanted.owner_thread_id "
    "JOIN performance_schema.metadata_locks held ON held.object_type = wanted.object_type "
    "AND held.object_schema <=> wanted.object_schema AND held.object_name <=> wanted.object_name "
    "JOIN performance_schema.threads holder ON holder.thread_id = held.owner_thread_id "
    f"WHERE wanted.lock_status = 'PENDING' AND applier.name {_APPLIER} "
    f"AND held.lock_status = 'GRANTED' AND NOT holder.name {_APPLIER} AND holder.processlist_id IS NOT NULL "
    f"AND ({_CONFLICTS})"
)

# Not the scripts' own: one that keepalived has called meanwhile would take mysqld for dead.
_CLIENTS = (
    "user NOT IN ('system user', 'event_scheduler', SUBSTRING_INDEX(CURRENT_USER(), '@', 1)) "
    "AND command NOT LIKE 'Binlog Dump%' AND command <> 'Daemon'"
)
_APPLIER_WAITS = (
    "SELECT 1 FROM information_schema.processlist WHERE user = 'system user' AND state LIKE 'Waiting for% lock'"
)
BY_TRANSACTION = (
    f"SELECT id AS id, {_WHOSE.format('')} AS whose FROM information_schema.processlist "
    f"WHERE {_CLIENTS} AND EXISTS ({_APPLIER_WAITS}) "
    "AND (id IN (SELECT trx_mysql_thread_id FROM information_schema.innodb_trx) OR NOT EXISTS ("
    "SELECT 1 FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id "
    f"WHERE {_CLIENTS}))"
)
"""Where the server does not tell who holds a lock: clients with an open transaction.

LOCK TABLES and FLUSH TABLES WITH READ LOCK stand in no list [M]: once nobody has a transaction, it is every client.
"""

_TELLS = (
    "SELECT 1 FROM performance_schema.setup_instruments WHERE name = 'wait/lock/metadata/sql/mdl' AND enabled = 'YES'"
)
BY_LOCK = f"{_BY_LOCK} UNION {BY_TRANSACTION} AND NOT EXISTS ({_TELLS})"
"""By performance_schema where it notes these locks (by default from 8.0 on), else by transaction."""
