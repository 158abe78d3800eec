"""Why TLS with a site fails, in the words of whoever can mend it."""

from yarl import URL

from rpc_moodle.transport import errors

# What OpenSSL finds wrong with a certificate (``X509_V_ERR_…``), and says of an answer that is no TLS.
_SELF_SIGNED = frozenset({18, 19})
_NO_ISSUER = frozenset({2, 20, 21})
_EXPIRED = 10
_OTHER_NAME = frozenset({62, 64})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})


def distrust(error: Exception, url: URL) -> errors.Untrusted:
    """Say why TLS fails."""
    found = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    code = getattr(found, "verify_code", None)
    if code in _SELF_SIGNED:
        return errors.UnknownIssuer(f"The certificate of {url.host} is self-signed.")
    if code in _NO_ISSUER:
        return errors.UnknownIssuer(f"The certificate of {url.host} is of an authority that is not known here.")
    if code == _EXPIRED:
        return errors.Untrusted(f"The certificate of {url.host} has expired; the site has to renew it.")
    if code in _OTHER_NAME:
        return errors.Untrusted(f"The certificate of {url.host} is for another name; check the Moodle URL.")
    if getattr(found, "reason", None) in _NO_TLS:
        return errors.Untrusted(
            f"{url.host}:{url.port} answers plain HTTP, not HTTPS; if that is how the site is reached, write http:// "
            "before its URL."
        )
    return errors.Untrusted(f"TLS with {url.host} fails: the two do not agree on how to encrypt.")
