"""Certificate authorities as MySQL makes them: each server its own, and all of one name."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

# Two that are good for a hundred years, for who needs no server of theirs.
PEM = """\
-----BEGIN CERTIFICATE-----
MIIBcDCCARegAwIBAgIUSL9CUcoXxkugXyQcDKzAMlpYgHEwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI3MTIzNDM0WhgPMjEyNjExMDMxMjM0MzRa
MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWNe5opl9
itjM7ZK+851ze5kvWXsh6jkZgxaEWaJ8oAJMwcaUw/FpevUt+Ch6ETPJp31VWyAj
cklGL3gJNEwafaNTMFEwHQYDVR0OBBYEFP4R7gT44VN+uUCNUgmszDQvZtusMB8G
A1UdIwQYMBaAFP4R7gT44VN+uUCNUgmszDQvZtusMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgNQdMnN6Yle/kdixhz1aiyg7oJBdZmKdNGEsr60v+
d04CIChGqjbRnRELN7PCJBmSHw5bP2mXFSh/7y+Dom7nFbmP
-----END CERTIFICATE-----
"""
OTHER_PEM = """\
-----BEGIN CERTIFICATE-----
MIIBcDCCARegAwIBAgIUS6WImIR7aib5ffCwnsrQGfJqyd0wCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI3MTIzNDM0WhgPMjEyNjExMDMxMjM0MzRa
MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7zAqCFIA
TgP4UcivxDAFi15TE/z7/NYovmnbSTlearSOtGqXv360tVdx2bQw+VvDWMvDmULj
vtPYI8b4GTlJQKNTMFEwHQYDVR0OBBYEFId2wDChnGHzNEose8Ap+8Jw4Ax8MB8G
A1UdIwQYMBaAFId2wDChnGHzNEose8Ap+8Jw4Ax8MA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgL3m4zv1U60NCUmxTyk0Mfb69JDySDXjmDwxMnbZs
RD4CIFXQAgUDpeP//jAuP2IwHoz+B+0LKAX9yxKn/qk0BJmV
-----END CERTIFICATE-----
"""
NAME = "MySQL_Server_9.7.4_Auto_Generated_{}_Certificate"


@dataclass(frozen=True)
class Authority:
    """One CA, as PEM, and the file with the certificate and key of a server of its."""

    pem: str
    server: Path


def authority(folder: Path) -> Authority:
    """A new one; its server's file lies in the folder."""
    its_key, its_name = _key(), _name("CA")
    its = _certificate(its_name, its_key, its_name, its_key, is_authority=True)
    key = _key()
    server = _certificate(_name("Server"), key, its_name, its_key, is_authority=False)
    file = folder / f"{server.fingerprint(hashes.SHA256()).hex()}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(server.public_bytes(serialization.Encoding.PEM) + private)
    return Authority(its.public_bytes(serialization.Encoding.PEM).decode(), file)


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(whose: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME.format(whose))])


def _certificate(
    subject: x509.Name, key: rsa.RSAPrivateKey, issuer: x509.Name, by: rsa.RSAPrivateKey, *, is_authority: bool
) -> x509.Certificate:
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(1 if is_authority else 2).not_valid_before(now - day).not_valid_after(now + day)
    made = made.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    return made.sign(by, hashes.SHA256())
