/* Terminals: pseudo-terminals of containers (pts(4)), and the one that somebody sits at (termios(3)). */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* openat2(2) with RESOLVE_IN_ROOT: path is looked up as if directory were the root; no link leads out of it, and links
 * of /proc lead nowhere. Returns an owned, close-on-exec descriptor. */
int32_t clinux_open_file_in_root(int32_t directory, const char *path, int32_t flags);
/* The same, O_PATH: nothing is opened but the name. */
int32_t clinux_find_in_root(int32_t directory, const char *path);
/* Whether fd, O_PATH or not, is the multiplexer (ptmx) of a devpts of its own, not the host's: 1 or 0. */
int32_t clinux_is_foreign_ptmx(int32_t fd);
/* Makes a pseudo-terminal of the devpts that ptmx, an O_PATH descriptor, belongs to: ends[0] its master, ends[1] its
 * slave (TIOCGPTPEER, Linux 4.13), both owned by the caller, and neither becomes a controlling terminal. */
int32_t clinux_pty_open(int32_t ptmx, int32_t ends[2]);
int32_t clinux_terminal_size(int32_t fd, uint16_t *rows, uint16_t *columns);
int32_t clinux_terminal_resize(int32_t fd, uint16_t rows, uint16_t columns);

/* Room for a struct termios. */
struct clinux_terminal_mode { uint64_t words[16]; };
/* Every key goes through as it is (cfmakeraw(3)); *before is for clinux_terminal_restore. -ENOTTY. */
int32_t clinux_terminal_raw(int32_t fd, struct clinux_terminal_mode *before);
int32_t clinux_terminal_restore(int32_t fd, const struct clinux_terminal_mode *mode);

/* From now on each of these signals that is not ignored is a byte, its number, in a pipe whose reading end is returned; owned. Once per
 * process, whose threads all share it. */
int32_t clinux_catch_signals(const int32_t *signals, uint32_t count);
