"""Ask the ssh agent at SSH_AUTH_SOCK for its keys; the comment of the first (draft-ietf-sshm-ssh-agent, 3.5)."""

import _socket  # the image has no more of the socket module
import os
import struct
import sys

REQUEST_IDENTITIES, IDENTITIES_ANSWER = 11, 12

agent = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
agent.connect(os.environ["SSH_AUTH_SOCK"])
agent.send(struct.pack(">IB", 1, REQUEST_IDENTITIES))
answer = b""
while len(answer) < 4 or len(answer) < 4 + struct.unpack_from(">I", answer)[0]:
    piece = agent.recv(4096)
    if not piece:
        sys.exit("the agent has hung up")
    answer += piece
_, kind, _count, size = struct.unpack_from(">IBII", answer)
assert kind == IDENTITIES_ANSWER
(length,) = struct.unpack_from(">I", answer, 13 + size)
print(answer[17 + size : 17 + size + length].decode())
