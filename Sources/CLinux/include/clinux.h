/* System calls that Swift's Glibc module hides or cannot call. One header per area; this one includes them all.
 *
 * Convention: every function returns 0 (or a value >= 0) on success and -errno on failure, sets no state of its own,
 * is thread-safe, and takes no ownership of descriptors or memory unless its comment says so. */
#pragma once
#include "clinux_container.h"
#include "clinux_bpf.h"
#include "clinux_fd.h"
#include "clinux_host.h"
#include "clinux_net.h"
#include "clinux_thread.h"
#include "clinux_tree.h"
#include "clinux_message.h"
#include "clinux_mount.h"
#include "clinux_process.h"
#include "clinux_terminal.h"
