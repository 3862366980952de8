"""What of a site Asterisk's own configuration must hold: addresses, zones, the pager's AMI user.

Each zone is an exact extension: a pattern takes `8000&PJSIP/somebody` too, and FILTER() makes
another number of it (measured). The fallback's lists are here because a dialplan that cannot ask
the pager can ask nobody.
"""

from hashlib import blake2s
from ipaddress import ip_address

from bellhop.answering import COMMON, DIALECTS
from bellhop.callers import DEVICE_HOST, TRUNK_HOST
from bellhop.devices import Device
from bellhop.settings import Site
from bellhop.targets import Outside, Target, dialled
from bellhop.zones import Zone, hint, members

_HEAD = "; Written by `bellhop render asterisk` from {}; do not edit.\n"

# What the pager listens to. A page of 200 makes some 1,800 events; it needs a quarter of them.
_EVENTS = (
    "FullyBooted",
    "Shutdown",
    "Newchannel",
    "OriginateResponse",
    "ConfbridgeJoin",
    "ConfbridgeLeave",
    "ConfbridgeEnd",
    "ConfbridgeMute",
    "ConfbridgeUnmute",
    "Hold",
    "Unhold",
    "UserEvent",
    "HangupRequest",  # has the SIP code and cause of a device that refuses
    "Hangup",
)

# What Asterisk makes of each step of each member, and the pager does not listen to. A filter keeps
# it from the pager alone: it has been put together by then, and each session woken for it.
_NOBODYS = (
    *("Newexten", "VarSet", "Newstate", "NewCallerid", "NewConnectedLine", "NewAccountCode"),
    *("DialBegin", "DialState", "DialEnd", "DeviceStateChange", "RTCPSent", "RTCPReceived"),
    *("BridgeCreate", "BridgeDestroy", "BridgeEnter", "BridgeLeave", "LocalBridge"),
    *("SoftHangupRequest", "HangupHandlerPush", "HangupHandlerRun", "HangupHandlerPop"),
)


def asterisk_files(site: Site) -> dict[str, str]:
    """Return file names and texts, for the folder that bellhop/*.conf include as bellhop/site/."""
    head = _HEAD.format(site.path.name)
    found = {name: head + text for name, text in _files(site).items()}
    found["extensions.conf"] += f"\n[globals](+)\nBELLHOP_SITE = {digest(site)}\n"
    return found


def digest(site: Site) -> str:
    """Return what tells these files from those of another site, or of a Bellhop that writes others.
    They have it, and Asterisk tells it whenever it asks the pager (agi/dialplan.py).
    """
    texts = "\0".join(_files(site).values())
    return blake2s(texts.encode(), digest_size=6).hexdigest()


def _files(site: Site) -> dict[str, str]:
    return {
        "pjsip.conf": _pjsip(site),
        "extensions.conf": _extensions(site),
        "manager.conf": _manager(site),
        "manager_listen.conf": _manager_listen(site),
        "manager_events.conf": f"disabledevents = {','.join(_NOBODYS)}\n",
    }


def _pjsip(site: Site) -> str:
    lines = [
        "[bellhop-transport]",
        "type = transport",
        "protocol = udp",
        f"bind = {site.pbx.address}",
        *([f"external_media_address = {site.pbx.media}"] if site.pbx.media else []),
        "",
        "[bellhop-media](!)",
        *_media(site.pbx.media),
        "",
        "[bellhop-edge]",
        "type = aor",
        f"contact = sip:{site.edge.internal}",
        "",
        "[bellhop-edge]",
        "type = identify",
        "endpoint = bellhop-edge",
        f"match = {site.edge.internal.host}",
    ]
    return "\n".join(lines) + "\n"


def _media(address: str) -> list[str]:
    """Audio is bound to this address; without the second line, to the SIP transport's. What the SDP
    names is the transport's external_media_address: media_address alone is written over with the
    SIP address when it is this machine's first one (measured, 22.10: the leader's voice went there,
    and reached nobody).
    """
    if not address:
        return []
    return [f"media_address = {address}", "bind_rtp_to_media_address = yes"]


def _manager(site: Site) -> str:
    """Least rights: with `system` too, Originate would run programs on this host. An event is let
    through by its name: a filter without one is a regular expression that each event's whole text
    is searched for, in the thread that takes our actions too (measured, 22.10: with 50 members the
    last word of their joining came 0.3 s after the fact, on a busy machine).
    """
    # Who asks an AMI on the loopback comes from there.
    near = ip_address(site.pager.ami.host).is_loopback
    asks = site.pager.ami.host if near else site.pager.agi.host
    lines = [
        f"[{site.pager.ami_user}]",
        "#include bellhop/site/ami_secret.conf",
        "deny = 0.0.0.0/0.0.0.0",
        "deny = ::/0",  # the other denies nobody of IPv6 (measured, 22.10)
        f"permit = {asks}",
        "read = call,user,system",
        "write = call,originate,reporting,user",
        "writetimeout = 1000",
        *(f"eventfilter(name({event}),method(none)) =" for event in _EVENTS),
    ]
    return "\n".join(lines) + "\n"


def _manager_listen(site: Site) -> str:
    """For the [general] of a manager.conf of ours: AMI is not heard on the devices' network."""
    return f"bindaddr = {site.pager.ami.host}\nport = {site.pager.ami.port}\n"


def _extensions(site: Site) -> str:
    lines = ["[globals](+)", f"BELLHOP_AGI = {site.pager.agi}", "", "[bellhop-in]"]
    for zone in site.zones.values():
        lines += [
            f"exten => {zone.number},1,Set(BELLHOP_ZONE={zone.number})",
            " same => n,Goto(bellhop-page,s,1)",
            f"exten => {zone.number},hint,{hint(zone.number)}",
        ]
    for code in site.features.codes.values():
        # Whose number follows is the pager's question, which takes no other characters.
        # "!", not ".", which wants one more: a number may have a single digit.
        lines += [f"exten => _{code}X!,1,Set(BELLHOP_SAID_CODE=${{EXTEN}})"]
        lines += [" same => n,Goto(bellhop-feature,s,1)"]
    lines += ["", "[bellhop-headers]"]
    for dialect, headers in DIALECTS.items():
        escaped = ((name, value.replace(";", r"\;")) for name, value in headers)
        first, *rest = [*(f"Set(PJSIP_HEADER(add,{n})={v})" for n, v in escaped), "Return()"]
        lines += [f"exten => {dialect},1,{first}", *(f" same => n,{step}" for step in rest)]
    lines += ["", "[bellhop-fallback]"]
    for zone in site.zones.values():
        lines += _fallback(site, zone)
    return "\n".join(lines) + "\n"


def _fallback(site: Site, zone: Zone) -> list[str]:
    """Page the zone without the pager: the same callers, the same members, no report."""
    # Who may call outside is not asked here, so nobody does.
    found = members(zone, site.zones, site.devices, None, site.numbering)
    ringable = [member for member in found if not isinstance(member, Outside)]
    # A PIN can be asked for by the pager alone: it has the hashes, and counts the wrong ones.
    if not zone.fallback or zone.pin_file or not ringable:
        return [f"exten => {zone.number},1,Hangup(41)"]
    seconds = zone.max_length // 1000
    lines = [f"exten => {zone.number},1,Set(BELLHOP_ROOM=fallback-${{UNIQUEID}})"]
    lines += [
        f' same => n,GotoIf($["${{BELLHOP_CALLER}}" = "{identity}"]?go)'
        for identity in _identities(site, zone)
    ]
    lines += [
        f' same => n,ExecIf($[${{REGEX("^{pattern}$" ${{BELLHOP_CALLER}})}}]?Goto(go))'
        for pattern in _identity_patterns(site, zone)
    ]
    lines += [
        " same => n,Hangup(21)",
        f" same => n(go),MSet(TIMEOUT(absolute)={seconds},BELLHOP_MAX={seconds})",
    ]
    ring = zone.ring_timeout // 1000
    longest = seconds + ring + 2  # from when it is rung; its leader's end is its own
    for place, device in enumerate(ringable):
        # The caller's own device is a member too: he would hear himself.
        skip = f'$["${{BELLHOP_CALLER}}" = "<sip:{device.number}@{DEVICE_HOST}>"]'
        originate = (
            f"Originate({dialled(device)},exten,bellhop-member,s,1,{ring},"
            f"a{_predial(device)}"
            "v(BELLHOP_ROOM=${BELLHOP_ROOM}^BELLHOP_LEADER=${UNIQUEID}"
            # By these a pager knows whom to leave alone, or to take over (ami/strangers.py).
            f"^BELLHOP_MEMBER={device.number}^BELLHOP_MAX={longest}"
            f"^TIMEOUT(absolute)={longest})"
            # Else it is anonymous, and many a device takes no such call.
            f"c({zone.number})n({zone.display}))"
        )
        lines += [f" same => n,GotoIf({skip}?not-{place})", f" same => n,{originate}"]
        lines.append(f" same => n(not-{place}),NoOp()")
    # He waits a second longer than they ring.
    lines.append(f" same => n,Set(BELLHOP_TURNS={10 * ring + 10})")
    lines.append(" same => n,Goto(bellhop-leader,hope,1)")
    return lines


def _predial(member: Target) -> str:
    """Return the option of Originate() that sets a device's headers."""
    if not isinstance(member, Device):
        return ""
    return f"b(bellhop-headers^{member.dialect or COMMON}^1)"


def _identities(site: Site, zone: Zone) -> list[str]:
    """Return the identities that may page the zone and can be compared whole."""
    devices = zone.callers or [d.number for d in site.devices.values() if "zones" in d.may]
    found = [f"<sip:{d}@{DEVICE_HOST}>" for d in devices if not d.startswith("trunk:")]
    for caller in zone.callers:
        if caller.startswith("trunk:") and caller.count(":") == 2:
            _, trunk, number = caller.split(":")
            found.append(f"<sip:{number}@{trunk}.{TRUNK_HOST}>")
    return found


def _identity_patterns(site: Site, zone: Zone) -> list[str]:
    """Return patterns for whole trunks: any number behind them, or none."""
    if zone.callers:
        trunks = [c.split(":")[1] for c in zone.callers if c.count(":") == 1]
    else:
        trunks = [t.name for t in site.trunks.values() if "zones" in t.may]
    host = TRUNK_HOST.replace(".", "[.]")
    return [f"<sip:([0-9]+@)?{trunk}[.]{host}>" for trunk in trunks]
