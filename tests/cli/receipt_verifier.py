"""A second verifier of receipts, written from docs/evidence.md alone: Python's standard library and the openssl command.

    receipt_verifier.py RECEIPT PUBLIC-KEY [subject|record ID]

Raises or exits with 1 where anything is not as it should be. Shares no line with the program that writes receipts.
"""

import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile

TITLE = "c2sp.org/tlog-proof@v1"
DASH = "\u2014 "
ENTRY_TITLE = "hedgerow log entry v1"
SPKI = bytes.fromhex("302a300506032b6570032100")  # what stands before an Ed25519 key in a PEM file


class Wrong(Exception):
    """The receipt does not prove what it should."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong(f"base64: {error}") from error
    need(base64.b64encode(data).decode() == text, "base64 that nobody would write")
    return data


def decode(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong("UTF-8") from error


def unhex(text):
    need(re.fullmatch("[0-9a-f]{64}", text), "a hash in hexadecimal")
    return bytes.fromhex(text)


def number(text):
    need(re.fullmatch("0|[1-9][0-9]{0,19}", text), "a number")
    return int(text)


def sha256(data):
    return hashlib.sha256(data).digest()


def inclusion_root(leaf, index, size, path):
    """RFC 6962, section 2.1.1, from the leaf upwards."""
    need(index < size, "the index is beyond the log")
    path = list(path)

    def climb(index, size):
        if size == 1:
            return leaf
        split = 1 << ((size - 1).bit_length() - 1)
        if index < split:
            below = climb(index, split)
            need(path, "the proof is too short")
            return sha256(b"\1" + below + path.pop(0))
        below = climb(index - split, size - split)
        need(path, "the proof is too short")
        return sha256(b"\1" + path.pop(0) + below)

    root = climb(index, size)
    need(not path, "the proof is too long")
    return root


def verify_ed25519(public_key, message, signature):
    pem = "-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(SPKI + public_key).decode() + "\n-----END PUBLIC KEY-----\n"
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        for name, data in (("key", pem.encode()), ("message", message), ("signature", signature)):
            names[name] = os.path.join(folder, name)
            with open(names[name], "wb") as file:
                file.write(data)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", names["key"], "-rawin", "-in",
                               names["message"], "-sigfile", names["signature"]], capture_output=True, check=False)
    need(done.returncode == 0, "the signature")


def parse_key(text):
    name, key_id, data = text.strip().split("+", 2)
    data = unbase64(data)
    need(len(data) == 33 and data[0] == 1, "the public key's type")
    need(sha256(name.encode() + b"\n" + data)[:4].hex() == key_id, "the public key's id")
    return name, bytes.fromhex(key_id), data[1:]


def check_note(note, key):
    """The checkpoint's size and root hash. Its signature is checked last, as that takes longest."""
    name, key_id, public_key = key
    need(note.endswith("\n") and "\n\n" in note, "the checkpoint's form")
    text, signatures = note.rsplit("\n\n", 1)
    lines = (text + "\n").split("\n")
    need(len(lines) == 4 and lines[3] == "" and lines[0] == name, "the checkpoint's lines")
    size, root = number(lines[1]), unbase64(lines[2])
    need(len(root) == 32, "the checkpoint's hash")
    found = []
    for line in signatures[:-1].split("\n"):
        need(line.startswith(DASH) and line.count(" ") == 2, "a signature's form")
        signer, data = line[2:].split(" ")
        data = unbase64(data)
        if signer == name and data[:4] == key_id:
            found.append(data[4:])
    need(found, "nobody who is known has signed")
    return size, root, lambda: [verify_ed25519(public_key, (text + "\n").encode(), one) for one in found]


def parse_entry(text):
    lines = text.split("\n")
    need(lines[0] == ENTRY_TITLE and lines[-1] == "", "the entry's form")
    fields = {}
    for line in lines[1:-1]:
        name, _, value = line.partition(" ")
        need(name and value and name not in fields, "a line of the entry")
        fields[name] = value
    return fields


def check_opening(text, subjects, identity):
    lines = text.split("\n")
    need(len(lines) >= 5 and lines[-1] == "", "the opening's form")
    names, nonce, pseudonym, position = (line.partition(" ") for line in lines[:4])
    need([names[0], nonce[0], pseudonym[0], position[0]] == ["names", "nonce", "pseudonym", "position"], "the opening")
    kind = names[2]
    need(kind in ("subject", "record"), "what is named")
    nonce, pseudonym = unhex(nonce[2]), unhex(pseudonym[2])
    place, _, count = position[2].partition(" of ")
    path = []
    for line in lines[4:-1]:
        need(line.startswith("path "), "the opening's path")
        path.append(unhex(line[5:]))
    leaf = hashlib.blake2b(b"hedgerow opening v1" + nonce + pseudonym, digest_size=32).digest()
    need(inclusion_root(sha256(b"\0" + leaf), number(place), number(count), path) == unhex(subjects), "the commitment")
    if identity is not None:
        need(identity[0] == kind, "it names something else")
        data = b"hedgerow subject v1" + kind[0].encode() + nonce + identity[1].encode()
        need(hashlib.blake2b(data, digest_size=32).digest() == pseudonym, "it names somebody else")


def verify(receipt, key_text, identity=None):
    """The fields of the entry that the receipt proves. `identity`: ("subject" or "record", id)."""
    text = decode(receipt)
    need(not re.search(r"[\0-\x09\x0b-\x1f]", text), "control characters")
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    need(len(lines) >= 3 and lines[0] == TITLE, "the title")
    need(lines[1].startswith("extra ") and lines[2].startswith("index "), "the first lines")
    extra = decode(unbase64(lines[1][6:]))
    entry_text, _, opening = extra.partition("\n\n")
    entry_text = entry_text + "\n" if opening else entry_text
    path = [unbase64(line) for line in lines[3:]]
    need(all(len(one) == 32 for one in path), "a hash of the proof")
    size, root, check_signature = check_note(note, parse_key(key_text))
    leaf = sha256(b"\0" + entry_text.encode())
    need(inclusion_root(leaf, number(lines[2][6:]), size, path) == root, "the entry is not in the log")
    fields = parse_entry(entry_text)
    if opening:
        need("subjects" in fields, "an opening of nothing")
        check_opening(opening, fields["subjects"], identity)
    else:
        need(identity is None, "there is no opening")
    check_signature()
    return fields


def verify_all(receipts, key_text, identity=None):
    """The same of a bundle: the fields of each part's entry, in their order. The last one names whom all of them name."""
    title = TITLE.encode() + b"\n"
    parts = [title + part for part in (b"\n" + receipts).split(b"\n" + title)[1:]]
    need(receipts.startswith(title), "the title")
    parts = [part + b"\n" for part in parts[:-1]] + parts[-1:]
    entries = [verify(part, key_text, identity if i == len(parts) - 1 else None) for i, part in enumerate(parts)]
    for before, entry in zip(entries, entries[1:]):
        need(all(before.get(name) == entry.get(name) for name in ("type", "request", "kind", "ground", "role")),
             "parts of different requests")
        need(entry["type"] == "update" and number(before["sequence"]) < number(entry["sequence"]), "the order of the parts")
    return entries


def main():
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        receipt = file.read()
    try:
        parts = verify_all(receipt, sys.argv[2], tuple(sys.argv[3:5]) or None)
    except Wrong as wrong:
        sys.exit(f"wrong: {wrong}")
    for fields in parts:
        print(f"right: {fields['type']} {fields.get('stage', '')}")


if __name__ == "__main__":
    main()
