import pytest
from pydantic import SecretStr

from rpc_moodle.moopanel.secrets import is_secret, without_secrets

KEY = SecretStr("0123456789abcdef")


@pytest.mark.parametrize(
    "name",
    [
        "password", "smtppass", "PROXYPASSWORD", "apikey", "api_key", "API-KEY", "clientsecret", "secret", "wstoken",
        "recaptchaprivatekey", "private_key", "accesskey", "credentials", "passwordsaltmain", "siteidentity_key", "key",
        "db_pwd", "passphrase",
    ],
)  # fmt: skip
def test_the_name_of_a_secret_is_known(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["username", "key_expiration_date", "keyboard", "version", "moopanelurl", "monkeys", "passinggrade", "md5"]
)
def test_another_name_is_none(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see 0123456789abcdef there", "see *** there"),
        ("$2y$10$Q1w2e3r4t5y6u7i8o9p0a.bcdefghijklmnopqrstuvwxyz01234 x", "*** x"),
        ("$6$rounds=10000$salt$abcdefgh/ijkl.", "***"),
        ("$argon2id$v=19$m=65536,t=4,p=1$c2FsdA$aGFzaA", "***"),
        ('Adhoc task custom data: {"password":"x"}\nDone.', "Adhoc task custom data: ***\nDone."),
        ("it costs $20 and 5$", "it costs $20 and 5$"),
    ],
)
def test_a_secret_in_a_text_is_hidden(text: str, left: str) -> None:
    assert without_secrets({"a": [text]}, KEY) == {"a": [left]}


def test_what_is_no_text_stays() -> None:
    assert without_secrets([1, None, True, 2.5], KEY) == [1, None, True, 2.5]
