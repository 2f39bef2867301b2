"""STAND-IN: drives plumb-simulator through common/ring/protocol.h, the executor of this SDK."""
import mmap
import os
import socket
import struct
import subprocess

MAGIC, VERSION, SLOT_SIZE, SLOT_COUNT = 0x474E5250, 2, 256 * 1024, 4
(HELLO, HELLO_REPLY, LOAD, TENSOR, LOADED, CLEAR, CLEARED, FILL, FILLED, INVOKE, INVOKED, READ,
 READY, ERROR) = range(1, 15)
RECORD = struct.Struct("<4I10IIfqQQ4I256s")
TRANSFER = struct.Struct("<IIQII")


def text(raw):
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


class RingChild:
    def __init__(self, program, model):
        self.inputs, self.outputs = [], []
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory = os.memfd_create("stand-in")
        os.ftruncate(memory, SLOT_SIZE * SLOT_COUNT)
        self.ring = mmap.mmap(memory, SLOT_SIZE * SLOT_COUNT)
        self.socket = ours

        def descriptors():
            control, shared = os.dup(theirs.fileno()), os.dup(memory)
            os.dup2(control, 13)
            os.dup2(shared, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.child = subprocess.Popen([program], stdin=subprocess.DEVNULL, close_fds=False,
                                      preexec_fn=descriptors)
        theirs.close()
        os.close(memory)
        self.ask(HELLO, struct.pack("<4I", MAGIC, VERSION, SLOT_SIZE, SLOT_COUNT), HELLO_REPLY)
        self.send(LOAD, struct.pack("<4096s64s", os.fsencode(os.path.realpath(model)), b""))
        while True:
            kind, body = self.receive()
            if kind == LOADED:
                break
            self.add(RECORD.unpack(body))

    def add(self, r):
        record = {"format": r[2], "dims": list(r[4:4 + r[3]]), "stride": r[14], "scale": r[15],
                  "zero_point": r[16], "size": r[17], "name": text(r[-1])}
        (self.outputs if r[0] == 1 else self.inputs).append(record)

    def send(self, kind, body=b""):
        self.socket.send(struct.pack("<II", kind, len(body)) + body)

    def receive(self):
        message = self.socket.recv(8192)
        if len(message) < 8:
            raise RuntimeError("plumb-simulator ended")
        kind, body = struct.unpack("<II", message[:8])[0], message[8:]
        if kind == ERROR:
            raise RuntimeError(text(body[8:1032]))
        return kind, body

    def ask(self, kind, body, answer):
        self.send(kind, body)
        got, body = self.receive()
        if got != answer:
            raise RuntimeError("plumb-simulator answers %d, not %d" % (got, answer))
        return body

    def fill(self, index, data):
        data = data.ljust(self.inputs[index]["size"], b"\0")
        for offset in range(0, len(data), SLOT_SIZE):
            piece = data[offset:offset + SLOT_SIZE]
            self.ring[:len(piece)] = piece
            self.ask(FILL, TRANSFER.pack(index, 0, offset, len(piece), 0), FILLED)

    def invoke(self):
        self.ask(INVOKE, b"", INVOKED)

    def read(self, index):
        out = b""
        size = self.outputs[index]["size"]
        while len(out) < size:
            piece = min(SLOT_SIZE, size - len(out))
            self.ask(READ, TRANSFER.pack(index, 0, len(out), piece, 0), READY)
            out += self.ring[:piece]
        return out
