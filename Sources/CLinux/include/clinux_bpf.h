/* bpf(2): the device programs of cgroups (BPF_PROG_TYPE_CGROUP_DEVICE). They need CAP_BPF and CAP_NET_ADMIN, or
 * CAP_SYS_ADMIN, in the initial user namespace: elsewhere each is -EPERM. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Loads a program of so many instructions (struct bpf_insn, 8 bytes each); returns its descriptor. Owned.
 * Where the verifier refuses it, log gets what it said, cut to size - 1 bytes and ended by a NUL; else an empty text. */
int32_t clinux_device_program(const uint64_t *instructions, uint32_t count, char *log, uint32_t size);
/* Attaches it to the cgroup whose directory is open, beside those that are there (BPF_F_ALLOW_MULTI) or in the place of
 * the attached program `replaced`; -1 is none. A device may be used where every program of the cgroup and of those
 * above it says so. The attachment lives as long as the cgroup. */
int32_t clinux_device_attach(int32_t cgroup, int32_t program, int32_t replaced);
/* -ENOENT where it is not attached there. */
int32_t clinux_device_detach(int32_t cgroup, int32_t program);
/* The ids of the device programs that are attached to this very cgroup; returns their number, which may be more than
 * the capacity: then -ENOSPC. */
int32_t clinux_device_attached(int32_t cgroup, uint32_t *ids, uint32_t capacity);
/* A descriptor of a program by its id; -ENOENT when it is gone. Owned. Needs CAP_SYS_ADMIN. */
int32_t clinux_device_program_with_id(uint32_t id);
