// One message of the ring protocol to or from a SOCK_SEQPACKET socket. C++14.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/ring/protocol.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace ring {

// Sends header and body as one message. False with errno set when the other side is gone.
bool SendMessage(int socket, MessageType type, const void* body, size_t body_size);

template <class Body>
bool SendMessage(int socket, MessageType type, const Body& body) {
  return SendMessage(socket, type, &body, sizeof body);
}

enum class ReceiveResult { kMessage, kNothing, kClosed, kMalformed };

// A message as it came; its header is known to agree with its length, nothing else.
class Message {
 public:
  // Blocks unless `dont_wait`; kNothing when nothing is there.
  ReceiveResult Receive(int socket, bool dont_wait);

  MessageType type() const { return type_; }

  // Copies the body when it has exactly the size of Body; false otherwise.
  template <class Body>
  bool Read(Body* body) const {
    return ReadBody(body, sizeof *body);
  }

  bool empty() const { return body_size_ == 0; }

 private:
  bool ReadBody(void* body, size_t size) const;

  alignas(8) unsigned char bytes_[kMaxMessage];
  MessageType type_ = MessageType::kError;
  size_t body_size_ = 0;
};

// Text in a fixed field: cut to fit and always closed with NUL.
void WriteText(char* field, size_t field_size, const std::string& text);
// The text up to NUL or the end of the field.
std::string ReadText(const char* field, size_t field_size);

}  // namespace ring
}  // namespace plumb
