"""A runbook as code: two Linux hosts to a MySQL master/slave pair behind a keepalived virtual IP."""
