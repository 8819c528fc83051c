"""An EDGAR on loopback for one run: its feed lists the bundled filings as if they had been accepted just now. Prints its address.

Usage: edgar.py FOLDER"""

import datetime
import gzip
import http.server
import pathlib
import re
import sys
import zoneinfo

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
ENTRY = """<entry>
<title>4 - Somebody ({cik:010}) ({role})</title>
<link rel="alternate" type="text/html" href="https://www.sec.gov/Archives/edgar/data/{cik}/x/{accession}-index.htm"/>
<updated>{accepted}</updated>
<category scheme="https://www.sec.gov/" label="form type" term="4"/>
<id>urn:tag:sec.gov,2008:accession-number={accession}</id>
</entry>
"""


def filings(folder):
    """Accession → when it was accepted, its issuer, and its text, newest first."""
    now = datetime.datetime.now(NEW_YORK).replace(microsecond=0)
    found = []
    for number, path in enumerate(sorted(pathlib.Path(folder).glob("*.txt"), reverse=True)):
        text = path.read_text("latin-1")
        issuer = re.search(r"<issuerCik>0*(\d+)", text)
        if issuer is None or "CONFORMED SUBMISSION TYPE:\t4\n" not in text:
            continue
        accepted = now - datetime.timedelta(seconds=10 + number)
        accession = re.sub(r"-\d\d-", f"-{accepted:%y}-", path.stem)
        text = re.sub(r"(?m)^<ACCEPTANCE-DATETIME>\d+", f"<ACCEPTANCE-DATETIME>{accepted:%Y%m%d%H%M%S}", text)
        found.append((accession, accepted, int(issuer[1]), text.replace(path.stem, accession)))
    return found


class Edgar(http.server.BaseHTTPRequestHandler):
    filings = []

    def do_GET(self):
        if "browse-edgar" in self.path:
            start = int(re.search(r"start=(\d+)", self.path)[1])
            entries = [ENTRY.format(cik=issuer, role="Issuer", accession=accession, accepted=accepted.isoformat())
                       for accession, accepted, issuer, _ in self.filings]
            head = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
            return self.answer(200, head + "".join(entries[start:start + 100]) + "</feed>\n")
        for accession, _, _, text in self.filings:
            if self.path.endswith(f"/{accession}.txt"):
                return self.answer(200, text)
        return self.answer(404, "<html>not here</html>")

    def answer(self, status, text):
        body = gzip.compress(text.encode("latin-1"))
        self.send_response(status)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Edgar.filings = filings(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Edgar)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
