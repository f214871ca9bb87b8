"""The row of the lab's table that these tests are run on, and its server's words."""

import os

# Another lab beside this one, for who tests two trees at once: LAB_TESTS=NAME:SUBNET.
NAME, SUBNET = os.environ.get("LAB_TESTS", "test:192.168.153").split(":")
# Another row of the lab's table than its first: LAB_ENGINE=ENGINE/OS, or ENGINE/OS/REPLICATION. Then the tests marked
# `story` run, and no others.
ROW = os.environ.get("LAB_ENGINE", "mysql-9.7/debian-sid").split("/")
ENGINE, OS, REPLICATION = [*ROW, "auto"][:3]
IS_FIRST_ROW = (ENGINE, OS, REPLICATION) == ("mysql-9.7", "debian-sid", "auto")
IS_MARIADB = ENGINE.startswith("mariadb")
IS_MYSQL_9 = ENGINE.startswith("mysql-9")
HAS_SUPER_READ_ONLY = IS_MYSQL_9
BY_POSITION = REPLICATION == "position" or (REPLICATION == "auto" and ENGINE == "mysql-5.6")
UNIT = "mariadb" if IS_MARIADB else "mysql" if IS_MYSQL_9 else "mysqld"
MYSQLD = "mariadbd" if IS_MARIADB else "mysqld"
CLIENT = "mariadb" if IS_MARIADB else "mysql"
CLOSED = f"SELECT @@GLOBAL.{'super_' if HAS_SUPER_READ_ONLY else ''}read_only"
# Of all its transactions, in words that are the same on both servers.
EXECUTED = "SELECT @@GLOBAL.gtid_current_pos" if IS_MARIADB else "SELECT REPLACE(@@GLOBAL.gtid_executed, CHAR(10), '')"
LOGGED = "SELECT @@GLOBAL.gtid_binlog_state" if IS_MARIADB else EXECUTED
OWN = "SELECT CONCAT('-', @@server_id, '-')" if IS_MARIADB else "SELECT @@server_uuid"
LOG_STATUS = "SHOW BINARY LOG STATUS" if IS_MYSQL_9 else "SHOW MASTER STATUS"
STATUS = f"SHOW {'REPLICA' if IS_MYSQL_9 else 'SLAVE'} STATUS"
# Columns of it, in every version: Slave_IO_Running, Slave_SQL_Running, Relay_Master_Log_File, Exec_Master_Log_Pos.
RECEIVER, APPLIER, APPLIED_FILE, APPLIED_POSITION = 10, 11, 9, 21
MADE_BY = 3  # the column of SHOW BINLOG EVENTS with the server_id
SERVER = """
SHOW GLOBAL VARIABLES;
SELECT 'account', user, host, plugin, HEX(authentication_string) FROM mysql.user;
SELECT 'right', grantee, privilege_type FROM information_schema.user_privileges;
SELECT 'right', grantee, table_schema, privilege_type FROM information_schema.schema_privileges;
"""
SOURCE = """
SELECT 'source', slave_master_info.* FROM mysql.slave_master_info;
SELECT 'receiver', service_state FROM performance_schema.replication_connection_status;
SELECT 'applier', service_state FROM performance_schema.replication_applier_status;
"""
