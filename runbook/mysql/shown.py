"""What a server shows for what it was told: the same in another order, or by another name."""

# What two modes stand for, which the server shows beside them: with all versions' members, as some came and some went
# (manuals of 5.6 to 9.x: Combination SQL Modes).
COMBINED_MODES = {
    "ANSI": {"REAL_AS_FLOAT", "PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", "ONLY_FULL_GROUP_BY"},
    "TRADITIONAL": {
        "STRICT_TRANS_TABLES",
        "STRICT_ALL_TABLES",
        "NO_ZERO_IN_DATE",
        "NO_ZERO_DATE",
        "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_AUTO_CREATE_USER",
        "NO_ENGINE_SUBSTITUTION",
    },
}
# ddl_exist_errors by the codes of the errors that the server's add_slave_skip_errors names (sql/rpl_slave.cc of 5.6 to
# 8.0; the manual has 1094 for 1091). It shows numbers only, and MariaDB knows no other word for them.
DDL_EXIST_ERRORS = "1007,1008,1050,1051,1054,1060,1061,1068,1091,1146"


def same(variable: str, wanted: str, shown: str) -> bool:
    """Whether the value that a server shows is the one that it was told."""
    match variable:
        case "sql_mode":
            return _same_modes(wanted, shown)
        case "character_set_server":
            # One set by two names: which of them is shown changed with MySQL 8.0.28 or .29 and MariaDB 10.6.
            return wanted == shown or {wanted, shown} == {"utf8", "utf8mb3"}
    return wanted == shown


def _same_modes(wanted: str, shown: str) -> bool:
    """Modes are shown in the server's own order."""
    told, found = set(wanted.split(",")), set(shown.split(","))
    implied = {member for mode in told for member in COMBINED_MODES.get(mode, ())}
    return told <= found and found - told <= implied


def skip_errors(value: str) -> str:
    """SLAVE_SKIP_ERRORS as a server shows it: a word, or numbers in ascending order."""
    value = DDL_EXIST_ERRORS if value.lower() == "ddl_exist_errors" else value
    numbers = value.replace(" ", "").split(",")
    return ",".join(sorted(numbers, key=int)) if all(n.isdigit() for n in numbers) else value.upper()
