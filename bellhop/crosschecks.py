"""What is wrong between the tables of a site file: names that nobody has, numbers that two have.

Works on a half-good file too, so that one run of `bellhop check` finds all there is: a table that
could not be read stands as None under its name.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bellhop import crosschecks_zones, reach
from bellhop.carriers import ACCOUNT, NUMBER
from bellhop.profiles import BUILT_IN
from bellhop.routes import digits_of
from bellhop.tables import Mistake, unknown
from bellhop.values import spelled


def mistakes(parts: Mapping[str, Any]) -> list[Mistake]:
    """Return what is wrong between the parts of a site."""
    return [
        *_routes(parts),
        *_profiles(parts),
        *crosschecks_zones.mistakes(parts),
        *_features(parts),
        *_schedules(parts),
        *_dids(parts),
        *_numbers(parts),
        *_auth_users(parts),
        *_credentials(parts),
        *_senders(parts),
        *_addresses(parts),
        *_listeners(parts),
        *_probe(parts),
        *reach.mistakes(parts),
        *_databases(parts),
        *_vapix(parts),
    ]


def _databases(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    for table, name in (("edge", "ledger"), ("pager", "reports")):
        part = parts[table]
        if part is None:
            continue
        kind, file = getattr(part, name), getattr(part, f"{name}_dsn_file")
        if kind == "postgresql" and not file:
            what = f'"postgresql" needs {name}_dsn_file, which says where it is'
            yield Mistake(f"{table}.{name}", what)
        if kind == "sqlite" and file:
            what = f'expected with {name} = "postgresql" only'
            yield Mistake(f"{table}.{name}_dsn_file", what)


def _vapix(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    pager = parts["pager"]
    for number, device in parts["devices"].items():
        if device is not None and device.vapix and pager is not None and not pager.vapix_file:
            what = "needs pager.vapix_file, which says who may set its volume"
            yield Mistake(f"devices.{number}.vapix", what)


def _routes(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for place, route in enumerate(parts["routes"], 1):
        if route is None:
            continue
        digits = digits_of(route.prefix)
        if digits in seen:
            what = f'"{route.prefix}" is the prefix of routes[{seen[digits]}] already'
            yield Mistake(f"routes[{place}].prefix", what)
        seen.setdefault(digits, place)
        for name in route.carriers:
            if name not in parts["carriers"]:
                what = f'no carrier "{name}"{unknown(name, list(parts["carriers"]))}'
                yield Mistake(f"routes[{place}].carriers", what)


def _profiles(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    used = [(f"carriers.{n}.profile", c.profile) for n, c in parts["carriers"].items() if c]
    used += [(f"routes[{i}].profile", r.profile) for i, r in enumerate(parts["routes"], 1) if r]
    used += [(f"dids[{i}].profile", d.profile) for i, d in enumerate(parts["dids"], 1) if d]
    known = [*BUILT_IN, *parts["profiles"]]
    for path, profile in used:
        if profile and profile not in known:
            yield Mistake(path, f'no profile "{profile}"{unknown(profile, known)}')


def _features(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """A code must not begin another one: which was meant would be a guess."""
    codes = parts["features"].codes if parts["features"] else {}
    for deed, code in codes.items():
        for other, its in codes.items():
            path, name = (f"features.{one.replace('-', '_')}" for one in (deed, other))
            if code == its and deed > other:
                yield Mistake(path, f'"{code}" is {name} too')
            elif code != its and code.startswith(its):
                yield Mistake(path, f'"{code}" begins with "{its}", which is {name}')


def _schedules(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, schedule in parts["schedules"].items():
        if schedule is None:
            continue
        if schedule.zone not in parts["zones"]:
            what = f'no zone "{schedule.zone}"{unknown(schedule.zone, sorted(parts["zones"]))}'
            yield Mistake(f"schedules.{name}.zone", what)
        if bool(schedule.file) == bool(schedule.say):
            yield Mistake(f"schedules.{name}", "expected one of file and say")
        if schedule.say and parts["pager"] is not None and not parts["pager"].say_command:
            yield Mistake(f"schedules.{name}.say", "needs pager.say_command, which speaks it")


def _dids(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    prefixes = [p.removeprefix("+") for t in parts["trunks"].values() if t for p in t.numbers]
    unread = None in parts["trunks"].values()  # whose numbers nobody knows
    seen: set[str] = set()
    for place, did in enumerate(parts["dids"], 1):
        if did is None:
            continue
        if did.number in seen:
            yield Mistake(f"dids[{place}].number", f'"{did.number}" stands in the file twice')
        seen.add(did.number)
        for number in did.to:
            if unread or number in parts["devices"]:
                continue
            if not any(number.startswith(p) for p in prefixes):
                what = f'"{number}" is no device, and no number of a trunk'
                yield Mistake(f"dids[{place}].to", what)


def _numbers(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """A dialled number must mean one thing: devices win over zones would be a guess."""
    for number in parts["zones"]:
        if number in parts["devices"]:
            yield Mistake(f"zones.{number}", f"{number} is a device too")
    owner: dict[str, str] = {}
    for name, trunk in parts["trunks"].items():
        path = f"trunks.{name}.numbers"
        for prefix in trunk.numbers if trunk else ():
            digits = prefix.removeprefix("+")
            if not digits:
                yield Mistake(path, "an empty prefix would take every number")
                continue
            if digits in owner:
                yield Mistake(path, f'"{prefix}" is a prefix of trunks.{owner[digits]} too')
            owner.setdefault(digits, name)
            for kind in ("devices", "zones"):
                taken = [number for number in parts[kind] if number.startswith(digits)]
                if taken:
                    more = f" and {len(taken) - 1} more" if taken[1:] else ""
                    yield Mistake(path, f'"{prefix}" also begins {kind}.{taken[0]}{more}')


def _auth_users(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    owner: dict[str, str] = {}
    for number, device in parts["devices"].items():
        if device is None:
            continue
        if device.auth_user in owner:
            what = f'"{device.auth_user}" is the Authentication ID of {owner[device.auth_user]} too'
            yield Mistake(f"devices.{number}.auth_user", what)
        owner.setdefault(device.auth_user, number)


def _credentials(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    dids = {did.number for did in parts["dids"] if did}
    owner: dict[str, str] = {}
    for name, carrier in parts["carriers"].items():
        if carrier and (carrier.register_user or carrier.register_contact):
            path, contact = f"carriers.{name}.register_contact", carrier.register_contact
            if not carrier.register_user:
                yield Mistake(path, "there is no register_user to be reached there")
            elif contact not in dids and None not in parts["dids"]:
                yield Mistake(path, f'expected the number of one of [[dids]], got "{contact}"')
            elif contact in owner:
                yield Mistake(path, f'"{contact}" is the contact at carriers.{owner[contact]} too')
            owner.setdefault(contact, name)
            if not carrier.auth_user:
                yield Mistake(f"carriers.{name}.register_user", "needs auth_user and secret_file")
        if carrier and bool(carrier.auth_user) != bool(carrier.secret_file):
            missing = "secret_file" if carrier.auth_user else "auth_user"
            yield Mistake(
                f"carriers.{name}", f"auth_user and secret_file go together: no {missing}"
            )


def _senders(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, carrier in parts["carriers"].items():
        path = f"carriers.{name}.from"
        if carrier and carrier.sender == ACCOUNT and not carrier.account:
            yield Mistake(path, '"account" needs register_user or auth_user: who we are there')
        if carrier and carrier.sender == NUMBER and not carrier.caller_id:
            what = "needs caller_id, for callers that have no number of the site's own"
            yield Mistake(path, f'"number" {what}')


def _addresses(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """A source address must name one peer. Only a carrier's gateway may be another carrier's
    address: a softswitch with which there are two contracts; and beside such a gateway its sources
    too.
    """
    asterisks = [(name, parts[name]) for name in ("pbx", "standby") if parts.get(name)]
    owner = {one.address.host: name for name, one in asterisks}
    if len(owner) < len(asterisks):
        host = parts["pbx"].address.host
        yield Mistake("standby.address", f"{host} is an address of pbx too")
    contracts = {
        f"carriers.{name}": {one.host for one in carrier.gateways}
        for name, carrier in parts["carriers"].items()
        if carrier
    }
    for kind in ("carriers", "trunks"):
        for name, peer in parts[kind].items():
            gateways = [one.host for one in peer.gateways] if peer else []  # names too
            taken: dict[str, list[str]] = {}
            # In order, each once: the gateway is where a dialog's requests go back to.
            for host in dict.fromkeys((*gateways, *peer.sources)) if peer else ():
                theirs = contracts.get(owner.get(host, ""), set()) if kind == "carriers" else set()
                shared = theirs and (host in gateways or not theirs.isdisjoint(gateways))
                if host in owner and not shared:
                    taken.setdefault(owner[host], []).append(host)
                owner.setdefault(host, f"{kind}.{name}")
            for whose, (first, *others) in taken.items():  # of networks hundreds at once
                more = f", and {len(others)} more" if others else ""
                yield Mistake(f"{kind}.{name}", f"{first} is an address of {whose} too{more}")


def _listeners(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """Each socket must be one kind of listener."""
    edge = parts["edge"]
    if edge is None:
        return
    used = {("udp", edge.internal): "internal", ("tcp", edge.internal): "internal"}
    for kind in ("devices", "trunks"):
        for one in getattr(edge, kind):
            socket = ("udp" if one.protocol == "udp" else "tcp", one.address)  # TLS is over TCP
            if socket in used:
                yield Mistake(f"edge.{kind}", f"{one} is a listener of edge.{used[socket]} too")
            used.setdefault(socket, kind)


def _probe(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """Kamailio's dispatcher and nathelper count in seconds."""
    edge = parts["edge"]
    for name in ("probe", "probe_devices"):
        if edge is not None and (every := getattr(edge, name)) % 1_000:
            yield Mistake(f"edge.{name}", f'expected whole seconds, got "{spelled(every)}"')
