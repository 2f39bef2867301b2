// The heap of a process that takes in large streams.
#pragma once

namespace plumb::server {

// gRPC allocates the bytes of every message anew; by default the C library gives them back to the
// kernel after each, and gets them zeroed page by page again. This lets it keep them. Call at the
// top of main, before threads; costs at most some 30 MiB. Not for boards.
void TuneAllocator();

}  // namespace plumb::server
