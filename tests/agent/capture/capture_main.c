/* An application of a board, as strict C99: captures what it was told and prints the result.
 * capture_main PATH ROW_SIZE ROWS STRIDE [LIMIT]: the buffer holds 0, 1, 2, ... */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define PLUMB_CAPTURE_INPUT_IMPLEMENTATION
#include "agent/capture/plumb_capture_input.h"

int main(int argc, char** argv) {
  static unsigned char buffer[65536];
  size_t i = 0;
  if (argc < 5) {
    return 2;
  }
  for (i = 0; i < sizeof buffer; ++i) {
    buffer[i] = (unsigned char)i;
  }
  if (argc > 5) { /* a full disk: no file may be larger */
    struct rlimit limit;
    limit.rlim_cur = limit.rlim_max = (rlim_t)strtoul(argv[5], NULL, 10);
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
      return 3;
    }
  }
  {
    const size_t row_size = strtoul(argv[2], NULL, 10);
    const size_t rows = strtoul(argv[3], NULL, 10);
    const size_t stride = strtoul(argv[4], NULL, 10);
    const int error = rows == 1 ? plumb_capture_input(argv[1], buffer, row_size)
                                : plumb_capture_input_rows(argv[1], buffer, row_size, rows, stride);
    printf("%s\n", error == 0 ? "ok" : strerror(error));
  }
  return 0;
}
