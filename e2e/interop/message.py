"""Reads a message on standard input with Python's own `email` package, and prints what a person would see, as JSON."""

import email
import email.policy
import json
import sys


def seen(message: email.message.EmailMessage) -> dict:
    body = message.get_body(preferencelist=("plain",))
    return {
        "from": [address.addr_spec for address in message["from"].addresses],
        "to": [address.addr_spec for address in message["to"].addresses],
        "subject": message["subject"],
        "date": message["date"].datetime.isoformat(),
        "text": body.get_content(),
        "types": [part.get_content_type() for part in message.walk()],
        "defects": [str(defect) for part in message.walk() for defect in part.defects],
    }


if __name__ == "__main__":
    parsed = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
    json.dump(seen(parsed), sys.stdout)
