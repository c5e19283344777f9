"""Sends mail with smtplib: send.py port ca ehlo settings recipient...

ca is the file to verify the server with. settings are words: tls, implicit,
plain, login (the password is "secret", the user the sender), big (20 MB), eight
(8-bit text). Prints the recipients that were refused as JSON.
"""

import json
import smtplib
import ssl
import sys

port, ca, name, settings, recipients = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4].split(","), sys.argv[5:]
sender = "smtplib@shop.example"
lines = [b"From: " + sender.encode(), b"Subject: by smtplib", b""]
lines += [b".", b"..", b".dot", b"a line.", b"", b"."]
options = []
if "eight" in settings:
    lines += ["Grüße aus Köln €".encode()]
    options = ["BODY=8BITMIME"]
if "big" in settings:
    lines += [b"%09d .....................................................................\xc3\xa9" % i for i in range(250_000)]
message = b"\r\n".join(lines) + b"\r\n"

if ca == "none":
    trusting = ssl._create_unverified_context()  # of whoever the backend is
else:
    trusting = ssl.create_default_context(cafile=ca)
if "implicit" in settings:
    client = smtplib.SMTP_SSL("127.0.0.1", port, local_hostname=name, timeout=60, context=trusting)
else:
    client = smtplib.SMTP("127.0.0.1", port, local_hostname=name, timeout=60)
client.ehlo()
if "tls" in settings:
    client.starttls(context=trusting)
    client.ehlo()
if "plain" in settings or "login" in settings:
    client.user, client.password = sender, "secret"
    if "plain" in settings:
        client.auth("PLAIN", client.auth_plain)
    else:
        client.auth("LOGIN", client.auth_login, initial_response_ok=False)
print(json.dumps(client.sendmail(sender, recipients, message, mail_options=options), default=repr))
client.quit()
