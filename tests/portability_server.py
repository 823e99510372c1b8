"""A name server with complete answers only over TCP, and an API with TLS, for tests/portability. Both are on the
loopback of a separate network. Exits at the end of its standard input."""

import http.server
import socket
import ssl
import struct
import sys
import threading


def answer(query, is_whole):
    """Returns 127.0.0.1 for every name. Over UDP the answer is truncated, so the client asks again over TCP."""
    end = query.index(b"\0", 12) + 5
    asks_for_ipv4 = query[end - 4 : end - 2] == b"\0\1"
    count = 1 if is_whole and asks_for_ipv4 else 0
    flags = 0x8180 if is_whole or not asks_for_ipv4 else 0x8380
    head = query[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1])
    return head + query[12:end] + record * count


def names_over_udp():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    ready.release()
    while True:
        query, sender = server.recvfrom(4096)
        server.sendto(answer(query, False), sender)


def names_over_tcp():
    server = socket.create_server(("127.0.0.1", 53))
    ready.release()
    while True:
        client, _ = server.accept()
        with client, client.makefile("rb") as stream:
            length = struct.unpack(">H", stream.read(2))[0]
            whole = answer(stream.read(length), True)
            client.sendall(struct.pack(">H", len(whole)) + whole)


class Api(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"success":true,"messageId":"over_tls"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ready = threading.Semaphore(0)
for serve in (names_over_udp, names_over_tcp):
    threading.Thread(target=serve, daemon=True).start()
    ready.acquire()
api = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Api)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
api.socket = context.wrap_socket(api.socket, server_side=True)
threading.Thread(target=api.serve_forever, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
