/* One call that writes the input an application really feeds to the network, for
 * `plumb input explain PC.bin BOARD.bin`. C99 and C++, this file alone, nothing to link.
 *
 *   #define PLUMB_CAPTURE_INPUT_IMPLEMENTATION    in one .c file
 *   #include "plumb_capture_input.h"
 *   ...
 *   // right before MI_IPU_Invoke: the buffer as the chip reads it, padding included
 *   plumb_capture_input("/tmp/input0.bin", vector.astArrayTensors[0].ptTensorData[0],
 *                       desc.astMI_InputTensorDescs[0].s32AlignedBufSize);
 *
 * The file appears whole or not at all: it is written under another name beside `path`, synced and
 * renamed, so that a copy taken at any moment is of one frame. Call it for one frame, not for every
 * one: it waits for the disk. Flush the buffer's cache first (MI_SYS_FlushInvCache), as before
 * MI_IPU_Invoke, or the file shows what the CPU wrote and the chip sees something else.
 *
 * Not thread-safe for the same path. Returns 0 or an errno value; EINVAL for arguments that cannot
 * be.
 */
#ifndef PLUMB_CAPTURE_INPUT_H
#define PLUMB_CAPTURE_INPUT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `size` bytes at `data`. */
int plumb_capture_input(const char* path, const void* data, size_t size);

/* `rows` rows of `row_size` bytes each, `stride` bytes from one to the next; what lies between them
 * is left out. For a picture plane whose buffer is wider than the network's input. */
int plumb_capture_input_rows(
    const char* path, const void* data, size_t row_size, size_t rows, size_t stride);

#ifdef __cplusplus
}
#endif

#endif /* PLUMB_CAPTURE_INPUT_H */

#if defined(PLUMB_CAPTURE_INPUT_IMPLEMENTATION) && !defined(PLUMB_CAPTURE_INPUT_IMPLEMENTED)
#define PLUMB_CAPTURE_INPUT_IMPLEMENTED

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int plumb_capture_write(int fd, const unsigned char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return written < 0 ? errno : EIO;
    }
    data += written;
    size -= (size_t)written;
  }
  return 0;
}

static int plumb_capture_write_rows(
    int fd, const unsigned char* data, size_t row_size, size_t rows, size_t stride) {
  size_t row = 0;
  int error = 0;
  for (row = 0; row < rows && error == 0; ++row) {
    error = plumb_capture_write(fd, data + row * stride, row_size);
  }
  return error;
}

/* A rename outlives a power cut only when its folder is synced. */
static int plumb_capture_sync_folder(const char* path) {
  char folder[4096];
  const char* slash = strrchr(path, '/');
  const size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
  int fd = -1;
  int error = 0;
  memcpy(folder, slash == NULL ? "." : path, length);
  folder[length] = '\0';
  fd = open(folder, O_RDONLY | O_DIRECTORY);
  if (fd < 0) {
    return errno;
  }
  /* Some file systems of boards cannot sync a folder and say EINVAL: the file itself is there. */
  error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
  close(fd);
  return error;
}

int plumb_capture_input_rows(
    const char* path, const void* data, size_t row_size, size_t rows, size_t stride) {
  char temporary[4096];
  int fd = -1;
  int error = 0;
  if (path == NULL || path[0] == '\0' || strlen(path) > sizeof temporary - 16 ||
      (data == NULL && row_size > 0 && rows > 0) || (rows > 1 && stride < row_size) ||
      (rows > 1 && stride > SIZE_MAX / rows)) {
    return EINVAL;
  }
  (void)snprintf(temporary, sizeof temporary, "%s.%ld.part", path, (long)getpid());
  fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
  if (fd < 0) {
    return errno;
  }
  error = plumb_capture_write_rows(fd, (const unsigned char*)data, row_size, rows, stride);
  if (error == 0 && fsync(fd) != 0) {
    error = errno;
  }
  if (close(fd) != 0 && error == 0) {
    error = errno;
  }
  if (error == 0 && rename(temporary, path) != 0) {
    error = errno;
  }
  if (error != 0) {
    (void)unlink(temporary);
    return error;
  }
  return plumb_capture_sync_folder(path);
}

int plumb_capture_input(const char* path, const void* data, size_t size) {
  return plumb_capture_input_rows(path, data, size, 1, size);
}

#endif /* PLUMB_CAPTURE_INPUT_IMPLEMENTATION */
