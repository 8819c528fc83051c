"""Parses every mail in maildirs, and says what is wrong with it. Usage: mail.py DIR [COUNT]"""

import email
import email.policy
import pathlib
import re
import sys

MOST_HTML = 80_000
ONCE = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id", "List-Unsubscribe", "MIME-Version"]
AROUND = ["multipart/mixed", "multipart/related"]
PNG = b"\x89PNG\r\n\x1a\n"


def raw_problems(raw):
    """Problems of the bytes themselves. Postfix stores a mail with bare line feeds, which are its line ends."""
    if b"\r" in raw.replace(b"\r\n", b""):
        yield "a bare CR"
    if b"\r\n" in raw and re.search(rb"(?<!\r)\n", raw):
        yield "a bare LF"
    if b"\0" in raw:
        yield "a zero byte"
    longest = max(len(line.rstrip(b"\r")) for line in raw.split(b"\n"))
    if longest > 998:
        yield f"a line of {longest} bytes"


def header_problems(message):
    for name in ONCE:
        values = message.get_all(name, [])
        if len(values) != 1:
            yield f"{len(values)} headers {name}"
            continue
        value = str(values[0])
        if not value.strip():
            yield f"the header {name} is empty"
        if "=?" in value or "\ufffd" in value:
            yield f"the header {name} does not decode: {value}"
        for defect in getattr(values[0], "defects", []):
            yield f"the header {name}: {defect!r}"
    for name, shape in [
        ("Message-ID", r"<[^<>@\s]+@[^<>@\s]+>"),
        ("Auto-Submitted", r"auto-generated"),
        ("List-Id", r"(.* )?<[^<>@\s]+>"),
        ("List-Unsubscribe", r"<(mailto|https):[^<>\s]+>(, *<(mailto|https):[^<>\s]+>)*"),
    ]:
        if not re.fullmatch(shape, " ".join(str(message[name]).split())):
            yield f"the header {name} is {message[name]}"
    if message["Date"] is not None and message["Date"].datetime is None:
        yield f"the header Date is {message['Date']}"


def alternative_of(message):
    """The multipart/alternative, and the problems around it."""
    part, problems = message, []
    while part.get_content_type() in AROUND:
        first, *others = part.iter_parts()
        for other in others:
            if other.get_content_type() == "text/csv" and not other.is_attachment():
                problems.append("a table is no attachment")
        part = first
    if part.get_content_type() != "multipart/alternative":
        return None, problems + [f"{part.get_content_type()} is not multipart/alternative"]
    return part, problems


def html_and_pictures(part):
    """The HTML part of an alternative, and what is related to it."""
    if part.get_content_type() == "multipart/related":
        first, *others = part.iter_parts()
        return first, others
    return part, []


def body_problems(message):
    alternative, problems = alternative_of(message)
    yield from problems
    if alternative is None:
        return
    parts = list(alternative.iter_parts())
    if len(parts) != 2 or parts[0].get_content_type() != "text/plain":
        yield f"the alternatives are {[part.get_content_type() for part in parts]}"
        return
    html, pictures = html_and_pictures(parts[1])
    if html.get_content_type() != "text/html":
        yield f"the second alternative is {html.get_content_type()}"
        return
    text, markup = parts[0].get_content(), html.get_content()
    if not text.strip():
        yield "the text is empty"
    if "<html" not in markup.lower() or "</html>" not in markup.lower():
        yield "the HTML is no document"
    if len(markup.encode()) > MOST_HTML:
        yield f"the HTML has {len(markup.encode())} bytes"
    if "\ufffd" in text + markup:
        yield "a part does not decode"
    pictures += [part for part in message.walk() if part.get_content_maintype() == "image" and part not in pictures]
    by_id = {str(part["Content-ID"]).strip().strip("<>"): part for part in pictures}
    wanted = set(re.findall(r"cid:([^\"'\s)>]+)", markup))
    for name in wanted - by_id.keys():
        yield f"cid:{name} has no part"
    for name in by_id.keys() - wanted:
        yield f"the part {name} is nowhere in the HTML"
    for name, part in by_id.items():
        if part.get_content_type() != "image/png" or not part.get_content().startswith(PNG):
            yield f"the part {name} is no PNG"
        if part.get_content_disposition() != "inline":
            yield f"the part {name} is {part.get_content_disposition()}, not inline"


def problems(path):
    raw = path.read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    yield from raw_problems(raw)
    yield from header_problems(message)
    yield from body_problems(message)
    for part in message.walk():
        for defect in part.defects:
            yield f"{part.get_content_type()}: {defect!r}"


def main(folder, expected=None):
    mails = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file() and path.parent.name in ("new", "cur"))
    wrong = [f"{path.name}: {problem}" for path in mails for problem in problems(path)]
    if expected is not None and len(mails) != int(expected):
        wrong.append(f"{len(mails)} mails arrived, not {expected}")
    ids = [email.message_from_bytes(path.read_bytes())["Message-ID"] for path in mails]
    if len(set(ids)) != len(ids):
        wrong.append("two mails have the same Message-ID")
    if not mails:
        wrong.append("there is no mail")
    print("\n".join(wrong) if wrong else f"read: {len(mails)} mails, with nothing wrong in them")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
