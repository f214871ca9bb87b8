#!/bin/bash
# Makes of a Debian root file system a host that speaks yum and rpm, in a chroot, from packages that APT has brought.
# /srv/mysql.tar.gz is MySQL 5.6's tarball. What Red Hat's systems have and Debian's lack is written here, as small as
# it can be and still behave the same.
set -eu

DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@"

VERSION=5.6.24
TREES=/srv/trees
SPECS=/srv/specs
BASE=/srv/base
VENDOR=/srv/mysql-community

# rpm [NAME] [VERSION-RELEASE] [REPOSITORY] [LINES OF THE SPEC...]: an RPM of all that is below $TREES/NAME.
make_rpm() {
    local name=$1 version=${2%-*} release=${2##*-} repository=$3 spec=$SPECS/$1.spec
    shift 3
    mkdir -p "$SPECS" "$repository"
    {
        printf '%s\n' "Name: $name" "Version: $version" "Release: $release" "Summary: $name" "License: GPLv2" \
            "AutoReqProv: no" "$@"
        [ "${*#*%description}" != "$*" ] || printf '%s\n' "%description" "Made by the lab."
        printf '%s\n' "%install" "cp -a $TREES/$name/. %{buildroot}/" "%files"
        (cd "$TREES/$name" && find . \( -type f -o -type l \) -printf '/%P\n' |
            sed 's,^/etc/my\.cnf$,%config(noreplace) &,; s,^/etc/yum\.repos\.d/,%config(noreplace) &,')
        # Directories of its own.
        [ ! -d "$TREES/$name/var/lib/mysql" ] || printf '%s\n' "%attr(755,mysql,mysql) %dir /var/lib/mysql"
    } >"$spec"
    rpmbuild --quiet -bb --define "_rpmdir $repository" --define "_topdir /srv/build" \
        --define "debug_package %{nil}" --define "__os_install_post %{nil}" --define "_binary_payload w1.gzdio" "$spec"
}

# tree NAME FILE...: these files of this system as the tree of a package.
tree() {
    local name=$1
    shift
    mkdir -p "$TREES/$name"
    tar -C / -c "${@#/}" | tar -C "$TREES/$name" -x
}

# client DEBIAN'S MYSQL'S: a client program under MySQL's name, and with the socket that EL's is built for.
client() {
    local tree=$TREES/mysql-community-client
    install -D -m 755 "/usr/bin/$1" "$tree/usr/libexec/mysql/$2"
    mkdir -p "$tree/usr/bin"
    printf '%s\n' '#!/bin/sh' "MYSQL_UNIX_PORT=/var/lib/mysql/mysql.sock exec /usr/libexec/mysql/$2 \"\$@\"" >"$tree/usr/bin/$2"
    chmod 755 "$tree/usr/bin/$2"
}

mkdir -p /etc/rpm /var/lib/rpm
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros

# ---- keepalived, libaio, curl: of the distribution ----
lib=$(dirname "$(find /usr/lib -name libaio.so.1)")
tree libaio "$lib"/libaio.so.1*
make_rpm libaio "$(dpkg-query -W -f '${Version}' libaio1 | sed 's/-.*//')-13.el7" "$BASE"
dpkg -L keepalived | grep -E '^/(usr/s?bin|lib/systemd|etc)/' >/srv/files
while read -r file; do
    [ -d "$file" ] || tree keepalived "$(readlink -f "$file")"
done </srv/files
mkdir -p "$TREES/keepalived/etc/keepalived"
touch "$TREES/keepalived/etc/keepalived/keepalived.conf"
make_rpm keepalived "$(dpkg-query -W -f '${Version}' keepalived | sed 's/^[0-9]*://; s/-.*//')-1.el7" "$BASE"

tree curl /usr/bin/curl
make_rpm curl "$(dpkg-query -W -f '${Version}' curl | sed 's/-.*//')-1.el7" "$BASE"

# ---- MySQL 5.6: of the vendor's repository ----
client mariadb mysql
client mariadb-admin mysqladmin
client mariadb-binlog mysqlbinlog
client mariadb-dump mysqldump
make_rpm mysql-community-client "$VERSION-3.el7" "$VENDOR"

server=$TREES/mysql-community-server
mkdir -p "$server"/usr/sbin "$server"/usr/bin "$server"/etc "$server"/usr/lib/systemd/system \
    "$server"/usr/lib/tmpfiles.d "$server"/var/lib/mysql /srv/unpacked
tar -C /srv/unpacked --strip-components=1 -xf /srv/mysql.tar.gz
mv /srv/unpacked/bin/mysqld "$server/usr/sbin/"
# Where this build of it looks, and where the client, which is of another version, does not.
mkdir -p "$server/usr/local/mysql"
mv /srv/unpacked/share "$server/usr/local/mysql/"
install -m 755 /usr/bin/my_print_defaults "$server/usr/bin/"
cat >"$server/etc/my.cnf" <<'END'
[mysqld]
datadir=/var/lib/mysql
socket=/var/lib/mysql/mysql.sock

# Disabling symbolic-links is recommended to prevent assorted security risks
symbolic-links=0

# Recommended in standard MySQL setup
sql_mode=NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES

[mysqld_safe]
log-error=/var/log/mysqld.log
pid-file=/var/run/mysqld/mysqld.pid
END
echo 'd /var/run/mysqld 0755 mysql mysql -' >"$server/usr/lib/tmpfiles.d/mysql.conf"
cat >"$server/usr/lib/systemd/system/mysqld.service" <<'END'
[Unit]
Description=MySQL Community Server
After=network.target

[Install]
WantedBy=multi-user.target
Alias=mysql.service

[Service]
User=mysql
Group=mysql
PermissionsStartOnly=true
ExecStartPre=/usr/bin/mysql-systemd-start pre
ExecStart=/usr/bin/mysqld_safe
ExecStartPost=/usr/bin/mysql-systemd-start post
TimeoutSec=600
Restart=always
PrivateTmp=false
END
cat >"$server/usr/bin/mysqld_safe" <<'END'
#!/bin/sh
# Stands for MySQL 5.6's script of this name: mysqld that ends without removing its pid file is started again, here.
trap '' 1 2 3 15
option() { my_print_defaults mysqld_safe | sed -n "s/^--$1=//p" | tail -n 1; }
log=$(option log-error) pid=$(option pid-file)
while :; do
    rm -f "$pid"
    /usr/sbin/mysqld --user=mysql --log-error="$log" --pid-file="$pid" >>"$log" 2>&1
    [ -f "$pid" ] || break
    echo "$(date '+%y%m%d %H:%M:%S') mysqld_safe mysqld restarted" >>"$log"
done
END
cat >"$server/usr/bin/mysql-systemd-start" <<'END'
#!/bin/bash
# Stands for MySQL 5.6's script of this name: makes the system tables, waits for an answer.
if [ "$1" = pre ]; then
    touch /var/log/mysqld.log && chown mysql:mysql /var/log/mysqld.log && chmod 640 /var/log/mysqld.log
    [ -e /var/lib/mysql/mysql/user.frm ] && exit 0
    mkdir -p /var/lib/mysql/mysql /var/lib/mysql/test && chown -R mysql:mysql /var/lib/mysql
    cd /usr/local/mysql/share && { echo 'use mysql;'; cat mysql_system_tables.sql mysql_system_tables_data.sql fill_help_tables.sql; } |
        /usr/sbin/mysqld --no-defaults --bootstrap --datadir=/var/lib/mysql --user=mysql >>/var/log/mysqld.log 2>&1
else
    for ((tries = 0; tries < 600; tries++)); do
        mysqladmin --no-defaults --protocol=socket --socket=/var/lib/mysql/mysql.sock ping >/dev/null 2>&1 && exit 0
        sleep 1
    done
    exit 1
fi
END
chmod 755 "$server"/usr/bin/*
make_rpm mysql-community-server "$VERSION-3.el7" "$VENDOR" \
    "Provides: mysql-server = $VERSION-3.el7" "Requires: mysql-community-client >= 5.6.10, libaio" \
    "%description" "MySQL $VERSION." \
    "%pre" "getent group mysql >/dev/null || groupadd -r mysql" \
    "getent passwd mysql >/dev/null || useradd -r -g mysql -d /var/lib/mysql -s /bin/false mysql" \
    "%post" "systemd-tmpfiles --create /usr/lib/tmpfiles.d/mysql.conf 2>/dev/null || :" \
    "systemctl enable mysqld.service >/dev/null 2>&1 || :"

# ---- where yum finds them ----
release=mysql-community-release
repository() {
    printf '%s\n' "[$1]" "name=$1" "baseurl=file://$2" enabled=1 gpgcheck=0
}
mkdir -p "$TREES/$release/etc/yum.repos.d" /etc/yum.repos.d
repository mysql56-community "$VENDOR" >"$TREES/$release/etc/yum.repos.d/mysql-community.repo"
make_rpm "$release" el7-5 /srv/release "BuildArch: noarch"
mv /srv/release/noarch/mysql-*.rpm /srv/
repository base "$BASE" >/etc/yum.repos.d/base.repo
createrepo_c --quiet "$BASE"
createrepo_c --quiet "$VENDOR"

# ---- what the host is ----
mkdir -p "$TREES/centos-release/etc"
echo 'CentOS Linux release 7 (Core)' >"$TREES/centos-release/etc/centos-release"
make_rpm centos-release 7-9 /srv/release "BuildArch: noarch" "Provides: system-release = 7, /bin/sh"
rpm --force-debian --install --nodeps /srv/release/noarch/centos-release-*.rpm
dpkg --remove --force-depends keepalived curl mariadb-client mariadb-client-core libaio1 >/dev/null
rm -rf "$TREES" "$SPECS" /srv/build /srv/release /srv/unpacked /srv/files /srv/mysql.tar.gz /etc/keepalived /etc/mysql /var/cache/apt/*
ln -sf dnf-3 /usr/bin/yum
rm -f /usr/bin/dnf /usr/bin/apt* /usr/bin/dpkg* /usr/bin/rpmbuild /etc/os-release
cat >/usr/lib/os-release <<'END'
NAME="CentOS Linux"
VERSION="7 (Core)"
ID="centos"
ID_LIKE="rhel fedora"
VERSION_ID="7"
PRETTY_NAME="CentOS Linux 7 (Core), as the lab imitates it"
END
ln -s ../usr/lib/os-release /etc/os-release
mkdir -p /etc/selinux
printf '%s\n' SELINUX=enforcing SELINUXTYPE=targeted >/etc/selinux/config
systemctl enable firewalld.service
