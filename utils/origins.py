"""What stands for a caller's address wherever something is counted by address."""

from ipaddress import IPv6Address, ip_address


def origin(remote: str | None) -> str:
    """Return what stands for an address: itself, or its first 64 bits of IPv6, since anyone has the others."""
    try:
        address = ip_address((remote or "").partition("%")[0])
    except ValueError:
        return remote or ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
