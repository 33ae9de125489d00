"""Taking back the packet filter's rules that kube-proxy, Podman's and the pods' networks made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from testbed import before
from testbed.commands import run, succeeds
from testbed.layout import ENGINE_MORE_RANGE, ENGINE_RANGE, POD_RANGE, Layout
from testbed.network import TABLE

_WHOLE_TABLES: Final = ("kube-proxy", TABLE)
# A chain per network or container, named by a hash.
_PRIVATE: Final = re.compile(r"NETAVARK-[0-9A-F]{13}|NETAVARK-DN-[0-9A-F]+|CNI-[0-9a-f]{24}|CNI-(DN|SN)-[0-9a-f]+")
# Chains that every network of a kind shares; they go when no network is left.
_SHARED: Final = re.compile(r"NETAVARK[-_](FORWARD|HOSTPORT-\w+|ISOLATION_\d|INPUT)|CNI-HOSTPORT-\w+|KUBE-\S+")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule as iptables writes it."""

    table: str
    chain: str
    text: str

    @property
    def target(self) -> str:
        found = re.search(r" -[jg] (\S+)", self.text)
        return found[1] if found else ""


def clean(layout: Layout) -> None:
    """Remove the bed's rules, chains and tables, and leave those of others."""
    known = before.recall(layout).rules
    for table in sorted(before.tables()):
        if table.split()[-1] in _WHOLE_TABLES:
            run(["nft", "delete", "table", *table.split()])
    _remove(_ours(layout))
    if known is None:
        return
    _remove(_shared_and_new(set(known)))
    for table in sorted(before.tables() - set(known)):
        if not _has_rules(table):
            run(["nft", "delete", "table", *table.split()])


def stranger_tables() -> list[str]:
    """Tables of the names we need that are there when nothing of us runs, so another cluster's."""
    return sorted(table for table in before.tables() if table.split()[-1] in _WHOLE_TABLES)


def _ours(layout: Layout) -> tuple[list[Rule], set[tuple[str, str]]]:
    """The rules and private chains that mention the bed's networks."""
    rules = _rules()
    nets = "|".join(re.escape(net.removesuffix("0.0/16")) for net in (POD_RANGE, ENGINE_RANGE, ENGINE_MORE_RANGE))
    mark = re.compile(rf"(?<![\d.])({nets})|{re.escape(layout.pod_network)}")
    speaking = [rule for rule in rules if mark.search(rule.text)]
    chains = {(rule.table, name) for rule in speaking for name in (rule.chain, rule.target) if _PRIVATE.fullmatch(name)}
    related = [rule for rule in rules if {(rule.table, rule.chain), (rule.table, rule.target)} & chains]
    return list(dict.fromkeys(speaking + related)), chains


def _shared_and_new(known: set[str]) -> tuple[list[Rule], set[tuple[str, str]]]:
    """The shared chains that were not there before, unless another network uses them by now."""
    there = before.iptables_chains()
    families = {name[:3] for _, name in there if _PRIVATE.fullmatch(name)}
    chains = {
        (table, name)
        for table, name in there
        if _SHARED.fullmatch(name) and name[:3] not in families and f"{table} {name}" not in known
    }
    rules = [rule for rule in _rules() if {(rule.table, rule.chain), (rule.table, rule.target)} & chains]
    return rules, chains


def _remove(what: tuple[list[Rule], set[tuple[str, str]]]) -> None:
    rules, chains = what
    lines = []
    for table in sorted({rule.table for rule in rules} | {table for table, _ in chains}):
        lines.append(f"*{table}")
        lines += [f"-D {rule.text}" for rule in rules if rule.table == table]
        lines += [f"-X {name}" for of, name in sorted(chains) if of == table]
        lines.append("COMMIT")
    if lines:
        run(["iptables-restore", "--noflush"], given="\n".join(lines) + "\n")


def _rules() -> list[Rule]:
    rules, table = [], ""
    for line in run(["iptables-save"]).splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A "):
            text = line.removeprefix("-A ")
            rules.append(Rule(table=table, chain=text.split()[0], text=text))
    return rules


def _has_rules(table: str) -> bool:
    # A rule is the only line at this depth besides a base chain's own "type … policy …".
    listed = run(["nft", "list", "table", *table.split()]).splitlines()
    depth = [line for line in listed if line.startswith("\t\t") and not line.lstrip().startswith("type ")]
    return bool(depth)


def ready() -> bool:
    """Say whether the bed's own table is there."""
    return succeeds(["nft", "list", "table", "ip", TABLE])
