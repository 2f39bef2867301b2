#include "common/ring/message_io.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace plumb {
namespace ring {

bool SendMessage(int socket, MessageType type, const void* body, size_t body_size) {
  Header header = {type, static_cast<uint32_t>(body_size)};
  iovec parts[2];
  parts[0].iov_base = &header;
  parts[0].iov_len = sizeof header;
  parts[1].iov_base = const_cast<void*>(body);
  parts[1].iov_len = body_size;
  msghdr message;
  std::memset(&message, 0, sizeof message);
  message.msg_iov = parts;
  message.msg_iovlen = body_size == 0 ? 1 : 2;
  for (;;) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      return static_cast<size_t>(sent) == sizeof header + body_size;
    }
    if (errno != EINTR) {
      return false;
    }
  }
}

ReceiveResult Message::Receive(int socket, bool dont_wait) {
  // MSG_TRUNC makes recv tell the whole length of a message that is too long for us.
  const int flags = MSG_TRUNC | (dont_wait ? MSG_DONTWAIT : 0);
  ssize_t got = 0;
  do {
    got = ::recv(socket, bytes_, sizeof bytes_, flags);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return errno == EAGAIN || errno == EWOULDBLOCK ? ReceiveResult::kNothing
                                                   : ReceiveResult::kClosed;
  }
  if (got == 0) {
    return ReceiveResult::kClosed;
  }
  Header header;
  if (static_cast<size_t>(got) < sizeof header || static_cast<size_t>(got) > sizeof bytes_) {
    return ReceiveResult::kMalformed;
  }
  std::memcpy(&header, bytes_, sizeof header);
  body_size_ = static_cast<size_t>(got) - sizeof header;
  type_ = header.type;
  return header.body_size == body_size_ ? ReceiveResult::kMessage : ReceiveResult::kMalformed;
}

bool Message::ReadBody(void* body, size_t size) const {
  if (size != body_size_) {
    return false;
  }
  std::memcpy(body, bytes_ + sizeof(Header), size);
  return true;
}

void WriteText(char* field, size_t field_size, const std::string& text) {
  const size_t size = std::min(text.size(), field_size - 1);
  std::memset(field, 0, field_size);
  text.copy(field, size);
}

std::string ReadText(const char* field, size_t field_size) {
  return {field, ::strnlen(field, field_size)};
}

}  // namespace ring
}  // namespace plumb
