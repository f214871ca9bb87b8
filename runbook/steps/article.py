"""The article's steps as tasks, in its order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runbook.pair.pair import Pair
from runbook.steps import (
    configure_mycnf,
    create_replica_user,
    deploy_scripts,
    install_keepalived,
    install_mysql,
    prep_os,
    start,
    start_slave,
)
from runbook.steps.phase import Phase, Restart


@dataclass(frozen=True)
class Task:
    """One step of the article as a task."""

    name: str
    phases: Callable[[Pair, Restart], Sequence[Phase]]
    while_failed_over: bool = False
    """Whether it may run while the slave serves: it starts nothing, and failback needs what it repairs."""


TASKS = (
    Task("prep-os", prep_os.phases),
    Task("install-mysql", install_mysql.phases),
    Task("configure-mycnf", configure_mycnf.phases),
    Task("create-replica-user", create_replica_user.phases, while_failed_over=True),
    Task("start-slave", start_slave.phases),
    Task("install-keepalived", install_keepalived.phases, while_failed_over=True),
    Task("deploy-scripts", deploy_scripts.phases, while_failed_over=True),
    Task("start", start.phases),
)
